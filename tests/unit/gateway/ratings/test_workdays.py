"""Deadlines in working days: the spec's vectors, years' ends, leap days, DST."""

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest

from gateway.ratings.workdays import (
    WEEKDAYS,
    Calendar,
    Deadline,
)
from gateway.settings.calendars import day_table

SHANGHAI = ZoneInfo("Asia/Shanghai")
CHINA = day_table("china", {}, 2026)


def at(text: str, zone: ZoneInfo = SHANGHAI) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=zone).timestamp() * 1000)


def shown(deadline: Deadline, zone: ZoneInfo = SHANGHAI) -> str:
    return f"{datetime.fromtimestamp(deadline.at_ms / 1000, zone):%Y-%m-%d %H:%M}"


@pytest.mark.parametrize(
    ("end", "days", "deadline"),
    [
        ("2026-02-13 16:40", 1, "2026-02-15 00:00"),  # Saturday 14 is worked
        ("2026-02-13 16:40", 3, "2026-02-26 00:00"),
        ("2026-09-18 17:00", 1, "2026-09-21 00:00"),  # Sunday 20 is worked
        ("2024-02-28 09:00", 1, "2024-03-01 00:00"),  # a leap day, worked
        ("2023-12-29 23:59", 1, "2024-01-03 00:00"),  # over New Year's Monday
        ("2026-11-21 00:00", 0, "2026-11-22 00:00"),  # no days: the day's own end
        ("2026-11-20 23:59:59.999", 1, "2026-11-24 00:00"),
        ("2026-11-21 00:00", 1, "2026-11-24 00:00"),
    ],
)
def test_the_end_of_the_last_working_day(end: str, days: int, deadline: str) -> None:
    found = Calendar(CHINA, SHANGHAI).deadline(at(end), days)
    assert (shown(found), found.estimated) == (deadline, False)


def test_a_year_without_data_is_monday_to_friday_and_estimated() -> None:
    found = Calendar(CHINA, SHANGHAI).deadline(at("2026-12-29 10:00"), 5)
    assert (shown(found), found.estimated) == ("2027-01-06 00:00", True)


def test_natural_days_ask_no_table() -> None:
    found = Calendar(CHINA, SHANGHAI).deadline(at("2026-12-29 10:00"), 5, "natural")
    assert (shown(found), found.estimated) == ("2027-01-04 00:00", False)


def test_the_week_alone_is_never_estimated() -> None:
    found = Calendar(WEEKDAYS, SHANGHAI).deadline(at("2099-12-31 10:00"), 1)
    assert (shown(found), found.estimated) == ("2100-01-02 00:00", False)


def test_an_overridden_day_is_no_guess() -> None:
    table = day_table("china", {"2026-12-30": "rest", "2027-01-01": "rest"}, 2026)
    calendar = Calendar(table, SHANGHAI)
    assert calendar.deadline(at("2026-12-29 10:00"), 1) == (
        at("2027-01-01 00:00"),
        False,
    )
    assert not calendar.day(datetime(2027, 1, 1, tzinfo=UTC).toordinal()).estimated
    assert calendar.deadline(at("2026-12-29 10:00"), 2) == (
        at("2027-01-05 00:00"),
        True,
    )


def test_close_of_business_ends_the_last_day() -> None:
    calendar = Calendar(CHINA, SHANGHAI, close=time(17, 30))
    assert shown(calendar.deadline(at("2026-02-13 16:40"), 1)) == "2026-02-14 17:30"


@pytest.mark.parametrize(
    ("zone", "end", "utc"),
    [
        ("Europe/Berlin", "2026-03-27 12:00", "2026-03-30T22:00"),  # 23 hours Sunday
        ("Europe/Berlin", "2026-10-23 12:00", "2026-10-26T23:00"),
        ("America/Sao_Paulo", "2018-11-02 12:00", "2018-11-06T02:00"),
        # Saturday's end does not exist there: 24:00 jumps to 01:00.
        ("America/Havana", "2026-03-06 12:00", "2026-03-10T04:00"),
    ],
)
def test_days_end_by_the_clock_of_the_site(zone: str, end: str, utc: str) -> None:
    site = ZoneInfo(zone)
    found = Calendar(WEEKDAYS, site).deadline(at(end, site), 1)
    expected = datetime.fromisoformat(utc).replace(tzinfo=UTC)
    assert found.at_ms == round(expected.timestamp() * 1000)


def test_a_midnight_that_never_comes_is_the_moment_of_the_jump() -> None:
    site = ZoneInfo("America/Sao_Paulo")  # 2018-11-04 begins at 01:00
    calendar = Calendar(WEEKDAYS, site)
    found = calendar.deadline(at("2018-11-02 12:00", site), 1, "natural")
    assert shown(found, site) == "2018-11-04 01:00"
