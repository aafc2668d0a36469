"""Day tables out of published data: mainland China, other countries, overrides.

The pure rules (`gateway/ratings/workdays.py`) never see these packages: what they say
today is a record, so that an upgrade of a package is an event like any other.
"""

import csv
from collections.abc import Mapping
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Final, get_args

from gateway.errors import PermanentError
from gateway.ratings.workdays import MONDAY_TO_FRIDAY, WEEKDAYS, DayTable, Kind, dates

YEARS_KEPT: Final = 25
"""Years of a country's table before the last one: more than any deadline looks at."""
OVERRIDES_MAX: Final = 20_000
_COLUMNS: Final = ["date", "kind"]
_KINDS: Final = get_args(Kind)


def day_table(calendar: str, overrides: Mapping[str, Kind], last_year: int) -> DayTable:
    """The day table of a calendar id: `china`, `weekdays` or an ISO country code.

    `last_year` bounds what is taken from packages that compute holidays ahead; years
    beyond what a package knows are Monday to Friday, and estimated.

    Raises:
        PermanentError: nobody publishes such a calendar.
    """
    if calendar == "weekdays":
        return DayTable(
            calendar=calendar, source=WEEKDAYS.source, overrides=dict(overrides)
        )
    if calendar == "china":
        return _china(overrides)
    return _country(calendar.upper(), overrides, last_year)


def read_overrides(path: Path) -> dict[str, Kind]:
    """The operator's days: CSV with the columns `date,kind` (`work` or `rest`).

    Empty lines and lines that begin with # are skipped.

    Raises:
        PermanentError: the file cannot be used; it says which line and why.
    """
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise PermanentError(f"{path}: cannot be read: {error}") from None
    rows = [
        (number, [cell.strip() for cell in row])
        for number, line in enumerate(lines, 1)
        for row in csv.reader([line])
        if line.strip() and not line.startswith("#")
    ]
    if not rows or rows[0][1] != _COLUMNS:
        raise PermanentError(f"{path}: the first line must be: date,kind")
    if len(rows) > OVERRIDES_MAX:
        raise PermanentError(f"{path}: more than {OVERRIDES_MAX} days: shorten it")
    found: dict[str, Kind] = {}
    for number, row in rows[1:]:
        day, kind = _override(row, f"{path}, line {number}")
        if found.setdefault(day, kind) != kind:
            raise PermanentError(f"{path}, line {number}: {day} is given twice")
    return found


def _override(row: list[str], where: str) -> tuple[str, Kind]:
    if len(row) != len(_COLUMNS):
        raise PermanentError(f"{where}: must look like 2026-10-10,work")
    try:
        day = date.fromisoformat(row[0]).isoformat()
    except ValueError:
        raise PermanentError(f"{where}: {row[0]!r} is no date YYYY-MM-DD") from None
    if row[1] == "work":
        return day, "work"
    if row[1] == "rest":
        return day, "rest"
    raise PermanentError(f"{where}: {row[1]!r} must be {' or '.join(_KINDS)}")


def _china(overrides: Mapping[str, Kind]) -> DayTable:
    """As the State Council announced it, make-up working weekends included."""
    from chinese_calendar import constants as china  # type: ignore[import-untyped] # noqa: PLC0415 -- has no types

    days: dict[str, Kind] = {}
    for day in china.holidays:
        if day.weekday() in MONDAY_TO_FRIDAY:
            days[day.isoformat()] = "rest"
    for day in china.workdays:
        if day.weekday() not in MONDAY_TO_FRIDAY:
            days[day.isoformat()] = "work"
    return DayTable(
        calendar="china",
        source=f"chinesecalendar {version('chinesecalendar')}",
        years=(min(china.holidays).year, max(china.holidays).year),
        days=dict(sorted(days.items())),
        overrides=dict(overrides),
    )


def _country(code: str, overrides: Mapping[str, Kind], last_year: int) -> DayTable:
    import holidays  # noqa: PLC0415 -- 3 MB for who asks

    if code not in holidays.list_supported_countries(include_aliases=True):
        raise PermanentError(
            f"calendar: nobody publishes holidays of {code!r}:"
            " write china, weekdays or a country code like DE"
        )
    known = holidays.country_holidays(code)
    last = min(last_year, known.end_year)
    first = max(known.start_year, last - YEARS_KEPT)
    known = holidays.country_holidays(code, years=range(first, last + 1))
    workweek = tuple(sorted(set(range(7)) - set(known.weekend)))
    days: dict[str, Kind] = {}
    for day in dates(date(first, 1, 1), date(last + 1, 1, 1)):
        worked = known.is_working_day(day)
        if worked != (day.weekday() in workweek):
            days[day.isoformat()] = "work" if worked else "rest"
    return DayTable(
        calendar=code,
        source=f"holidays {version('holidays')}",
        workweek=workweek,
        years=(first, last),
        days=days,
        overrides=dict(overrides),
    )
