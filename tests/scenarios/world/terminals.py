"""Terminals that keep each press until somebody else does, and one that misbehaves."""

import json
import random
from collections.abc import Callable
from typing import NamedTuple

from simulators.terminals.outbox import Outbox
from tests.scenarios.world.broker import Broker, Message

RESEND_S = 2.0


class Press(NamedTuple):
    """What a customer pressed: the truth that all else is compared with."""

    rating_id: str
    level: int
    session_id: str
    payload: bytes


class Surroundings(NamedTuple):
    """What terminals share; `mishap(p)` says whether something goes wrong now."""

    broker: Broker
    dice: random.Random
    wall_ms: Callable[[], int]
    now_ms: Callable[[], int]
    mishap: Callable[[float], bool]


class Terminal:
    """Level B: keeps a press until the broker's PUBACK."""

    level = "B"

    def __init__(self, device_id: str, around: Surroundings) -> None:
        self.device_id = device_id
        self.presses: list[Press] = []
        self._around = around
        self._topic = f"evaluators/v1/{device_id}/rating"
        self._session = ""
        self._pressed_times = 0
        self._kept: list[bytes] = []

    @property
    def empty(self) -> bool:
        return not self._kept

    def press(self) -> None:
        press = self._pressed()
        self.presses.append(press)
        self._keep(press)

    def send(self) -> None:
        """Send what is due; an array now and then."""
        for batch in self._batches(list(self._kept)):
            payload = batch[0] if len(batch) == 1 else b"[" + b",".join(batch) + b"]"
            if self._publish(payload):
                self._kept = [one for one in self._kept if one not in batch]

    def hear(self, receipt: bytes) -> None:
        """Level B does not listen."""

    def _keep(self, press: Press) -> None:
        self._kept.append(press.payload)

    def _pressed(self) -> Press:
        dice = self._around.dice
        self._pressed_times += 1
        number = self._pressed_times
        if not self._session or dice.random() < 0.65:
            self._session = f"S-{self.device_id}-{number}"
        event_id = f"{dice.getrandbits(64):016x}"
        body = {
            "v": 1,
            "event_id": event_id,
            "seq": number,
            "level": dice.randint(1, 5),
            "session_id": self._session,
            "occurred_at": self._around.wall_ms(),
        }
        return Press(
            f"{self.device_id}:{event_id}",
            int(str(body["level"])),
            self._session,
            json.dumps(body).encode(),
        )

    def _batches(self, payloads: list[bytes]) -> list[list[bytes]]:
        batches: list[list[bytes]] = []
        for payload in payloads:
            if batches and self._around.dice.random() < 0.2:
                batches[-1].append(payload)
            else:
                batches.append([payload])
        return batches

    def _publish(self, payload: bytes) -> bool:
        """Whether a PUBACK with success came back."""
        if self._around.mishap(0.1):
            return False  # lost on the way to the broker
        taken = self._around.broker.publish(Message(self._topic, payload))
        return taken and not self._around.mishap(0.1)


class CarefulTerminal(Terminal):
    """Level A: keeps a press until the gateway's receipt."""

    level = "A"

    def __init__(self, device_id: str, around: Surroundings) -> None:
        super().__init__(device_id, around)
        self._outbox = Outbox(random.Random(around.dice.random()), RESEND_S)
        self._announced = 0

    @property
    def empty(self) -> bool:
        return len(self._outbox) == 0

    def _announce(self) -> None:
        """Say that we are here: once to each life of the broker."""
        broker = self._around.broker
        if broker.up and self._announced != broker.starts:
            self._announced = broker.starts
            body = {"v": 1, "state": "online", "capabilities": {"receipts": True}}
            topic = f"evaluators/v1/{self.device_id}/presence"
            broker.publish(Message(topic, json.dumps(body).encode(), retain=True))

    def send(self) -> None:
        self._announce()
        due = self._outbox.take_due(self._around.now_ms() / 1000)
        for batch in self._batches(due):
            whole = batch[0] if len(batch) == 1 else b"[" + b",".join(batch) + b"]"
            self._publish(whole)

    def hear(self, receipt: bytes) -> None:
        said = json.loads(receipt)
        rejected = [one["event_id"] for one in said["rejected"] if "event_id" in one]
        self._outbox.settle(said["event_ids"], rejected)

    def _keep(self, press: Press) -> None:
        event_id = press.rating_id.partition(":")[2]
        self._outbox.keep(event_id, press.payload)


class Rogue(Terminal):
    """Sends what no terminal should, once, and keeps nothing."""

    level = "C"

    def press(self) -> None:
        dice, good = self._around.dice, self._pressed()
        other = json.loads(good.payload)
        other["level"] = other["level"] % 5 + 1
        conflict = json.dumps(other).encode()
        payloads = dice.choice(
            [
                [b"not JSON"],
                [b"\xff\xfe"],
                [b"[]"],
                [good.payload.replace(b'"v": 1', b'"v": 9')],
                [good.payload.replace(b'"level"', b'"smile"')],
                [good.payload, conflict],
                [good.payload, good.payload],
                [b"[" + good.payload + b"," + conflict + b',{"v":1}]'],
            ]
        )
        for payload in payloads:
            self._publish(payload)
        if dice.random() < 0.1:
            self._around.broker.publish(Message("elsewhere/v1/x/rating", b"{}"))
