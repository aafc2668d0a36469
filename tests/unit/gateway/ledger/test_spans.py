"""A stretch of time in months, days and hours, and what is left of it."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.ledger.figures import HOURS
from gateway.ledger.queries.spans import Edge, Span, Table, first_day, stretch
from tests.support.rated import SHANGHAI, at

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def test_whole_months_stand_for_their_days() -> None:
    found = stretch(at("2026-10-31 22:00"), at("2027-01-02"), SHANGHAI, "month")
    november, day = 2026 * 12 + 10, date(2026, 10, 31).toordinal()
    assert found.spans == [
        Span("hour", day * HOURS + 22, (day + 1) * HOURS),
        Span("month", november, november + 2),
        Span("day", date(2027, 1, 1).toordinal(), date(2027, 1, 2).toordinal()),
    ]
    assert found.edges == []


def test_most_of_a_month_is_the_month_without_the_rest() -> None:
    october, second = 2026 * 12 + 9, date(2026, 10, 2).toordinal()
    found = stretch(at("2026-10-01 09:00"), at("2026-11-02"), SHANGHAI, "month")
    early = Span("hour", (second - 1) * HOURS, (second - 1) * HOURS + 9)
    november = Span("day", second + 30, second + 31)
    assert found.spans == [Span("month", october, october + 1), november]
    assert found.less == [early]
    until = (second + 1) * HOURS  # nothing was counted since
    found = stretch(at("2026-10-01"), at("2026-10-03"), SHANGHAI, "month", (0, until))
    assert found.spans == [Span("month", october, october + 1)]


@pytest.mark.parametrize(
    ("since", "until"), [(5, 5), (9, 5), (at("2027-01-01"), at("2026-01-01"))]
)
def test_nothing_is_counted_of_an_empty_stretch(since: int, until: int) -> None:
    assert stretch(since, until, SHANGHAI, "month")[:2] == ([], [])


@pytest.mark.parametrize("bounds", [(None, None), (-(2**62), 2**62)])
def test_what_has_no_bound_is_a_stretch_too(
    bounds: tuple[int | None, int | None],
) -> None:
    (first, *_) = stretch(*bounds, SHANGHAI, "month").spans
    assert first.first < first.end


def _within(edge: Edge, at_ms: int) -> bool:
    return edge.from_ms <= at_ms < edge.to_ms


ZONES = st.sampled_from(
    [SHANGHAI, ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Kolkata"), ZoneInfo("UTC")]
)
# Around the nights when clocks change, and anywhere else.
MOMENTS = st.one_of(
    st.integers(at("2026-10-24"), at("2026-10-27")),
    st.integers(at("2026-03-28"), at("2026-03-31")),
    st.integers(at("2025-12-30"), at("2027-02-02")),
)


@settings(max_examples=300)
@given(MOMENTS, MOMENTS, MOMENTS, ZONES, st.sampled_from(["hour", "day", "month"]))
def test_each_moment_lies_in_one_part_of_a_stretch_or_in_none(
    since: int, until: int, moment: int, zone: ZoneInfo, coarsest: Table
) -> None:
    local = (EPOCH + timedelta(milliseconds=moment)).astimezone(zone)
    day = local.toordinal()
    spans, edges, whole, less = stretch(since, until, zone, coarsest)
    hits = sum(_within(edge, moment) for edge in edges)
    for sign, some in ((1, spans), (-1, less)):
        for table, first, end in some:
            begin, over = first, end
            period = day if table != "hour" else day * HOURS + local.hour
            if table == "month":
                begin, over = first_day(first).toordinal(), first_day(end).toordinal()
            hits += sign * (begin <= period < over)
    assert hits == (since <= moment < until)
    in_whole = whole.first <= day * HOURS + local.hour < whole.end
    assert in_whole == (hits > 0 and not any(_within(edge, moment) for edge in edges))
