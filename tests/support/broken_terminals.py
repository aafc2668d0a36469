"""Terminals that each break the device protocol in one way, on purpose."""

import asyncio
import json
import random
import uuid
from collections.abc import Callable, Mapping
from typing import Final

from device_protocol.topics import Channel
from simulators.terminals.outbox import Outbox
from simulators.terminals.terminal import Place, Terminal

RESEND_S: Final = 0.3  # thirty seconds, a hundred times faster

Change = Callable[[dict[str, object]], None]


class Pad(Terminal):
    """The reference terminal, with a key to press."""

    name = "pad-1"

    def __init__(self, port: int, outbox: Outbox | None = None) -> None:
        dice = random.Random(7)
        kept = Outbox(dice, RESEND_S) if outbox is None else outbox
        super().__init__(self.name, Place(port), kept, dice)
        self._pressed = 0

    def press(self) -> None:
        self._pressed += 1
        event = self.event(self._pressed)
        self.outbox.keep(str(event["event_id"]), json.dumps(event).encode())

    def event(self, number: int) -> dict[str, object]:
        name = str(uuid.UUID(int=number))
        return {"v": 1, "event_id": name, "seq": number, "level": 5}


class OddEvents(Pad):
    """Its events are changed as they are made."""

    def __init__(self, port: int, change: Change) -> None:
        super().__init__(port)
        self._change = change

    def event(self, number: int) -> dict[str, object]:
        event = super().event(number)
        self._change(event)
        return event


class Alters(Pad):
    """What it sends again says something else."""

    def __init__(self, port: int, change: Change) -> None:
        super().__init__(port)
        self._change = change
        self._sent: set[bytes] = set()

    def _publish(self, channel: Channel, payload: bytes) -> bytes:
        if channel is Channel.RATING and payload in self._sent:
            event = json.loads(payload)
            self._change(event)
            return super()._publish(channel, json.dumps(event).encode())
        self._sent.add(payload)
        return super()._publish(channel, payload)


class OddPresence(Pad):
    """Its presence is changed before it is sent."""

    def __init__(self, port: int, change: Change) -> None:
        super().__init__(port)
        self._change = change

    def _presence(self, state: str) -> bytes:
        presence = json.loads(super()._presence(state))
        self._change(presence)
        return json.dumps(presence).encode()


class OddPublish(Pad):
    """One bit or one level of the topic is wrong in what it publishes."""

    def __init__(
        self, port: int, channel: Channel, change: Callable[[bytes], bytes]
    ) -> None:
        super().__init__(port)
        self._where = channel
        self._change = change

    def _publish(self, channel: Channel, payload: bytes) -> bytes:
        packet = super()._publish(channel, payload)
        return self._change(packet) if channel is self._where else packet


