"""Days of a site, as plans count them: a day is a proleptic ordinal of its zone."""

from typing import Final, Literal, Protocol

DayUnit = Literal["natural", "working"]

DAYS_SEARCHED_MAX: Final = 8_000
"""A calendar without enough working days in twenty years is none."""


class Days(Protocol):
    """The calendar of a site; instants are in ms since the epoch."""

    def local_day(self, at_ms: int) -> int:
        """The local day of an instant."""
        ...

    def day_end(self, ordinal: int) -> int:
        """The exclusive end of a local day, 24:00."""
        ...

    def day(self, ordinal: int) -> tuple[bool, bool]:
        """Whether a day is worked, and whether that is estimated."""
        ...


def day_start(days: Days, day: int) -> int:
    """The first moment of a local day."""
    return days.day_end(day - 1)


def later(days: Days, day: int, count: int, unit: DayUnit) -> int:
    """The day so many days after one, which does not count."""
    return _walk(days, day, count, unit, 1)


def earlier(days: Days, day: int, count: int, unit: DayUnit) -> int:
    """The day so many days before one, which does not count."""
    return _walk(days, day, count, unit, -1)


def _walk(days: Days, day: int, count: int, unit: DayUnit, step: int) -> int:
    if unit == "natural":
        return day + step * count
    searched = 0
    while count:
        day += step
        searched += 1
        assert searched <= DAYS_SEARCHED_MAX, "a calendar without working days"
        count -= days.day(day)[0]
    return day
