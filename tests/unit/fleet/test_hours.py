"""When a site serves."""

from datetime import date

import pytest

from fleet.hours import HoursError, Opening, read_hours
from gateway.ratings.workdays import Calendar, DayTable
from tests.support.rated import SHANGHAI, at

MAKE_UP_SUNDAY = date(2026, 9, 20).toordinal()
HOLIDAYS = {date(2026, 10, day).toordinal() for day in range(1, 8)}


def is_worked(ordinal: int) -> bool:
    if ordinal in HOLIDAYS:
        return False
    return ordinal == MAKE_UP_SUNDAY or (ordinal - 1) % 7 < 5


def opening(
    hours: str = "09:00-12:00,13:30-17:00", *closures: tuple[str, str]
) -> Opening:
    spans = [(at(since), at(until)) for since, until in closures]
    return Opening(read_hours(hours), SHANGHAI, is_worked, spans)


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        ("2026-09-18 09:00", True),
        ("2026-09-18 08:59", False),
        ("2026-09-18 12:00", False),
        ("2026-09-18 16:59", True),
        ("2026-09-18 17:00", False),
        ("2026-09-19 10:00", False),
        ("2026-09-20 10:00", True),
        ("2026-10-05 10:00", False),
    ],
)
def test_a_site_serves_in_its_hours_on_worked_days(
    moment: str, *, is_open: bool
) -> None:
    assert opening().at(at(moment)).is_open is is_open


def test_a_span_tells_when_it_began_and_ends() -> None:
    found = opening().at(at("2026-09-30 18:00"))
    assert found == (False, at("2026-09-30 17:00"), at("2026-10-08 09:00"))


def test_a_closure_is_cut_out_of_the_day() -> None:
    one = opening("09:00-17:00", ("2026-09-18 10:00", "2026-09-18 11:00"))
    assert one.at(at("2026-09-18 09:30")) == (
        True,
        at("2026-09-18 09:00"),
        at("2026-09-18 10:00"),
    )
    assert not one.at(at("2026-09-18 10:30")).is_open
    assert one.at(at("2026-09-18 11:00")).until_ms == at("2026-09-18 17:00")


def test_a_site_without_hours_is_always_open() -> None:
    one = Opening(None, SHANGHAI, is_worked)
    assert one.at(at("2026-10-03 03:00")).is_open


def test_days_of_service_are_counted_without_the_days_between() -> None:
    close = opening().close_of_day
    assert close(at("2026-09-30 10:00"), 1) == at("2026-10-08 17:00")
    assert close(at("2026-09-18 10:00"), 3) == at("2026-09-22 17:00")


def test_hours_may_differ_by_weekday() -> None:
    week = read_hours("mon-fri 09:00-17:00; sat 09:00-12:00")
    assert week[4] == ((540, 1020),)
    assert week[5] == ((540, 720),)
    assert week[6] == ()


@pytest.mark.parametrize("text", ["nine to five", "17:00-09:00", "09:00-25:00", "xyz"])
def test_other_hours_say_how_to_write_them(text: str) -> None:
    with pytest.raises(HoursError):
        read_hours(text)


def test_a_holiday_and_a_make_up_day_are_not_as_others_of_their_weekday() -> None:
    calendar = Calendar(
        DayTable(calendar="x", days={"2026-10-01": "rest", "2026-09-20": "work"}),
        SHANGHAI,
    )
    one = Opening(None, SHANGHAI, lambda _: True, (), calendar.is_usual)
    usual = {
        day: one.is_usual(at(f"{day} 10:00"))
        for day in ("2026-10-01", "2026-09-20", "2026-09-27", "2026-09-30")
    }
    assert list(usual.values()) == [False, False, True, True]
