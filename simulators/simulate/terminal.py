"""One terminal of a population: presses, keeps, sends, sends again, forgets.

Level A keeps an event until its receipt, B until PUBACK, C not at all.
"""

from functools import partial
from typing import Final

import msgspec
from mqtt5 import PublishPacket, QoS

from device_protocol.errors import ProtocolError
from device_protocol.topics import Channel, topic
from simulators.population import uuid7
from simulators.simulate import presses
from simulators.simulate.book import LOOSE, Event, Part, Verdict
from simulators.simulate.obeying import Answer, Obedience
from simulators.simulate.speaker import Sending, Speaker, State, Traits, World, now_ms

IN_FLIGHT_MAX: Final = 32
KEPT_MAX: Final = 5_000  # beyond it a terminal's own memory is full
_ARRAY_MAX: Final = 30  # events of a flush: below 16 KiB
_RESEND_S_MAX: Final = 600.0
_JITTER: Final = 0.1
_LOOSE: Final = Verdict(LOOSE)
_CONFLICT: Final = Verdict("conflict", "id_conflict")


class Rejected(msgspec.Struct, gc=False):
    reason: str = ""
    event_id: str | None = None


class Receipt(msgspec.Struct, gc=False):
    event_ids: list[str] = []
    rejected: list[Rejected] = []


_decode_receipt: Final = msgspec.json.Decoder(Receipt).decode


