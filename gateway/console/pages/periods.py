"""Stretches of time by the names that people use for them."""

from collections.abc import Callable
from datetime import date, datetime, timedelta, tzinfo
from typing import Final, NamedTuple

OWN: Final = "own"
"""From one date to another, both included."""

_MONTHS: Final = 12
_QUARTER: Final = 3
_WEEK: Final = timedelta(weeks=1)
_DAY: Final = timedelta(days=1)
_DAYS_FINE: Final = 2
_DAYS_DAILY: Final = 92


class Period(NamedTuple):
    """Half-open, by the calendar of whoever looks."""

    begin: date
    end: date

    def bounds(self, zone: tzinfo) -> dict[str, str]:
        """As the API's `from` and `to`."""
        return {"from": _instant(self.begin, zone), "to": _instant(self.end, zone)}

    @property
    def step(self) -> str:
        """The dimension in which its trend can be read."""
        days = (self.end - self.begin).days
        if days <= _DAYS_FINE:
            return "hour"
        return "day" if days <= _DAYS_DAILY else "month"

    @property
    def month(self) -> str | None:
        """2026-11, if it is just that month."""
        whole = self.begin.day == 1 and self.end == months_on(self.begin, 1)
        return f"{self.begin:%Y-%m}" if whole else None


def today_of(now_ms: int, zone: tzinfo) -> date:
    return datetime.fromtimestamp(now_ms / 1000, zone).date()


def named(name: str, today: date) -> Period:
    """Raises KeyError unless `name` is among `NAMES`."""
    return _PERIODS[name](today)


def own(begin: str | None, last: str | None, today: date) -> Period:
    """From a date to another, of what somebody wrote; what is no date is today."""
    first, final = _date(begin, today), _date(last, today)
    return Period(min(first, final), max(first, final) + _DAY)


def months_on(day: date, months: int) -> date:
    """The first of the month so many months after that of `day`."""
    index = day.year * _MONTHS + day.month - 1 + months
    return date(index // _MONTHS, index % _MONTHS + 1, 1)


def _date(text: str | None, otherwise: date) -> date:
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return otherwise


def _instant(day: date, zone: tzinfo) -> str:
    return datetime(day.year, day.month, day.day, tzinfo=zone).isoformat()


def _week(today: date) -> Period:
    monday = today - timedelta(days=today.weekday())
    return Period(monday, monday + _WEEK)


def _month(today: date, offset: int = 0) -> Period:
    return Period(months_on(today, offset), months_on(today, offset + 1))


def _quarter(today: date) -> Period:
    begin = months_on(today, -((today.month - 1) % _QUARTER))
    return Period(begin, months_on(begin, _QUARTER))


_PERIODS: Final[dict[str, Callable[[date], Period]]] = {
    "today": lambda today: Period(today, today + _DAY),
    "yesterday": lambda today: Period(today - _DAY, today),
    "week": _week,
    "last_week": lambda today: _week(today - _WEEK),
    "month": _month,
    "last_month": lambda today: _month(today, -1),
    "quarter": _quarter,
    "year": lambda today: Period(date(today.year, 1, 1), date(today.year + 1, 1, 1)),
}
NAMES: Final = (*_PERIODS, OWN)
