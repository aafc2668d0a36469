"""Day tables out of published data, and the operator's overrides."""

from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import chinese_calendar  # type: ignore[import-untyped] # has no types
import pytest

from gateway.errors import PermanentError
from gateway.ratings.workdays import Calendar, dates
from gateway.settings.calendars import day_table, read_overrides

UTC_ZONE = ZoneInfo("UTC")


def test_china_is_what_the_package_says_of_every_day() -> None:
    calendar = Calendar(day_table("china", {}, 2026), UTC_ZONE)
    for day in dates(date(2004, 1, 1), date(2027, 1, 1)):
        assert calendar.day(day.toordinal()) == (
            chinese_calendar.is_workday(day),
            False,
        )


def test_a_country_has_its_own_weekend_and_holidays() -> None:
    germany = Calendar(day_table("de", {}, 2026), UTC_ZONE)
    assert not germany.day(date(2026, 10, 3).toordinal()).working
    assert not germany.day(date(2026, 12, 25).toordinal()).working
    assert germany.day(date(2026, 12, 28).toordinal()).working
    israel = day_table("IL", {}, 2026)
    assert israel.workweek == (0, 1, 2, 3, 6)


def test_a_country_beyond_its_years_is_estimated() -> None:
    germany = Calendar(day_table("DE", {}, 2026), UTC_ZONE)
    assert germany.day(date(2027, 1, 1).toordinal()) == (True, True)


def test_an_unknown_country_is_refused_with_what_to_do() -> None:
    with pytest.raises(PermanentError, match=r"calendar: nobody .*'XX'.*DE"):
        day_table("xx", {}, 2026)


def test_overrides_win(tmp_path: Path) -> None:
    path = tmp_path / "calendar.csv"
    path.write_text("\ufeffdate,kind\n# our own\n\n2026-10-10, rest\n2026-10-11,work\n")
    table = day_table("china", read_overrides(path), 2026)
    calendar = Calendar(table, UTC_ZONE)
    assert not calendar.day(date(2026, 10, 10).toordinal()).working
    assert calendar.day(date(2026, 10, 11).toordinal()).working


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "first line must be: date,kind"),
        ("day,kind\n", "first line must be: date,kind"),
        ("date,kind\n2026-13-01,work\n", "line 2: '2026-13-01' is no date"),
        ("date,kind\n2026-01-01,holiday\n", "line 2: 'holiday' must be work or rest"),
        ("date,kind\n2026-01-01\n", "line 2: must look like"),
        ("date,kind\n2026-01-01,work\n2026-01-01,rest\n", "line 3: .* given twice"),
    ],
)
def test_a_broken_file_is_refused_by_line(
    tmp_path: Path, text: str, complaint: str
) -> None:
    path = tmp_path / "calendar.csv"
    path.write_text(text)
    with pytest.raises(PermanentError, match=complaint):
        read_overrides(path)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PermanentError, match="cannot be read"):
        read_overrides(tmp_path / "none.csv")
