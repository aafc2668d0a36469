"""What a press says, and how the terminal's clock makes it look."""

import random
from enum import StrEnum
from typing import Final

from simulators.population import rfc3339
from simulators.simulate.book import Event

PRACTICE: Final = ("test", "training", "maintenance")

_HOUR_MS: Final = 3_600_000
# Not near a multiple of half an hour, which would look like a wrong zone.
_AHEAD_MS: Final = 26 * _HOUR_MS + 13 * 60_000
_BEHIND_MS: Final = 7 * _HOUR_MS + 13 * 60_000
_ZONE_MS: Final = 8 * _HOUR_MS
_NEVER_SET_MS: Final = (
    946_684_800_000  # 2000-01-01: a clock that starts anew at power-on
)
_LEVEL_TEXTS: Final = {
    5: "非常满意",
    4: " 4 ",
    3: "\uff13",
    2: "2",
    1: "very dissatisfied",
}


class Clock(StrEnum):
    """How a terminal's clock stands."""

    RIGHT = "right"
    AHEAD = "ahead"
    BEHIND = "behind"
    WRONG_ZONE = "wrong_zone"
    NEVER_SET = "never_set"  # with an uptime
    LOST = "lost"  # never set, and no uptime either


def claim(clock: Clock, moment_ms: int, boot_ms: int) -> int:
    """What the terminal's clock shows at a moment."""
    match clock:
        case Clock.RIGHT:
            return moment_ms
        case Clock.AHEAD:
            return moment_ms + _AHEAD_MS
        case Clock.BEHIND:
            return moment_ms - _BEHIND_MS
        case Clock.WRONG_ZONE:
            return moment_ms - _ZONE_MS
        case Clock.NEVER_SET | Clock.LOST:
            return _NEVER_SET_MS + moment_ms - boot_ms


def qualities(clock: Clock, *, heartbeats: bool) -> tuple[str, ...]:
    """What the gateway may say that a press's time rests on."""
    match clock:
        case Clock.RIGHT | Clock.BEHIND:
            return ("device",)
        case Clock.WRONG_ZONE:
            return ("device", "zone_corrected") if heartbeats else ("device",)
        case Clock.NEVER_SET:
            return ("uptime",)
        case Clock.AHEAD | Clock.LOST:
            return ("gateway",)


def choose_level(positive: float, dice: random.Random) -> int:
    """5 or 4 with a share of `positive`, else 3, 2 or 1."""
    if dice.random() < positive:
        return 5 if dice.random() < 0.8 else 4  # noqa: PLR2004 - most who are content press the best
    return dice.choices((3, 2, 1), (5, 3, 2))[0]


def born_ms(event_id: str) -> int | None:
    """When an event id of ours was made; None: it is none of ours."""
    digits = event_id.replace("-", "")
    try:
        return int(digits[:12], 16) if len(digits) == 32 else None  # noqa: PLR2004 - of a UUID
    except ValueError:
        return None


def render(event: Event, boot_id: str, seq: int, extra: str = "") -> bytes:
    """The payload of a press; `extra` are further fields, each after a comma."""
    when = "" if event.claimed_ms is None else rfc3339(event.claimed_ms)
    uptime = "" if event.uptime_ms is None else f',"uptime_ms":{event.uptime_ms}'
    return (
        f'{{"v":1,"event_id":"{event.event_id}","device_id":"{event.device_id}",'
        f'"boot_id":"{boot_id}","seq":{seq},"occurred_at":"{when}",'
        f'"level":{event.level},"session_id":"{event.session_id}",'
        f'"employee_id":"{event.employee_id}"{uptime}{extra}}}'
    ).encode()


def as_text(payload: bytes, level: int) -> bytes:
    """The same press with its level written as a text, as some firmware does."""
    text = f'"level":"{_LEVEL_TEXTS[level]}"'.encode()
    return payload.replace(f'"level":{level}'.encode(), text)


def contradicting(event: Event) -> bytes:
    """Another content under the id of a press already sent."""
    other = 1 if event.level != 1 else 5
    changed = (
        f'{{"v":1,"event_id":"{event.event_id}","level":{other},"session_id":"again"}}'
    )
    return changed.encode()


def again(payload: bytes, sendings: int, sent_uptime_ms: int | None) -> bytes:
    """A payload as it is sent now: what speaks of transport is no content."""
    more = b""
    if sent_uptime_ms is not None:
        more += b',"sent_uptime_ms":%d' % sent_uptime_ms
    if sendings:
        more += b',"retry":%d' % sendings
    return payload[:-1] + more + b"}" if more else payload


def flushed(payloads: list[bytes]) -> bytes:
    """Several presses as one array, as after a time without connection."""
    marked = [payload[:-1] + b',"buffered":true}' for payload in payloads]
    return b"[" + b",".join(marked) + b"]"
