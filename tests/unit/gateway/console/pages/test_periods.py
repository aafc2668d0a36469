"""Stretches of time, by the calendar of whoever looks."""

from datetime import UTC, date
from zoneinfo import ZoneInfo

import pytest

from gateway.console.pages.periods import NAMES, OWN, Period, months_on, named, own

SATURDAY = date(2028, 2, 29)


@pytest.mark.parametrize(
    ("name", "begin", "end"),
    [
        ("today", date(2028, 2, 29), date(2028, 3, 1)),
        ("yesterday", date(2028, 2, 28), date(2028, 2, 29)),
        ("week", date(2028, 2, 28), date(2028, 3, 6)),
        ("last_week", date(2028, 2, 21), date(2028, 2, 28)),
        ("month", date(2028, 2, 1), date(2028, 3, 1)),
        ("last_month", date(2028, 1, 1), date(2028, 2, 1)),
        ("quarter", date(2028, 1, 1), date(2028, 4, 1)),
        ("year", date(2028, 1, 1), date(2029, 1, 1)),
    ],
)
def test_a_name_means_whole_days(name: str, begin: date, end: date) -> None:
    assert named(name, SATURDAY) == Period(begin, end)


def test_every_name_is_known() -> None:
    for name in NAMES:
        assert name == OWN or named(name, SATURDAY).begin <= SATURDAY


def test_own_dates_are_both_included_in_whatever_order() -> None:
    expected = Period(date(2026, 1, 3), date(2026, 1, 6))
    assert own("2026-01-03", "2026-01-05", SATURDAY) == expected
    assert own("2026-01-05", "2026-01-03", SATURDAY) == expected


def test_what_is_no_date_is_today() -> None:
    assert own("", "yesterday", SATURDAY) == named("today", SATURDAY)


def test_bounds_are_midnights_of_the_zone_also_over_a_change_of_clocks() -> None:
    bounds = named("month", date(2026, 3, 9)).bounds(ZoneInfo("Europe/Berlin"))
    assert bounds == {
        "from": "2026-03-01T00:00:00+01:00",
        "to": "2026-04-01T00:00:00+02:00",
    }
    assert named("today", SATURDAY).bounds(UTC)["to"] == "2028-03-01T00:00:00+00:00"


def test_years_begin_and_end_among_months() -> None:
    assert months_on(date(2026, 12, 31), 1) == date(2027, 1, 1)
    assert months_on(date(2026, 1, 31), -1) == date(2025, 12, 1)


def test_only_a_whole_month_has_a_name_and_steps_follow_the_length() -> None:
    assert named("month", SATURDAY).month == "2028-02"
    assert named("week", SATURDAY).month is None
    steps = {name: named(name, SATURDAY).step for name in ("today", "month", "year")}
    assert steps == {"today": "hour", "month": "day", "year": "month"}
