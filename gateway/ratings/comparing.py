"""Which period figures are compared with: the one before, of the same kind."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Final, NamedTuple

from device_protocol.timestamps import instant_ms
from gateway.ratings.dimensions import Value
from gateway.ratings.periods import (
    NAMES,
    LocalTime,
    Period,
    period,
    previous,
)

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
YEARS: Final = range(1900, 9000)
"""Outside of these nothing is compared."""


class Stretch(NamedTuple):
    """Milliseconds, the last left out; None is without end."""

    from_ms: int | None
    to_ms: int | None


def unit_of(group_by: Sequence[str]) -> str | None:
    """The period of the calendar by which groups follow one another, if it is one."""
    units = [name for name in group_by if name in NAMES]
    return units[0] if len(units) == 1 else None


def stretch_before(
    asked: Stretch, group_by: Sequence[str], zone: tzinfo, others: Iterable[tzinfo] = ()
) -> Stretch | None:
    """What has to be counted beside, to compare with; None: nothing comes before.

    Groups of a period of the calendar are compared with one another: the period that
    `from` lies in is made whole, and that before it is added, by the clocks of every
    zone that is counted by, `others` among them.
    """
    if asked.from_ms is None:
        return None
    local = LocalTime(zone)
    first = _day(asked.from_ms, local)
    unit = unit_of(group_by)
    if first is None:
        return None
    if unit is not None:
        begins = [_begin_before(unit, asked.from_ms, one) for one in (zone, *others)]
        return Stretch(min(begins), asked.from_ms)
    end = None if asked.to_ms is None else _day(asked.to_ms, local)
    if end is None or asked.to_ms is None:
        return None
    if first < end and asked == (local.begin_ms(first), local.begin_ms(end)):
        before = previous(Period(first, end))
        return Stretch(local.begin_ms(before.first), local.begin_ms(before.end))
    return Stretch(2 * asked.from_ms - asked.to_ms, asked.from_ms)


def stretch_behind(
    asked: Stretch, group_by: Sequence[str], zones: Iterable[tzinfo]
) -> Stretch | None:
    """What the period before the last one has beyond `to`; None: it is over by then.

    The last one has begun by the clock that is furthest ahead; by others that before
    it goes on, and groups are compared with the whole of it.
    """
    unit = unit_of(group_by)
    clocks = [LocalTime(zone) for zone in zones]
    if unit is None or asked.to_ms is None or _day(asked.to_ms, clocks[0]) is None:
        return None
    days = [clock.at(asked.to_ms - 1).day for clock in clocks]
    last = period(NAMES[unit](max(days))).first
    end_ms = max(clock.begin_ms(last) for clock in clocks)
    return Stretch(asked.to_ms, end_ms) if end_ms > asked.to_ms else None


def _begin_before(unit: str, at_ms: int, zone: tzinfo) -> int:
    """When the period before that of an instant began."""
    local = LocalTime(zone)
    of = period(NAMES[unit](local.at(at_ms).day))
    return local.begin_ms(previous(of).first)


def stretch_days_before(asked: Stretch, days: int, zone: tzinfo) -> Stretch | None:
    """The same hours so many days earlier; None: a bound is open, or too far away."""
    bounds = [_earlier(bound, days, zone) for bound in asked]
    return None if None in bounds else Stretch(*bounds)


def _earlier(at_ms: int | None, days: int, zone: tzinfo) -> int | None:
    """By the clocks of a zone: noon becomes noon."""
    if at_ms is None or _day(at_ms, LocalTime(zone)) is None:
        return None
    local = datetime.fromtimestamp(at_ms // 1000, zone).replace(tzinfo=None)
    return instant_ms((local - timedelta(days)).replace(tzinfo=zone)) + at_ms % 1000


def key_before(key: Mapping[str, Value]) -> dict[str, Value]:
    """The group that a group is compared with: itself, or that of the period before."""
    unit = unit_of(list(key))
    if unit is None:
        return dict(key)
    return {**key, unit: _name_before(unit, str(key[unit]))}


@lru_cache(maxsize=4_096)
def _name_before(unit: str, name: str) -> str:
    return NAMES[unit](previous(period(name)).first)


def _day(at_ms: int, local: LocalTime) -> date | None:
    """The local day of an instant; None: too far away to be compared."""
    try:
        moment = _EPOCH + timedelta(milliseconds=at_ms)
    except OverflowError:
        return None
    return local.at(at_ms).day if moment.year in YEARS else None
