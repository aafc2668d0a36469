"""The period before, against calendars that are walked through day by day."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gateway.ratings.comparing import (
    Stretch,
    key_before,
    stretch_before,
    stretch_days_before,
)

DAY: Final = timedelta(days=1)
DAYS: Final = st.dates(date(1999, 1, 1), date(2101, 12, 31))
ZONES: Final = st.sampled_from(("Asia/Shanghai", "Europe/Berlin", "America/New_York"))
AWAKE: Final = st.integers(4, 23)
"""Hours that no clock skips."""
LEAP: Final = date(2028, 2, 29)
QUARTERS: Final = (1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4)


def name(unit: str, day: date) -> str:
    """What a period of the calendar is called; a week is of its Thursday's year."""
    if unit == "day":
        return f"{day.year:04}-{day.month:02}-{day.day:02}"
    if unit == "week":
        thursday = day + DAY * (3 - day.weekday())
        weeks = (thursday - date(thursday.year, 1, 1)).days // 7
        return f"{thursday.year:04}-W{weeks + 1:02}"
    year = f"{day.year:04}"
    quarter = f"{year}-Q{QUARTERS[day.month - 1]}"
    return {"month": f"{year}-{day.month:02}", "quarter": quarter, "year": year}[unit]


def begin(unit: str, day: date) -> date:
    """The first day of the period that a day lies in."""
    while name(unit, day - DAY) == name(unit, day):
        day -= DAY
    return day


def ms(day: date, zone: ZoneInfo, hours: int = 0) -> int:
    wall = datetime.combine(day, time(hours), zone)
    return round((wall - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1000)


@pytest.mark.parametrize("unit", ["day", "week", "month", "quarter", "year"])
@settings(max_examples=25, deadline=None)
@given(day=DAYS, zone=ZONES)
@example(day=LEAP + DAY, zone="Asia/Shanghai")
@example(day=date(2100, 3, 31), zone="Europe/Berlin")  # no leap year
@example(day=date(2027, 1, 1), zone="Asia/Shanghai")  # in week 53 of 2026
def test_a_period_is_compared_with_the_one_that_ends_where_it_begins(
    unit: str, day: date, zone: str
) -> None:
    first = begin(unit, day)
    before = name(unit, first - DAY)
    assert key_before({"site": "hall", unit: name(unit, day)}) == {
        "site": "hall",
        unit: before,
    }
    clock = ZoneInfo(zone)
    asked = Stretch(ms(day, clock, 13), ms(day + 40 * DAY, clock))
    found = stretch_before(asked, [unit], clock)
    assert found == (ms(begin(unit, first - DAY), clock), asked.from_ms)


@settings(max_examples=60, deadline=None)
@given(DAYS, st.integers(1, 30), ZONES)
@example(date(2028, 3, 1), 1, "Asia/Shanghai")  # beside 29 days of February
@example(date(2028, 1, 1), 12, "Europe/Berlin")
def test_whole_months_are_compared_with_as_many(
    day: date, count: int, zone: str
) -> None:
    clock, first = ZoneInfo(zone), begin("month", day)
    earlier = end = first
    for _ in range(count):
        earlier = begin("month", earlier - DAY)
        while name("month", end + DAY) == name("month", end):
            end += DAY
        end += DAY
    asked = Stretch(ms(first, clock), ms(end, clock))
    found = stretch_before(asked, ["employee"], clock)
    assert found == (ms(earlier, clock), asked.from_ms)


@settings(max_examples=60, deadline=None)
@given(DAYS.filter(lambda day: day.day > 1), st.integers(1, 400), ZONES)
def test_whole_days_are_compared_with_as_many(day: date, count: int, zone: str) -> None:
    clock = ZoneInfo(zone)
    asked = Stretch(ms(day, clock), ms(day + count * DAY, clock))
    found = stretch_before(asked, [], clock)
    assert found == (ms(day - count * DAY, clock), asked.from_ms)


@settings(max_examples=60, deadline=None)
@given(DAYS, st.integers(0, 3), st.integers(1, 366), st.tuples(AWAKE, AWAKE), ZONES)
@example(date(2027, 3, 29), 0, 1, (9, 17), "Europe/Berlin")  # clocks were put forward
@example(date(2029, 2, 28), 1, 365, (9, 17), "Asia/Shanghai")
def test_so_many_days_before_are_the_same_hours_of_the_wall(
    day: date, more: int, days: int, hours: tuple[int, int], zone: str
) -> None:
    clock, end, (hour, late) = ZoneInfo(zone), day + more * DAY, hours
    asked = Stretch(ms(day, clock, hour), ms(end, clock, late))
    found = stretch_days_before(asked, days, clock)
    earlier = ms(day - days * DAY, clock, hour), ms(end - days * DAY, clock, late)
    assert found == earlier
