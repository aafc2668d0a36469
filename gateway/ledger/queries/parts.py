"""Parts of what is counted, in the order of its groups: a page needs a few of them."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date
from itertools import islice
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from gateway.ledger.figures import HOURS
from gateway.ledger.queries.spans import EVER, local_day
from gateway.queries.counts import CountFilter, Key, Order, Some
from gateway.ratings.dimensions import TIMES, Value, in_order
from gateway.ratings.periods import NAMES, Period, period, previous

CHUNK: Final = 16
"""So few values of the first dimension are counted at first; then ever more.

Without a dimension of time hardly any has several groups: as many as are enough."""
_GROUPS_A_VALUE: Final = {
    "hour": 24,
    "weekday": 7,
    "month": 12,
    "quarter": 4,
    "year": 1,
}
"""About how many groups a value has, at most; of other times, many."""
_ASIDE: Final = 2
"""Days by which what was counted in another zone's hours may seem to lie apart."""
_GROWTH: Final = 2
_AMPLE: Final = 2
"""So many times as many values as groups are asked for: some count nothing."""


class Part(NamedTuple):
    """What is counted of a stretch: values of its first place, local days."""

    among: Collection[Value] | None = None
    days: Period | None = None


WHOLE: Final = Part()


def chunks(keys: Iterable[Key], group_by: Sequence[str], some: Some) -> Iterator[Part]:
    """Ever more values of the first dimension, one of places, in their order."""
    values = sorted({key[0] for key in keys}, key=lambda one: in_order([one]))
    if some.after is not None:
        values = [one for one in values if in_order([one]) >= some.after[:1]]
    size = some.enough
    for name in set(group_by) & set(TIMES):
        size = max(some.enough // _GROUPS_A_VALUE.get(name, some.enough), CHUNK)
    start = 0
    while start < len(values):
        yield Part(among=frozenset(values[start : start + size]))
        start, size = start + size, 2 * size


def eras(
    wanted: Sequence[CountFilter],
    zones: Sequence[ZoneInfo],
    hours: tuple[int, int],
    after: Order | None,
) -> Iterator[Part]:
    """Ever more periods of the calendar, by which comes first, the earliest first.

    At first come those before, with which these are compared. `hours` are the first
    hour that counts anything, and the end of the last.
    """
    name_of = NAMES[wanted[0].group_by[0]]
    low, high = (hour // HOURS for hour in hours)
    asked = [_days(one, zones) for one in wanted]
    first = min(one for one, _ in asked)
    end = min(max(one for _, one in asked), high + _ASIDE)
    counted = max(asked[0][0], low)
    first = max(first, low - _ASIDE)
    if after is not None:
        first = counted = max(counted, _begun(after[0][1]))
    if hours[0] >= hours[1] or first >= end:
        return
    begin = previous(period(name_of(date.fromordinal(first)))).first
    until, periods = period(name_of(date.fromordinal(counted))).first, 1
    while begin.toordinal() < end:
        yield Part(days=Period(begin, until))
        begin = until
        for _ in range(periods):
            if until.toordinal() < end:
                until = period(name_of(until)).end
        periods *= _GROWTH


def narrowed(
    periods: Iterator[Part], keys: Iterable[Key], some: Some
) -> Iterator[Part]:
    """The same periods; of the first one, where it may be enough, few values at first.

    `keys` are the values of the dimension that comes second, one of places.
    """
    values = sorted({key[0] for key in keys}, key=lambda one: in_order([one]))
    first = [part.days for part in islice(periods, 2) if part.days is not None]
    if not first:
        return
    together = Period(first[0].first, first[-1].end)
    size = _AMPLE * some.enough
    if len(values) > size:
        if some.after is not None:
            values = [one for one in values if in_order([one]) >= some.after[1:]]
        yield Part(frozenset(values[:size]), together)
    yield Part(days=together)
    yield from periods


def _begun(name: str) -> int:
    """When a period of this name began; a name that was never given out names none."""
    try:
        return period(name).first.toordinal()
    except ValueError:
        return 0


def _days(wanted: CountFilter, zones: Sequence[ZoneInfo]) -> tuple[int, int]:
    """The ordinals of the days that a stretch touches, the last left out."""
    if wanted.days is not None:
        return wanted.days
    first, end = EVER[0], EVER[1] // HOURS
    if wanted.from_ms is not None:
        first = min(local_day(wanted.from_ms, zone) for zone in zones)
    if wanted.to_ms is not None:
        end = max(local_day(wanted.to_ms, zone) for zone in zones) + 1
    return first, end