class Rude(Pad):
    """Switched off, it is gone."""

    def _part(self, writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()


class NeverAgain(Outbox):
    """Sends once and keeps for ever."""

    def take_due(self, now_s: float) -> list[bytes]:
        for kept in self._kept.values():
            kept.delay_s = 1e6
        return super().take_due(now_s)


class Steady(Outbox):
    """Sends again and again at the same distance."""

    def take_due(self, now_s: float) -> list[bytes]:
        for kept in self._kept.values():
            kept.delay_s = RESEND_S
        return super().take_due(now_s)


class Hasty(Outbox):
    """Waits a tenth of what it should."""

    def __init__(self, dice: random.Random) -> None:
        super().__init__(dice, RESEND_S / 10)


class Stubborn(Outbox):
    """Does not take no for an answer."""

    def settle(self, receipted: list[str], rejected: list[str]) -> None:
        super().settle(receipted, [])


class Deaf(Outbox):
    """Sends once more what it knows to be kept."""

    def settle(self, receipted: list[str], rejected: list[str]) -> None:
        for event_id in receipted:
            if event_id in self._kept and self._kept[event_id].sendings > 1:
                super().settle([event_id], [])
        super().settle([], rejected)


class Pours(Pad):
    """Presses fifty times where others press once, and sends all at once."""

    def __init__(self, port: int) -> None:
        super().__init__(port, Unbounded(random.Random(7), RESEND_S))

    def press(self) -> None:
        for _ in range(50):
            super().press()


class Unbounded(Outbox):
    def take_due(self, now_s: float) -> list[bytes]:
        due = super().take_due(now_s)
        late = list(self._kept.values())[32:]
        for kept in late:
            if kept.due_s <= now_s:
                kept.due_s = now_s + kept.delay_s
                kept.delay_s *= 2
                due.append(kept.payload)
        return due


def _with(outbox: type[Outbox]) -> Callable[[int], Pad]:
    def made(port: int) -> Pad:
        dice = random.Random(7)
        kept = outbox(dice) if outbox is Hasty else outbox(dice, RESEND_S)
        return Pad(port, kept)

    return made


def _set(name: str, value: object) -> Change:
    return lambda event: event.update({name: value})


def _renamed(event: dict[str, object]) -> None:
    event["event_id"] = str(uuid.uuid4())


def _retained(packet: bytes) -> bytes:
    return bytes([packet[0] | 1]) + packet[1:]


def _not_retained(packet: bytes) -> bytes:
    return bytes([packet[0] & ~1]) + packet[1:]


def _unanswered(packet: bytes) -> bytes:
    """The same PUBLISH with QoS 0, which has no packet id."""
    topic_end = 4 + int.from_bytes(packet[2:4], "big")
    body = packet[2:topic_end] + packet[topic_end + 2 :]
    return bytes([packet[0] & ~0x06, len(body)]) + body


def _elsewhere(packet: bytes) -> bytes:
    return packet.replace(b"/rating", b"/ratimg")


def _conn_id_of_birth_only(presence: dict[str, object]) -> None:
    if presence["state"] == "offline":
        presence["conn_id"] = "another"


def _odd(change: Change) -> Callable[[int], Pad]:
    return lambda port: OddEvents(port, change)


def _altering(change: Change) -> Callable[[int], Pad]:
    return lambda port: Alters(port, change)


def _presence(change: Change) -> Callable[[int], Pad]:
    return lambda port: OddPresence(port, change)


def _publish(
    channel: Channel, change: Callable[[bytes], bytes]
) -> Callable[[int], Pad]:
    return lambda port: OddPublish(port, channel, change)


# How each is made, the level it reaches, and exactly the clauses it fails.
BROKEN: Final[Mapping[str, tuple[Callable[[int], Pad], str | None, set[str]]]] = {
    "reference": (Pad, "A", set()),
    "level_six": (_odd(_set("level", 6)), None, {"level"}),
    "no_version": (_odd(_set("v", None)), None, {"payload"}),
    "bad_event_id": (_odd(_set("event_id", "?")), None, {"event_id"}),
    "seq_stands": (_odd(_set("seq", 1)), None, {"seq"}),
    "foreign_device_id": (_odd(_set("device_id", "pad-2")), None, {"topic"}),
    "alters": (_altering(_set("level", 1)), None, {"event_id"}),
    "retains_ratings": (
        _publish(Channel.RATING, _retained),
        None,
        {"not_retained"},
    ),
    "qos_0": (_publish(Channel.RATING, _unanswered), "C", {"qos"}),
    "unknown_channel": (_publish(Channel.RATING, _elsewhere), None, {"topic"}),
    "presence_not_retained": (
        _publish(Channel.PRESENCE, _not_retained),
        "C",
        {"presence_retained"},
    ),
    "conn_id_differs": (_presence(_conn_id_of_birth_only), "C", {"conn_id"}),
    "same_conn_id": (_presence(_set("conn_id", "1")), "C", {"conn_id"}),
    "rude": (Rude, "C", {"goodbye"}),
    "no_receipts": (
        _presence(_set("capabilities", {})),
        "B",
        {"receipts"},
    ),
    "steady": (_with(Steady), "B", {"backoff"}),
    "hasty": (_with(Hasty), "B", {"receipt_resend"}),
    "stubborn": (_with(Stubborn), "B", {"rejected_final"}),
    "deaf": (_with(Deaf), "B", {"receipt_final"}),
    "pours": (Pours, "B", {"in_flight"}),
    "never_again": (
        _with(NeverAgain),
        "C",
        {"unanswered_resent", "not_taken_resent", "receipt_resend"},
    ),
}
