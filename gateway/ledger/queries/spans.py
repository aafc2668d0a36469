"""A stretch of time as whole months, days and hours, and what is left at its edges.

Hours are local: the ordinal of the day times 24, and the hour, as figures are counted.
"""

from collections.abc import Sequence
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
EVER: Final = (0, date(9999, 1, 1).toordinal() * HOURS)


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

    `less` is counted in spans beyond it, and to be taken back; `whole` are the hours
    that are left.
    """

    spans: list[Span]
    edges: list[Edge]
    whole: Span = Span("hour", 0, 0)
    less: Sequence[Span] = ()


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
    from_ms: int | None,
    to_ms: int | None,
    zone: ZoneInfo,
    coarsest: Table,
    counted: tuple[int, int] = EVER,
) -> Stretch:
    """Cut `from_ms <= moment < to_ms` into the largest periods up to `coarsest`.

    `counted` are the first hour that counts anything and the end of the last: what
    lies beyond costs nothing.
    """
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
        edges.append(Edge(low - 1, since_ms, begin_ms(low, zone)))
    if high_ms < until_ms:
        edges.append(Edge(high, max(high_ms, since_ms), until_ms))
    whole = Span("hour", low, high)
    if coarsest != "month" or low >= high:
        return Stretch(_periods(low, high, coarsest), edges, whole)
    spans, less = _months(low, high, counted)
    return Stretch(spans, edges, whole, less)


def _periods(low: int, high: int, coarsest: Table) -> list[Span]:
    """Whole hours as days and hours."""
    first, end = -(-low // HOURS), high // HOURS
    if coarsest == "hour" or first >= end:
        return _filled(Span("hour", low, high))
    return [
        *_filled(Span("hour", low, first * HOURS)),
        *_filled(Span("day", first, end)),
        *_filled(Span("hour", end * HOURS, high)),
    ]


def _months(
    low: int, high: int, counted: tuple[int, int]
) -> tuple[list[Span], list[Span]]:
    """Whole hours as months, days and hours; and what of the months is too much."""
    first, last = month_of(low // HOURS), month_of((high - 1) // HOURS)
    if first == last:
        head, less = _part(first, low, high, counted)
        return (head, []) if head else ([Span("month", first, first + 1)], less)
    head, less = _part(first, low, _begin(first + 1), counted)
    tail, more = _part(last, _begin(last), high, counted)
    months = Span("month", first + bool(head), last + (not tail))
    return [*head, *_filled(months), *tail], [*less, *more]


def _part(
    month: int, low: int, high: int, counted: tuple[int, int]
) -> tuple[list[Span], list[Span]]:
    """Some hours of a month: their periods, or none, and all others of the month.

    A month but for its last hours is read as the month and those hours.
    """
    inside = _periods(low, high, "day")
    others = [
        *_periods(_begin(month), low, "day"),
        *_periods(high, _begin(month + 1), "day"),
    ]
    if _reads(others, counted) < _reads(inside, counted):
        return [], others
    return inside, []


def _reads(spans: Sequence[Span], counted: tuple[int, int]) -> int:
    """How many periods are to be read."""
    some = [clipped(span, *counted) for span in spans]
    return sum(max(0, span.end - span.first) for span in some)


def _begin(month: int) -> int:
    """The first hour of a month."""
    return first_day(month).toordinal() * HOURS


def _filled(span: Span) -> list[Span]:
    return [span] if span.first < span.end else []


def local_day(at_ms: int, zone: ZoneInfo) -> int:
    """The ordinal of the local day of an instant; one too far away is brought near."""
    return _hour(min(max(at_ms, _FIRST_MS), _END_MS), zone)[0] // HOURS


def _hour(at_ms: int, zone: ZoneInfo) -> tuple[int, int]:
    """The local hour of an instant, and when it began.

    One that comes twice when clocks are put back is one, which began the first time.
    """
    local = (_EPOCH + timedelta(milliseconds=at_ms)).astimezone(zone)
    number = local.toordinal() * HOURS + local.hour
    return number, begin_ms(number, zone)


def begin_ms(hour: int, zone: ZoneInfo) -> int:
    """When a local hour begins; one that comes twice, the first time."""
    day, of_day = divmod(hour, HOURS)
    begin = datetime.combine(date.fromordinal(day), datetime.min.time(), zone)
    return instant_ms(begin.replace(hour=of_day))
