"""Names of periods, their bounds, and which came before."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from gateway.ratings.periods import (
    LocalTime,
    Moment,
    Period,
    name_of,
    period,
    previous,
)
from tests.support.rated import SHANGHAI, at


@pytest.mark.parametrize(
    ("unit", "name"),
    [
        ("day", "2026-11-21"),
        ("week", "2026-W47"),
        ("month", "2026-11"),
        ("quarter", "2026-Q4"),
        ("year", "2026"),
        ("hour", "09"),
        ("weekday", 6),
    ],
)
def test_each_unit_names_its_period(unit: str, name: str | int) -> None:
    moment = LocalTime(SHANGHAI).at(at("2026-11-21 09:59:59.999"))
    assert name_of(unit, moment) == name


@pytest.mark.parametrize(
    ("day", "week"),
    [
        ("2027-01-01", "2026-W53"),
        ("2024-12-30", "2025-W01"),
        ("2026-11-22", "2026-W47"),
    ],
)
def test_weeks_begin_on_monday_and_belong_to_their_thursdays_year(
    day: str, week: str
) -> None:
    assert name_of("week", Moment(date.fromisoformat(day), 0)) == week


@pytest.mark.parametrize(
    ("name", "first", "end"),
    [
        ("2026-11-21", "2026-11-21", "2026-11-22"),
        ("2026-W53", "2026-12-28", "2027-01-04"),
        ("2024-02", "2024-02-01", "2024-03-01"),
        ("2026-12", "2026-12-01", "2027-01-01"),
        ("2026-Q4", "2026-10-01", "2027-01-01"),
        ("2026", "2026-01-01", "2027-01-01"),
    ],
)
def test_a_name_has_its_days(name: str, first: str, end: str) -> None:
    assert period(name) == (date.fromisoformat(first), date.fromisoformat(end))


@pytest.mark.parametrize("name", ["", "2026-13", "2026-W54", "2026-Q5", "2026-02-30"])
def test_what_names_no_period_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="names no period: write 2026-11-21"):
        period(name)


@pytest.mark.parametrize(
    ("name", "before"),
    [
        ("2026-01-01", "2025-12-31"),
        ("2026-W01", "2025-W52"),
        ("2026-03", "2026-02"),
        ("2026-Q1", "2025-Q4"),
        ("2026", "2025"),
        ("2024-02-29", "2024-02-28"),
        ("2024-03-01", "2024-02-29"),
        ("2024-02", "2024-01"),
        ("2025", "2024"),
        ("2027-W01", "2026-W53"),
    ],
)
def test_the_previous_period_is_of_the_same_kind(name: str, before: str) -> None:
    assert previous(period(name)) == period(before)


def test_before_any_other_span_come_as_many_days() -> None:
    span = Period(date(2026, 3, 3), date(2026, 3, 13))
    assert previous(span) == (date(2026, 2, 21), date(2026, 3, 3))


def test_days_begin_by_the_clock_of_the_site() -> None:
    berlin = LocalTime(ZoneInfo("Europe/Berlin"))
    winter = datetime(2026, 10, 24, 22, tzinfo=UTC)
    summer = datetime(2026, 10, 25, 23, tzinfo=UTC)
    assert berlin.begin_ms(date(2026, 10, 25)) == winter.timestamp() * 1000
    assert berlin.begin_ms(date(2026, 10, 26)) == summer.timestamp() * 1000
    assert berlin.at(round(winter.timestamp() * 1000)).day == date(2026, 10, 25)
    assert berlin.at(round(winter.timestamp() * 1000) - 1).day == date(2026, 10, 24)
