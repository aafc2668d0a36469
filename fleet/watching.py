"""Presence as a machine: what signs of life and of silence make of a device.

Source: fleet health, "Presence". A device is told by its silence, measured against
receipt and only while its site serves; one that speaks is online at any hour.
"""

from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType
from typing import Final, NamedTuple

import msgspec

from fleet.hours import Opening, Span

STALE_HEARTBEATS: Final = 3
OFFLINE_HEARTBEATS: Final = 10
DAY_MS: Final = 86_400_000
FLAPS_MAX: Final = 6
FLAP_WINDOW_MS: Final = 3_600_000
CALM_HEARTBEATS: Final = 3
"""A device that came back counts as mended after so many, none of them missed."""
CALM_MS_MAX: Final = 900_000
RETURNS_MAX: Final = 2
"""A boot that speaks again after another one did, so often, proves two devices."""
BOOTS_KEPT: Final = 4


class Presence(StrEnum):
    UNSEEN = "unseen"
    ONLINE = "online"
    STALE = "stale"
    OFFLINE = "offline"
    STANDBY = "standby"
    MAINTENANCE = "maintenance"
    RETIRED = "retired"


class Sign(StrEnum):
    LIFE = "any live message"
    MISSED_3 = "3 heartbeats missed"
    MISSED_10 = "10 heartbeats missed"
    WILL = "will of the connection"
    REST = "silent while closed"
    MAINTAINED = "taken out of service"
    RETIRED = "retired"
    BACK = "back in service"


_P, _S = Presence, Sign
_SERVING: Final = (_P.UNSEEN, _P.ONLINE, _P.STALE, _P.OFFLINE, _P.STANDBY)

TRANSITIONS: Final[Mapping[tuple[Presence, Sign], Presence]] = MappingProxyType(
    {
        (_P.UNSEEN, _S.LIFE): _P.ONLINE,
        (_P.UNSEEN, _S.WILL): _P.OFFLINE,
        (_P.ONLINE, _S.MISSED_3): _P.STALE,
        (_P.ONLINE, _S.WILL): _P.OFFLINE,
        (_P.ONLINE, _S.REST): _P.STANDBY,
        (_P.STALE, _S.LIFE): _P.ONLINE,
        (_P.STALE, _S.MISSED_10): _P.OFFLINE,
        (_P.STALE, _S.WILL): _P.OFFLINE,
        (_P.STALE, _S.REST): _P.STANDBY,
        (_P.OFFLINE, _S.LIFE): _P.ONLINE,
        (_P.OFFLINE, _S.REST): _P.STANDBY,
        (_P.STANDBY, _S.LIFE): _P.ONLINE,
        (_P.STANDBY, _S.MISSED_3): _P.STALE,
        **{(state, _S.MAINTAINED): _P.MAINTENANCE for state in _SERVING},
        **{(state, _S.RETIRED): _P.RETIRED for state in (*_SERVING, _P.MAINTENANCE)},
        (_P.RETIRED, _S.MAINTAINED): _P.MAINTENANCE,
        (_P.RETIRED, _S.BACK): _P.STANDBY,
        (_P.MAINTENANCE, _S.BACK): _P.STANDBY,
    }
)
AWAY: Final = frozenset({_P.STALE.value, _P.OFFLINE.value})


class Watch(msgspec.Struct, gc=False, omit_defaults=True):
    """What is remembered of a device between two signs.

    `changes` are the moments of its last comings and goings, `timer_ms` when it is
    looked at again at the latest; `boots` the last ones, newest last, and `returns`
    when an older of them spoke again.
    """

    state: str = Presence.UNSEEN.value
    since_ms: int = 0
    changes: tuple[int, ...] = ()
    flapping: bool = False
    missed: bool = False  # its absence was told, and not yet its return
    timer_ms: int | None = None
    boots: tuple[str, ...] = ()
    returns: tuple[int, ...] = ()
    twins: bool = False


