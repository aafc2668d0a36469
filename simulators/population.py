"""Terminals on paper: who they are, and the messages they would send.

Everything follows from the plan and its seed; nothing here does I/O.
"""

import json
import random
import uuid
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Final, NamedTuple

from device_protocol.topics import Channel, topic

LEVELS: Final = (5, 4, 3, 2, 1)
_LEVEL_WEIGHTS: Final = (60, 25, 8, 4, 3)
_ZONE: Final = timezone(timedelta(hours=8))
_RESEND_AFTER_MAX: Final = 5000  # messages between a sending and its repetition
_EMPLOYEES: Final = 400

# What no gateway can accept; `{}` is replaced by something that makes it unique.
JUNK: Final = (
    b"not json at all {}",
    b'{"v":1,"event_id":"junk-{}","level":6}',
    b'{"v":9,"event_id":"junk-{}","level":5}',
    b'{"v":1,"level":5,"note":"no event_id {}"}',
    b'{"v":1,"event_id":"junk-{}","level":true}',
    b'{"v":1,"event_id":"junk-{}","device_id":"somebody-else","level":5}',
    b'\xff\xfe{"v":1,"event_id":"junk-{}","level":5}',
    b'{"v":1,"event_id":"junk-{}","level":5,',
)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What to send. Shares are of the good messages; `step_ms` between presses."""

    seed: int = 1
    messages: int | None = None  # None: without end
    devices: int = 1000
    root: str = "evaluators"
    resend_share: float = 0.0
    junk_share: float = 0.0
    start_ms: int = 0
    step_ms: float = 0.05


class Expected(NamedTuple):
    """What must arrive of one good rating, once."""

    event_id: str
    device_id: str
    level: int
    session_id: str
    employee_id: str
    seq: int
    occurred_ms: int


class Message(NamedTuple):
    """One PUBLISH; `expected` is None for junk and for repetitions."""

    topic: str
    payload: bytes
    expected: Expected | None
    junk: bool = False


def device_id(number: int) -> str:
    return f"pad-{number:05d}"


def uuid7(time_ms: int, dice: random.Random) -> str:
    """Make a UUIDv7: time-ordered, the rest random."""
    value = (time_ms & ((1 << 48) - 1)) << 80 | dice.getrandbits(80)
    value = value & ~(0xF << 76) | 7 << 76
    return str(uuid.UUID(int=value & ~(3 << 62) | 2 << 62))


def births(plan: Plan) -> Iterator[Message]:
    """Yield the retained `online` of every device, which waits for receipts."""
    for number in range(plan.devices):
        name = device_id(number)
        birth = {
            "v": 1,
            "state": "online",
            "conn_id": f"{name}-1",
            "boot_id": f"{name}-{plan.seed}",
            "model": "pad",
            "firmware": "1.0.0",
            "capabilities": {"keys": 5, "receipts": True},
        }
        where = topic(plan.root, name, Channel.PRESENCE)
        yield Message(where, json.dumps(birth).encode(), None)


def messages(plan: Plan) -> Iterator[Message]:
    """Yield ratings in time order, with repetitions and junk mixed in.

    Every repetition comes after what it repeats, and none is forgotten when the
    plan ends.
    """
    dice = random.Random(plan.seed)  # noqa: S311 - repeatable, not secret
    seqs = [0] * plan.devices
    owed: deque[tuple[int, Message]] = deque()
    number = good = 0  # `number` counts all, so that times follow the rate of sending
    while plan.messages is None or good < plan.messages:
        if owed and owed[0][0] <= number:
            yield owed.popleft()[1]
        elif plan.junk_share and dice.random() < plan.junk_share:
            yield _junk(plan, number, dice)
        else:
            device = dice.randrange(plan.devices)
            seqs[device] += 1
            message = _rating(plan, number, device, seqs[device], dice)
            yield message
            good += 1
            if plan.resend_share and dice.random() < plan.resend_share:
                due = number + dice.randrange(1, _RESEND_AFTER_MAX)
                owed.append((due, message._replace(expected=None)))
        number += 1
    yield from (message for _, message in owed)


def _rating(
    plan: Plan, number: int, device: int, seq: int, dice: random.Random
) -> Message:
    occurred_ms = plan.start_ms + int(number * plan.step_ms)
    expected = Expected(
        event_id=uuid7(occurred_ms, dice),
        device_id=device_id(device),
        level=dice.choices(LEVELS, _LEVEL_WEIGHTS)[0],
        session_id=f"S{plan.seed}-{number:08d}",
        employee_id=f"E{device % _EMPLOYEES:04d}",  # who sits at that window
        seq=seq,
        occurred_ms=occurred_ms,
    )
    payload = {
        "v": 1,
        "event_id": expected.event_id,
        "device_id": expected.device_id,
        "seq": seq,
        "occurred_at": rfc3339(occurred_ms),
        "level": expected.level,
        "session_id": expected.session_id,
        "employee_id": expected.employee_id,
    }
    where = topic(plan.root, expected.device_id, Channel.RATING)
    encoded = json.dumps(payload, separators=(",", ":")).encode()
    return Message(where, encoded, expected)


def rfc3339(time_ms: int) -> str:
    moment = datetime.fromtimestamp(time_ms / 1000, UTC).astimezone(_ZONE)
    return moment.isoformat(timespec="milliseconds")


def _junk(plan: Plan, number: int, dice: random.Random) -> Message:
    unique = f"{plan.seed}-{number}".encode()
    where = topic(plan.root, device_id(dice.randrange(plan.devices)), Channel.RATING)
    payload = dice.choice(JUNK).replace(b"{}", unique)
    return Message(where, payload, None, junk=True)
