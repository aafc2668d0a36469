"""Working days, and deadlines that are counted in them.

Source: rating rules, "Session lifecycle", working days. A day is a proleptic ordinal
(`date.toordinal`), an instant int milliseconds since the epoch.
"""

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Annotated, Final, Literal, NamedTuple

import msgspec

from device_protocol.timestamps import instant_ms
from fleet.days import DayUnit

Kind = Literal["work", "rest"]
SaidBy = Literal["override", "published", "week", "estimate"]
Weekday = Annotated[int, msgspec.Meta(ge=0, le=6)]

MONDAY_TO_FRIDAY: Final = (0, 1, 2, 3, 4)
QUARTER_MS: Final = 15 * 60_000  # every zone's midnight falls on a quarter of an hour
DAYS_SEARCHED_MAX: Final = 4_000
"""A table without a working day in eleven years is no table."""
_CACHED_MAX: Final = 65_536


class DayTable(msgspec.Struct, frozen=True, kw_only=True):
    """The day table in force, as a record: which days are worked, and who says so.

    `days` holds only what differs from `workweek` (0: Monday): ISO date to "work" or
    "rest". `years` are those with published data, first and last; None: all, because
    the calendar is the week alone. `overrides` are the operator's days and win.
    """

    calendar: str
    source: str = ""
    workweek: tuple[Weekday, ...] = MONDAY_TO_FRIDAY
    years: tuple[int, int] | None = None
    days: dict[str, Kind] = msgspec.field(default_factory=dict)
    overrides: dict[str, Kind] = msgspec.field(default_factory=dict)


WEEKDAYS: Final = DayTable(calendar="weekdays", source="Monday to Friday")


class Day(NamedTuple):
    """`estimated`: nobody has published this day's year, nor overridden the day."""

    working: bool
    estimated: bool


class Deadline(NamedTuple):
    """The exclusive end, and whether a day that it rests on is estimated."""

    at_ms: int
    estimated: bool


class Counted(NamedTuple):
    """The local days that a deadline was counted over: those that count, the others."""

    counted: tuple[int, ...]
    skipped: tuple[int, ...]


class Calendar:
    """A day table, its zone and closing time, ready to answer; holds no other state.

    `close` is the local close of business that ends a deadline's last day; None: the
    day's own end, 24:00.
    """

    def __init__(
        self, table: DayTable, zone: tzinfo, close: time | None = None
    ) -> None:
        self.table, self.zone, self.close = table, zone, close
        self._workweek = frozenset(table.workweek)
        self._published = _by_ordinal(table.days)
        self._overrides = _by_ordinal(table.overrides)
        self._quarter: tuple[int, int] = (-1, 0)
        self._ends: dict[tuple[int, int, str], Deadline] = {}

    def day(self, ordinal: int) -> Day:
        """Whether a day is worked."""
        override = self._overrides.get(ordinal)
        if override is not None:
            return Day(override, estimated=False)
        weekday = (ordinal - 1) % 7
        years = self.table.years
        if years and not years[0] <= date.fromordinal(ordinal).year <= years[1]:
            return Day(weekday in MONDAY_TO_FRIDAY, estimated=True)
        published = self._published.get(ordinal)
        worked = weekday in self._workweek if published is None else published
        return Day(worked, estimated=False)

    def is_usual(self, ordinal: int) -> bool:
        """Whether a day is worked, or not, as its weekday is in any other week."""
        return self.day(ordinal).working is ((ordinal - 1) % 7 in self._workweek)

    def local_day(self, at_ms: int) -> int:
        """The local day of an instant; worked out once a quarter of an hour."""
        quarter = at_ms // QUARTER_MS
        known, ordinal = self._quarter
        if quarter != known:
            moment = datetime.fromtimestamp(at_ms / 1000, self.zone)
            ordinal = moment.toordinal()
            self._quarter = (quarter, ordinal)
        return ordinal

    def deadline(self, event_ms: int, days: int, unit: DayUnit = "working") -> Deadline:
        """The end of `days` days after an event; its own day does not count."""
        return self.deadline_of_day(self.local_day(event_ms), days, unit)

    def deadline_of_day(
        self, ordinal: int, days: int, unit: DayUnit = "working"
    ) -> Deadline:
        """As `deadline`, from the local day of the event."""
        asked = (ordinal, days, unit)
        known = self._ends.get(asked)
        if known is None:
            if len(self._ends) >= _CACHED_MAX:
                self._ends.clear()
            known = self._ends[asked] = self._count(*asked)
        return known

    def days_of(self, event_ms: int, days: int, unit: DayUnit = "working") -> Counted:
        """The days that `deadline` counts, and those that it passes over."""
        first = self.local_day(event_ms)
        if unit == "natural":
            return Counted(tuple(range(first + 1, first + 1 + days)), ())
        counted = tuple(day for day, _ in self._working_after(first, days))
        last = counted[-1] if counted else first
        between = range(first + 1, last)
        return Counted(counted, tuple(day for day in between if day not in counted))

    def said_by(self, ordinal: int) -> SaidBy:
        """Who says whether a day is worked."""
        if ordinal in self._overrides:
            return "override"
        if self.day(ordinal).estimated:
            return "estimate"
        return "published" if ordinal in self._published else "week"

    def day_end(self, ordinal: int) -> int:
        """The exclusive end of a local day, 24:00, in ms."""
        return self._instant(ordinal + 1, time())

    def _count(self, ordinal: int, days: int, unit: str) -> Deadline:
        estimated = False
        last = ordinal + days
        if unit == "working":
            last, estimated = self._last_of(ordinal, days)
        if self.close is None:
            return Deadline(self.day_end(last), estimated)
        return Deadline(self._instant(last, self.close), estimated)

    def _last_of(self, ordinal: int, days: int) -> tuple[int, bool]:
        estimated, last = False, ordinal
        for candidate in self._working_after(ordinal, days):
            last, guessed = candidate
            estimated = estimated or guessed
        return last, estimated

    def _working_after(self, ordinal: int, days: int) -> Iterator[tuple[int, bool]]:
        """The next working days; True with one that an estimated day lay before."""
        guessed = False
        for candidate in range(ordinal + 1, ordinal + 1 + DAYS_SEARCHED_MAX):
            if not days:
                return
            working, estimated = self.day(candidate)
            guessed = guessed or estimated
            if working:
                days -= 1
                yield candidate, guessed
        assert not days, "a day table without working days"

    def _instant(self, ordinal: int, at: time) -> int:
        # The first of a time that comes twice; of one that never comes, the jump.
        local = datetime.combine(date.fromordinal(ordinal), at, self.zone)
        first_ms, after_ms = instant_ms(local), instant_ms(local.replace(fold=1))
        if first_ms <= after_ms:
            return first_ms
        between, then = range(after_ms, first_ms), self._offset(first_ms)
        return after_ms + bisect_left(between, then, key=self._offset)

    def _offset(self, at_ms: int) -> timedelta:
        offset = datetime.fromtimestamp(at_ms / 1000, self.zone).utcoffset()
        assert offset is not None
        return offset


def _by_ordinal(days: Mapping[str, str]) -> dict[int, bool]:
    return {
        date.fromisoformat(day).toordinal(): kind == "work"
        for day, kind in days.items()
    }


def dates(since: date, until: date) -> Iterator[date]:
    """The days from one date up to another, which is left out."""
    for offset in range((until - since).days):
        yield since + timedelta(offset)