class Habits(NamedTuple):
    """How often a device speaks, and where it stands."""

    interval_ms: int
    batch: bool
    opening: Opening

    @property
    def by_day(self) -> bool:
        """Whether silence is counted in days of service: it speaks too seldom."""
        return self.batch or self.interval_ms * STALE_HEARTBEATS > DAY_MS // 4

    def days(self, heartbeats: int) -> int:
        return heartbeats * max(1, -(-self.interval_ms // DAY_MS))


habits_of: Final = lru_cache(maxsize=256)(Habits)
"""One object for all devices of a site that speak as often."""


class Due(NamedTuple):
    """What happens next, if the device stays silent; no sign: look again."""

    at_ms: int
    sign: Sign | None


def next_sign(watch: Watch, habits: Habits, heard_ms: int, at_ms: int) -> Due | None:
    """What silence makes of a device next, seen from `at_ms`; None: nothing ever.

    `heard_ms` is since when it is silent, as far as anybody can know.
    """
    state = watch.state
    if state in {Presence.UNSEEN, Presence.MAINTENANCE, Presence.RETIRED}:
        return None
    if habits.by_day:
        return _by_day(state, habits, heard_ms)
    span = habits.opening.at(at_ms)
    if span.is_open:
        return _open(state, span, habits, heard_ms)
    return _closed(state, span, habits, heard_ms)


def _open(state: str, span: Span, habits: Habits, heard_ms: int) -> Due:
    if state == Presence.OFFLINE:
        return Due(span.until_ms, Sign.REST)
    stale = state == Presence.STALE
    missed = OFFLINE_HEARTBEATS if stale else STALE_HEARTBEATS
    due_ms = max(heard_ms, span.since_ms) + missed * habits.interval_ms
    if due_ms < span.until_ms:
        return Due(due_ms, Sign.MISSED_10 if stale else Sign.MISSED_3)
    return Due(span.until_ms, Sign.REST if stale else None)


def _closed(state: str, span: Span, habits: Habits, heard_ms: int) -> Due:
    since_ms, until_ms = span.since_ms, span.until_ms
    if state == Presence.STANDBY:
        return Due(until_ms, None)
    if state in AWAY:
        return Due(since_ms, Sign.REST)
    due_ms = max(heard_ms + STALE_HEARTBEATS * habits.interval_ms, since_ms)
    return Due(due_ms, Sign.REST) if due_ms < until_ms else Due(until_ms, None)


def _by_day(state: str, habits: Habits, heard_ms: int) -> Due | None:
    """A device that is rightly silent all day is missed by days of service."""
    close = habits.opening.close_of_day
    if state == Presence.STALE:
        return Due(close(heard_ms, habits.days(OFFLINE_HEARTBEATS)), Sign.MISSED_10)
    if state == Presence.OFFLINE:
        return None
    return Due(close(heard_ms, habits.days(STALE_HEARTBEATS)), Sign.MISSED_3)


def move(watch: Watch, sign: Sign, at_ms: int) -> str | None:
    """Follow a sign; answers the state before, None when nothing changes."""
    before = Presence(watch.state)
    after = TRANSITIONS.get((before, sign))
    if after is None:
        return None
    watch.state, watch.since_ms = after.value, at_ms
    if AWAY & {before.value, after.value} and Presence.ONLINE in {before, after}:
        recent = [at for at in watch.changes if at > at_ms - FLAP_WINDOW_MS]
        watch.changes = (*recent, at_ms)[-FLAPS_MAX - 1 :]
        if len(watch.changes) > FLAPS_MAX:
            watch.flapping = True
    return before.value


def calm_ms(watch: Watch, interval_ms: int) -> int | None:
    """From when on nothing is wrong any more with a device that came back."""
    if watch.flapping:
        return watch.changes[-1] + FLAP_WINDOW_MS
    if watch.missed and watch.state == Presence.ONLINE:
        return watch.since_ms + min(CALM_HEARTBEATS * interval_ms, CALM_MS_MAX)
    return None


def meet_boot(watch: Watch, boot_id: str, at_ms: int, interval_ms: int = 0) -> bool:
    """Take in which boot speaks now; True when two devices share this identity.

    A boot id is new at each boot: one that comes back was another device's, unless a
    message was late, which does not happen twice within an hour, or three heartbeats
    where they are rarer.
    """
    boots = watch.boots
    if boots and boots[-1] == boot_id:
        return False
    if boot_id in boots:
        since_ms = at_ms - max(FLAP_WINDOW_MS, STALE_HEARTBEATS * interval_ms)
        recent = [at for at in watch.returns if at > since_ms]
        watch.returns = (*recent, at_ms)[-RETURNS_MAX:]
    watch.boots = (*(one for one in boots if one != boot_id), boot_id)[-BOOTS_KEPT:]
    if watch.twins or len(watch.returns) < RETURNS_MAX:
        return False
    watch.twins = True
    return True


def drawing() -> str:
    """The machine as a Mermaid state diagram, for the page about the fleet."""
    lines = ["stateDiagram-v2", f"    [*] --> {Presence.UNSEEN}"]
    arrows: dict[tuple[str, str], list[str]] = {}
    for (before, sign), after in TRANSITIONS.items():
        arrows.setdefault((before, after), []).append(sign.value)
    lines += [
        f"    {before} --> {after}: {' / '.join(signs)}"
        for (before, after), signs in arrows.items()
    ]
    return "\n".join(lines)
