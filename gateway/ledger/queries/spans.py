"""A stretch of time as whole months, days and hours, and what is left at its edges.

Hours are local: the ordinal of the day times 24, and the hour, as figures are counted.
"""

from datetime import UTC, date, datetime, timedelta
from typing import Final, Literal, NamedTuple
from zoneinfo import ZoneInfo

from device_protocol.timestamps import instant_ms
from gateway.ledger.figures import HOURS, MONTHS, month_of

Table = Literal["hour", "day", "month"]
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_MS: Final = instant_ms(datetime(2, 1, 1, tzinfo=UTC))
_END_MS: Final = instant_ms(datetime(9999, 1, 1, tzinfo=UTC))
"""Between these years every zone can tell the hour."""


class Span(NamedTuple):
    """Periods of one table, the last left out."""

    table: Table
    first: int
    end: int


class Edge(NamedTuple):
    """Milliseconds of an hour that they do not fill, the last left out."""

    hour: int
    from_ms: int
    to_ms: int


class Stretch(NamedTuple):
    """All of a stretch of time, each moment in one part.

    `whole` are the hours that the spans fill.
    """

    spans: list[Span]
    edges: list[Edge]
    whole: Span = Span("hour", 0, 0)


def first_day(month: int) -> date:
    """The first day of the month with this number."""
    return date(month // MONTHS, month % MONTHS + 1, 1)


def clipped(span: Span, first_hour: int, end_hour: int) -> Span:
    """What of a span these hours touch: beyond them nothing was counted."""
    first, end = first_hour, end_hour - 1
    if span.table != "hour":
        first, end = first // HOURS, end // HOURS
    if span.table == "month":
        first, end = month_of(max(first, 1)), month_of(max(end, 1))
    return Span(span.table, max(span.first, first), min(span.end, end + 1))


def stretch(
    from_ms: int | None, to_ms: int | None, zone: ZoneInfo, coarsest: Table
) -> Stretch:
    """Cut `from_ms <= moment < to_ms` into the largest periods up to `coarsest`."""
    since_ms = _FIRST_MS if from_ms is None else max(_FIRST_MS, from_ms)
    until_ms = _END_MS if to_ms is None else min(_END_MS, to_ms)
    if since_ms >= until_ms:
        return Stretch([], [])
    low, low_ms = _hour(since_ms, zone)
    high, high_ms = _hour(until_ms, zone)
    edges = []
    if low_ms < since_ms:
        low += 1
        if low > high:
            return Stretch([], [Edge(high, since_ms, until_ms)])
        edges.append(Edge(low - 1, since_ms, _begin_ms(low, zone)))
    if high_ms < until_ms:
        edges.append(Edge(high, max(high_ms, since_ms), until_ms))
    return Stretch(_whole(low, high, coarsest), edges, Span("hour", low, high))


def _whole(low: int, high: int, coarsest: Table) -> list[Span]:
    """Whole hours as months, days and hours."""
    first, end = -(-low // HOURS), high // HOURS
    if coarsest == "hour" or first >= end:
        return _filled(Span("hour", low, high))
    inside = _filled(Span("day", first, end))
    if coarsest == "month":
        inside = _months(first, end)
    return [
        *_filled(Span("hour", low, first * HOURS)),
        *inside,
        *_filled(Span("hour", end * HOURS, high)),
    ]


def _months(first: int, end: int) -> list[Span]:
    low, high = month_of(first), month_of(end)
    low += date.fromordinal(first).day > 1
    if low >= high:
        return [Span("day", first, end)]
    inner, outer = first_day(low).toordinal(), first_day(high).toordinal()
    return [
        *_filled(Span("day", first, inner)),
        Span("month", low, high),
        *_filled(Span("day", outer, end)),
    ]


def _filled(span: Span) -> list[Span]:
    return [span] if span.first < span.end else []


def _hour(at_ms: int, zone: ZoneInfo) -> tuple[int, int]:
    """The local hour of an instant, and when it began.

    One that comes twice when clocks are put back is one, which began the first time.
    """
    local = (_EPOCH + timedelta(milliseconds=at_ms)).astimezone(zone)
    number = local.toordinal() * HOURS + local.hour
    return number, _begin_ms(number, zone)


def _begin_ms(hour: int, zone: ZoneInfo) -> int:
    day, of_day = divmod(hour, HOURS)
    begin = datetime.combine(date.fromordinal(day), datetime.min.time(), zone)
    return instant_ms(begin.replace(hour=of_day))
