"""Periods of a site's calendar: their names, their bounds, and which came before.

`2026-11-21`, `2026-W47` (weeks begin on Monday, ISO 8601), `2026-11`, `2026-Q4`,
`2026`, hours "00" to "23", weekdays 1 (Monday) to 7. Instants are ms, spans half-open.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta, tzinfo
from types import MappingProxyType
from typing import Final, NamedTuple

from device_protocol.timestamps import instant_ms
from gateway.ratings.workdays import QUARTER_MS

_QUARTER_MONTHS: Final = 3
_DECEMBER: Final = 12
_WEEK: Final = re.compile(r"(\d{4})-W(\d{2})")
_MONTH: Final = re.compile(r"(\d{4})-(\d{2})")
_QUARTER: Final = re.compile(r"(\d{4})-Q([1-4])")
_YEAR: Final = re.compile(r"(\d{4})")
_DAY_LETTERS: Final = 10


class Moment(NamedTuple):
    """The local day and hour of an instant, and the weekday from 1 (Monday)."""

    day: date
    hour: int

    @property
    def hour_name(self) -> str:
        return f"{self.hour:02d}"

    @property
    def weekday(self) -> int:
        return self.day.isoweekday()


class LocalTime:
    """Instants as local days and hours; worked out once a quarter of an hour."""

    def __init__(self, zone: tzinfo) -> None:
        self.zone = zone
        self._quarter, self._moment = -1, Moment(date.min, 0)

    def at(self, instant: int) -> Moment:
        """The local day and hour of an instant in ms."""
        quarter = instant // QUARTER_MS
        if quarter != self._quarter:
            local = datetime.fromtimestamp(instant / 1000, self.zone)
            self._quarter, self._moment = quarter, Moment(local.date(), local.hour)
        return self._moment

    def begin_ms(self, day: date) -> int:
        """When a local day begins."""
        midnight = datetime(day.year, day.month, day.day, tzinfo=self.zone)
        return instant_ms(midnight)


def week_name(day: date) -> str:
    """Such as `2026-W53` of 1 January 2027."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02d}"


def quarter_name(day: date) -> str:
    """Such as `2026-Q4`."""
    return f"{day.year}-Q{(day.month - 1) // _QUARTER_MONTHS + 1}"


NAMES: Final[Mapping[str, Callable[[date], str]]] = MappingProxyType(
    {
        "day": date.isoformat,
        "week": week_name,
        "month": lambda day: f"{day:%Y-%m}",
        "quarter": quarter_name,
        "year": lambda day: f"{day.year:04d}",
    }
)
"""How each unit of the calendar names the period of a day."""


def name_of(unit: str, moment: Moment) -> str | int:
    """The key of a moment in a dimension of time; a weekday is a number."""
    if unit == "hour":
        return moment.hour_name
    if unit == "weekday":
        return moment.weekday
    return NAMES[unit](moment.day)


class Period(NamedTuple):
    """Local days, the last one left out."""

    first: date
    end: date


def period(name: str) -> Period:
    """The days of a period by its name.

    Raises:
        ValueError: it names none; the message says what does.
    """
    try:
        if len(name) == _DAY_LETTERS:
            day = date.fromisoformat(name)
            return Period(day, day + timedelta(1))
        if match := _WEEK.fullmatch(name):
            monday = date.fromisocalendar(int(match[1]), int(match[2]), 1)
            return Period(monday, monday + timedelta(7))
        if match := _MONTH.fullmatch(name):
            return _months(date(int(match[1]), int(match[2]), 1), 1)
        if match := _QUARTER.fullmatch(name):
            return _months(date(int(match[1]), int(match[2]) * 3 - 2, 1), 3)
        if match := _YEAR.fullmatch(name):
            return _months(date(int(match[1]), 1, 1), 12)
    except ValueError:
        pass
    raise ValueError(
        f"{name!r} names no period:"
        " write 2026-11-21, 2026-W47, 2026-11, 2026-Q4 or 2026"
    )


def previous(span: Period) -> Period:
    """The period of the same kind before it: whole months, else as many days."""
    first, end = span
    if first.day == 1 and end.day == 1:
        months = (end.year - first.year) * _DECEMBER + end.month - first.month
        return Period(_shifted(first, -months), first)
    return Period(first - (end - first), first)


def _months(first: date, count: int) -> Period:
    return Period(first, _shifted(first, count))


def _shifted(first: date, months: int) -> date:
    number = first.year * _DECEMBER + first.month - 1 + months
    return date(number // _DECEMBER, number % _DECEMBER + 1, 1)
