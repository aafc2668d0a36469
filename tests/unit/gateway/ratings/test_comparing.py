"""Which period figures are compared with."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from gateway.ratings.comparing import (
    Stretch,
    key_before,
    stretch_before,
    stretch_behind,
    stretch_days_before,
)
from tests.support.rated import SHANGHAI, at

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("since", "until", "before"),
    [
        ("2026-11-01", "2026-12-01", ("2026-10-01", "2026-11-01")),
        ("2026-01-01", "2026-04-01", ("2025-10-01", "2026-01-01")),
        ("2026-11-20", "2026-11-22", ("2026-11-18", "2026-11-20")),
        (
            "2026-11-20 09:00",
            "2026-11-20 17:00",
            ("2026-11-20 01:00", "2026-11-20 09:00"),
        ),
    ],
)
def test_a_stretch_is_compared_with_the_one_of_its_kind_before(
    since: str, until: str, before: tuple[str, str]
) -> None:
    found = stretch_before(Stretch(at(since), at(until)), ["site"], SHANGHAI)
    assert found == (at(before[0]), at(before[1]))


@pytest.mark.parametrize(
    ("unit", "first"),
    [
        ("day", "2026-11-17"),
        ("week", "2026-11-09"),
        ("month", "2026-10-01"),
        ("quarter", "2026-07-01"),
        ("year", "2025-01-01"),
    ],
)
def test_periods_are_compared_with_the_whole_one_before(unit: str, first: str) -> None:
    since = at("2026-11-18 10:00")
    assert stretch_before(Stretch(since, None), [unit], SHANGHAI) == (at(first), since)


@pytest.mark.parametrize("asked", [(None, None), (None, 5), (5, None), (-(2**60), 5)])
def test_without_bounds_nothing_comes_before(
    asked: tuple[int | None, int | None],
) -> None:
    assert stretch_before(Stretch(*asked), ["site"], SHANGHAI) is None


def test_a_group_is_compared_with_itself_or_the_period_before() -> None:
    assert key_before({"site": "hall"}) == {"site": "hall"}
    assert key_before({"site": "hall", "month": "2026-01"}) == {
        "site": "hall",
        "month": "2025-12",
    }
    assert key_before({"week": "2026-W01"}) == {"week": "2025-W52"}
    assert key_before({"day": "2026-03-01"}) == {"day": "2026-02-28"}


def test_the_period_before_is_whole_by_every_clock_that_is_counted_by() -> None:
    since = at("2026-11-01")  # the day before, still, in Berlin
    found = stretch_before(Stretch(since, None), ["day"], SHANGHAI, [BERLIN])
    begin = datetime(2026, 10, 30, tzinfo=BERLIN)
    assert found == (round(begin.timestamp() * 1000), since)


def test_of_the_period_before_the_last_clocks_that_are_behind_have_the_rest() -> None:
    until = at("2026-11-01 01:00")  # November, but not in Berlin
    asked = Stretch(at("2026-10-01"), until)
    end = round(datetime(2026, 11, 1, tzinfo=BERLIN).timestamp() * 1000)
    for unit in ("day", "month"):
        assert stretch_behind(asked, [unit], [SHANGHAI, BERLIN]) == (until, end)
        assert stretch_behind(Stretch(None, until), [unit], [BERLIN, SHANGHAI]) == (
            (until, end)
        )
        assert stretch_behind(asked, [unit], [SHANGHAI, SHANGHAI]) is None
    assert stretch_behind(asked, ["site"], [SHANGHAI, BERLIN]) is None
    assert stretch_behind(Stretch(until, None), ["day"], [SHANGHAI, BERLIN]) is None


def test_the_same_hours_of_days_before_are_by_the_clock() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    noon = [datetime(2026, 10, day, 12, tzinfo=berlin) for day in (20, 27)]
    before, now = (int(one.timestamp() * 1000) for one in noon)
    assert now - before == 7 * 86_400_000 + 3_600_000  # the clocks were put back
    asked = Stretch(now, now + 60_001)
    assert stretch_days_before(asked, 7, berlin) == (before, before + 60_001)
    assert stretch_days_before(Stretch(now, None), 7, berlin) is None
    assert stretch_days_before(Stretch(now, 1 << 62), 7, berlin) is None
