"""When a site serves: business hours, worked days, and one-off closures.

Instants are int milliseconds since the epoch, spans half-open, a day is a proleptic
ordinal (`date.toordinal`).
"""

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, time, tzinfo
from typing import Final, NamedTuple

from device_protocol.timestamps import instant_ms
from fleet.spans import difference, intersection, union

MINUTES_A_DAY: Final = 24 * 60
DAYS_AHEAD_MAX: Final = 40
"""No public holiday is longer; what never opens is asked about again then."""

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SPAN: Final = re.compile(r"(\d\d):(\d\d)\s*-\s*(\d\d):(\d\d)")
_DAYS: Final = re.compile(r"([a-z]{3})(?:\s*-\s*([a-z]{3}))?")

Minutes = tuple[tuple[int, int], ...]
Week = tuple[Minutes, ...]
"""Of each weekday (0: Monday) its spans in local minutes, sorted."""


class HoursError(ValueError):
    """Hours that cannot be read, and how to write them."""


class Span(NamedTuple):
    """A stretch of time in which a site is open, or closed."""

    is_open: bool
    since_ms: int
    until_ms: int


def read_hours(text: str) -> Week:
    """`09:00-12:00,13:30-17:00`, or by days: `mon-fri 09:00-17:00; sat 09:00-12:00`.

    Hours without days hold on Monday to Friday. A worked day that has no hours of its
    own (a make-up Sunday) has those of Monday.

    Raises:
        HoursError: it is neither.
    """
    week: list[Minutes] = [()] * 7
    for part in text.lower().split(";"):
        days, hours = _split(part.strip())
        for day in days:
            week[day] = tuple(sorted((*week[day], *hours)))
    return tuple(week)


def _split(part: str) -> tuple[Iterable[int], list[tuple[int, int]]]:
    found = _DAYS.match(part)
    days: Iterable[int] = range(5)
    if found:
        try:
            first = WEEKDAYS.index(found[1])
            last = WEEKDAYS.index(found[2] or found[1])
        except ValueError:
            raise HoursError(f"no weekday in {part!r}: write mon, tue, …") from None
        days = [day % 7 for day in range(first, last + 1 + 7 * (last < first))]
        part = part[found.end() :]
    return days, [_minutes(span.strip()) for span in part.split(",")]


def _minutes(text: str) -> tuple[int, int]:
    found = _SPAN.fullmatch(text)
    if found:
        hour, minute, to_hour, to_minute = map(int, found.groups())
        start, end = hour * 60 + minute, to_hour * 60 + to_minute
        if minute < 60 and to_minute < 60 and start < end <= MINUTES_A_DAY:  # noqa: PLR2004 -- of an hour
            return start, end
    raise HoursError(f"no hours: {text!r}; write 09:00-12:00,13:30-17:00")


class Opening:
    """The hours of one site, ready to answer; keeps nothing but its last answer.

    `working` tells of a day whether it is worked, `usual` whether that is so on each
    of its weekday; `closures` are spans in ms.
    Without a week the site is always open, but for its closures.
    """

    def __init__(
        self,
        week: Week | None,
        zone: tzinfo,
        working: Callable[[int], bool],
        closures: Sequence[tuple[int, int]] = (),
        usual: Callable[[int], bool] = lambda _: True,
    ) -> None:
        self._week = week
        self._zone = zone
        self._working = working
        self._closures = union(closures)
        self._usual = usual
        self._today = (0, 0, True)
        self._last = Span(is_open=True, since_ms=0, until_ms=0)

    def at(self, at_ms: int) -> Span:
        """The span that an instant lies in; its ends may be cut where it is long."""
        last = self._last
        if not last.since_ms <= at_ms < last.until_ms:
            last = self._last = self._find(at_ms)
        return last

    def is_usual(self, at_ms: int) -> bool:
        """Whether its day is as others of its weekday: no holiday, no make-up day."""
        since_ms, until_ms, usual = self._today
        if not since_ms <= at_ms < until_ms:
            day = self._day(at_ms)
            usual = self._usual(day)
            self._today = (self._instant(day, 0), self._instant(day + 1, 0), usual)
        return usual

    def close_of_day(self, after_ms: int, days: int) -> int:
        """The close of the last of so many days of service after an instant's day."""
        day = self._day(after_ms)
        for ordinal in range(day + 1, day + 1 + DAYS_AHEAD_MAX + days):
            spans = self._spans(ordinal)
            days -= bool(spans)
            if not days:
                return spans[-1][1]
        return self._instant(day + 1 + DAYS_AHEAD_MAX + days, 0)

    def serving(self, since_ms: int, until_ms: int) -> list[tuple[int, int]]:
        """All that it serves between two instants."""
        first, last = self._day(since_ms), self._day(max(since_ms, until_ms))
        hours = union(
            span for day in range(first, last + 1) for span in self._spans(day)
        )
        return intersection(hours, [(since_ms, until_ms)])

    def _find(self, at_ms: int) -> Span:
        day = self._day(at_ms)
        since_ms = self._closed_since(day)
        for ordinal in range(day, day + DAYS_AHEAD_MAX):
            for start_ms, end_ms in self._spans(ordinal):
                if at_ms < start_ms:
                    return Span(is_open=False, since_ms=since_ms, until_ms=start_ms)
                if at_ms < end_ms:
                    return Span(is_open=True, since_ms=start_ms, until_ms=end_ms)
                since_ms = end_ms
        end_ms = self._instant(day + DAYS_AHEAD_MAX, 0)
        return Span(is_open=False, since_ms=since_ms, until_ms=end_ms)

    def _closed_since(self, day: int) -> int:
        """The end of the last span before a day, as far back as it is looked for."""
        for ordinal in range(day - 1, day - 1 - DAYS_AHEAD_MAX, -1):
            spans = self._spans(ordinal)
            if spans:
                return spans[-1][1]
        return self._instant(day - DAYS_AHEAD_MAX, 0)

    def _spans(self, ordinal: int) -> list[tuple[int, int]]:
        """When the site serves on a local day, in ms; closures are cut out."""
        hours = [
            (self._instant(ordinal, start), self._instant(ordinal, end))
            for start, end in self._minutes_of(ordinal)
        ]
        return difference(hours, self._closures)

    def _minutes_of(self, ordinal: int) -> Minutes:
        if self._week is None:
            return ((0, MINUTES_A_DAY),)
        if not self._working(ordinal):
            return ()
        return self._week[(ordinal - 1) % 7] or self._week[0]

    def _day(self, at_ms: int) -> int:
        return datetime.fromtimestamp(at_ms / 1000, self._zone).toordinal()

    def _instant(self, ordinal: int, minute: int) -> int:
        day = date.fromordinal(ordinal + minute // MINUTES_A_DAY)
        at = time(minute % MINUTES_A_DAY // 60, minute % 60)
        return instant_ms(datetime.combine(day, at, self._zone))
