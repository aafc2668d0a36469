"""Canaries: presses of ghost terminals, looked for at the far ends of their way.

A ghost stands for a site. Each of its presses is to arrive in the journal, and at every
sink that takes canaries; each of these ways is judged by itself. Times are milliseconds
since the epoch.
"""

import hashlib
from enum import StrEnum
from typing import Final

import msgspec

from device_protocol.topics import is_device_id

PREFIX: Final = "canary-"
"""With what the device ids of ghosts begin, and no terminal's."""

SITES_MAX: Final = 1_000
"""Sites that have a ghost; of more, the first by name."""

IN_A_ROW: Final = 2
"""Presses that must be late, or must be missed: one alone may be a restart."""

_LOOK_MS_MAX: Final = 60_000
_LOOK_MS_MIN: Final = 1_000


class Health(StrEnum):
    """How a way stands; `waiting`: no press had to arrive yet."""

    WAITING = "waiting"
    OK = "ok"
    SLOW = "slow"
    MISSING = "missing"


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What is expected: a press of each site `every_s` (0: none), there in `slow_s`.

    `sites` empty: of every site where a terminal is in service.
    """

    every_s: int = 0
    slow_s: float = 10.0
    sites: tuple[str, ...] = ()

    @property
    def every_ms(self) -> int:
        return self.every_s * 1_000

    @property
    def slow_ms(self) -> int:
        return round(self.slow_s * 1_000)

    @property
    def missing_ms(self) -> int:
        """So long after the last press that arrived two more should have."""
        return IN_A_ROW * self.every_ms + self.slow_ms

    @property
    def look_ms(self) -> int:
        """How often to ask whether something is missing."""
        return max(_LOOK_MS_MIN, min(_LOOK_MS_MAX, self.every_ms))


class Way(msgspec.Struct, frozen=True):
    """One site's way to one end: expected since when, and what arrived last.

    `late` counts presses in a row that took longer than they may.
    """

    since_ms: int
    pressed_ms: int | None = None
    arrived_ms: int | None = None
    late: int = 0
    health: Health = Health.WAITING

    @property
    def delay_ms(self) -> int | None:
        """How long the last press took."""
        if self.pressed_ms is None or self.arrived_ms is None:
            return None
        return max(0, self.arrived_ms - self.pressed_ms)


def ghost_of(site: str) -> str:
    """The device id of a site's ghost: by a hash where the name is none of a device."""
    named = f"{PREFIX}{site}"
    if is_device_id(named):
        return named
    return f"{PREFIX}{hashlib.sha256(site.encode()).hexdigest()[:16]}"


def is_ghost(device_id: str) -> bool:
    return device_id.startswith(PREFIX)


def arrive(way: Way, pressed_ms: int, arrived_ms: int, terms: Terms) -> Way:
    """Take in that a press arrived; an older one than the last tells nothing new."""
    if way.pressed_ms is not None and pressed_ms <= way.pressed_ms:
        return way
    delay_ms = max(0, arrived_ms - pressed_ms)
    late = way.late + 1 if delay_ms > terms.slow_ms else 0
    health = _after(way.health, delay_ms, late, terms)
    return Way(way.since_ms, pressed_ms, arrived_ms, late, health)


def _after(before: Health, delay_ms: int, late: int, terms: Terms) -> Health:
    """Slow from the second late press on; no more once one takes half the time."""
    if before is Health.SLOW:
        return Health.OK if 2 * delay_ms <= terms.slow_ms else Health.SLOW
    if late and (before is Health.MISSING or late >= IN_A_ROW):
        return Health.SLOW
    return Health.OK


def look(way: Way, now_ms: int, heard_since_ms: int, terms: Terms) -> Way:
    """Whether two presses in a row are missing; `heard_since_ms`: since we listen."""
    last_ms = max(way.since_ms, way.pressed_ms or 0, heard_since_ms)
    if way.health is Health.MISSING or now_ms - last_ms <= terms.missing_ms:
        return way
    return msgspec.structs.replace(way, health=Health.MISSING)