class Terminal(Speaker):
    """A speaker with a key pad and a memory."""

    __slots__ = ("_flying", "_seq", "_waiting", "obedience")

    def __init__(self, traits: Traits, world: World) -> None:
        super().__init__(traits, world)
        self._seq = 0
        self._waiting: list[Event] = []  # not sent yet
        self._flying: dict[str, Event] = {}  # sent, not settled
        self.obedience = Obedience()

    @property
    def owes(self) -> int:
        """Events that it still keeps."""
        return len(self._waiting) + len(self._flying)

    @property
    def busy(self) -> bool:
        """Whether anything is kept, unsent or unacknowledged."""
        return bool(self._waiting or self._flying or self.unacknowledged)

    def press(self, event: Event, extra: str, *, text: bool) -> None:
        """Take a press, and send it if there is a connection."""
        self._seq += 1
        payload = presses.render(event, self.boot_id, self._seq, extra)
        event.payload = presses.as_text(payload, event.level) if text else payload
        if self.traits.kind == "C":
            self._send_once(event)
        elif len(self._waiting) < KEPT_MAX:
            self._waiting.append(event)
            if self.state is not State.ON or self.traits.delay_s:
                event.pressed_ns = 0  # its own network's time is not the way's
            self.pump()

    def resend(self, event: Event, payload: bytes, *, dup: bool) -> None:
        """Send again what was taken already, as careless firmware does."""
        if self.state is State.ON:
            self._post(self._sending([event], [payload]), dup=dup)

    def reuse(self, event: Event) -> None:
        """Send another content under the id of an event that was taken."""
        where = topic(self._world.root, self.traits.device_id, Channel.RATING)
        self.publish(where, presses.contradicting(event), _CONFLICT)

    def reboot(self, for_s: float) -> None:
        """Start anew with another boot_id, `seq` from 1; only with nothing kept."""
        if self.busy or self._seq == 0:
            return
        self._boots += 1
        self._seq = 0
        self._boot_ms = now_ms()
        self._world.book.seq_resets += 1
        self.go_offline(for_s, clean=False)

    def pump(self) -> None:
        """Send what waits, as far as the window is open; several as one array."""
        while (
            self.state is State.ON
            and self._waiting
            and (room := IN_FLIGHT_MAX - len(self._flying)) > 0
            and self._quota > len(self._inflight)
        ):
            chunk = self._waiting[: min(room, _ARRAY_MAX)]
            del self._waiting[: len(chunk)]
            for event in chunk:
                self._flying[event.event_id] = event
                if self.traits.kind == "A":
                    self._remind(event)
            self._post(self._sending(chunk))

    # ----- what the connection tells

    def greeted(self) -> None:
        self.pump()

    def taken_back(self, events: list[Event]) -> None:
        for event in events:
            self._flying.pop(event.event_id, None)
        self._waiting[:0] = events

    def acknowledged(self, parts: tuple[Part, ...]) -> None:
        for part in parts:
            if isinstance(part, Event):
                self._taken(part)
        self.pump()

    def not_taken(self, code: str, parts: tuple[Part, ...]) -> None:  # noqa: ARG002 - as it is called
        """The broker refused it: level B keeps it for another try."""
        if self.traits.kind != "B":
            return
        for part in parts:
            if isinstance(part, Event) and part.event_id in self._flying:
                del self._flying[part.event_id]
                self._world.later(part.delay_s, partial(self._retry, part))
                part.delay_s = min(part.delay_s * 2, _RESEND_S_MAX)

    def _retry(self, event: Event) -> None:
        self._waiting.append(event)
        self.pump()

    def _taken(self, event: Event) -> None:
        if event.taken == 1:
            self._world.meter.acknowledged(event.pressed_ns)
            self._world.taken(self, event, event.payload)
        if self.traits.kind == "B":
            self._settle(event)

    def _settle(self, event: Event) -> None:
        self._flying.pop(event.event_id, None)
        event.payload = b""

    def config_revision(self) -> int | None:
        return self.obedience.revision

    def told(self, channel: str, payload: bytes) -> None:
        """A receipt, a command or settings."""
        if channel == Channel.RECEIPT.value:
            self._receipted(payload)
            return
        try:
            if channel == Channel.COMMAND.value:
                for answer in self.obedience.command(payload, now_ms()):
                    self._answer(answer)
            else:
                self.obedience.config(payload)
        except ProtocolError:
            self._world.meter.refusals[f"{channel} not understood"] += 1

    def _answer(self, answer: Answer) -> None:
        moment_ms = now_ms()
        told = {"v": 1, "event_id": uuid7(moment_ms, self._world.dice), **answer.fields}
        where = topic(self._world.root, self.traits.device_id, answer.channel)
        self.publish(where, msgspec.json.encode(told), _LOOSE)

    def _receipted(self, payload: bytes) -> None:
        """Forget what the gateway keeps, and what it will never accept."""
        try:
            receipt = _decode_receipt(payload)
        except msgspec.MsgspecError:
            self._world.meter.refusals["receipt not understood"] += 1
            return
        for event_id in receipt.event_ids:
            event = self._flying.get(event_id)
            if event is not None and not self._ignores(event):
                self._settle(event)
                event.receipted = True
                self._world.meter.receipted(event.pressed_ns)
        for refusal in receipt.rejected:
            event = self._flying.get(refusal.event_id or "")
            if event is not None and not event.reused:
                self._settle(event)
                event.refused = refusal.reason
        self.pump()

    def _ignores(self, event: Event) -> bool:
        """Some receipts get lost on the last hop: the event must come again."""
        return event.sendings == 1 and self._world.dice.random() < self._world.deaf

    # ----- sending

    def _sending(
        self, events: list[Event], payloads: list[bytes] | None = None
    ) -> Sending:
        """Events as they are sent now: alone, or as an array."""
        where = topic(self._world.root, self.traits.device_id, Channel.RATING)
        uptime_ms = now_ms() - self._boot_ms
        current = [
            presses.again(
                event.payload if payloads is None else payloads[index],
                event.sendings,
                None if event.uptime_ms is None else uptime_ms,
            )
            for index, event in enumerate(events)
        ]
        payload = current[0] if len(events) == 1 else presses.flushed(current)
        return Sending(where, payload, tuple(events))

    def _send_once(self, event: Event) -> None:
        """QoS 0: gone, whatever becomes of it."""
        if self.state is not State.ON or self._wire is None:
            self._world.book.lost_offline += 1
            return
        sending = self._sending([event])
        packet = PublishPacket(sending.topic, sending.payload, qos=QoS.AT_MOST_ONCE)
        self._wire.write(packet.write())
        self._world.book.note_sent(sending.parts, now_ms())
        event.payload = b""

    def _remind(self, event: Event) -> None:
        """Look again later whether its receipt has come; twice as late each time."""
        jitter = 1 + self._world.dice.uniform(-_JITTER, _JITTER)
        delay_s = event.delay_s * jitter
        event.delay_s = min(event.delay_s * 2, _RESEND_S_MAX)
        self._world.later(delay_s, partial(self._overdue, event))

    def _overdue(self, event: Event) -> None:
        if self._flying.get(event.event_id) is not event:
            return
        if self.state is State.ON:
            self._world.meter.counts["resent without receipt"] += 1
            self._post(self._sending([event]))
        self._remind(event)
