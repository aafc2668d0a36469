"""The rules and the calendar that sessions are looked at under, now and before.

What a session was told last is not kept: it is worked out again from its facts, as of
then and under the terms of then. So terms once used are kept.
"""

from datetime import time
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from gateway.ledger.sessions import SessionBooks
from gateway.ratings.policy import SessionRules, session_rules
from gateway.ratings.workdays import (
    MONDAY_TO_FRIDAY,
    Calendar,
    DayTable,
    Deadline,
)
from gateway.rules import Rules

Mode = str


class _Kept(msgspec.Struct, frozen=True):
    """Terms as they are kept."""

    rules: SessionRules
    time_zone: str
    close_of_business: str


class _Setting(DayTable, frozen=True, kw_only=True):
    """The setting `calendar`: a day table, or before there was one an override."""

    calendar: str = "weekdays"
    workweek: tuple[int, ...] = MONDAY_TO_FRIDAY  # as it was written, without a bound


_KEPT: Final = msgspec.json.Decoder(_Kept)
_SETTING: Final = msgspec.json.Decoder(_Setting)
Terms = tuple[SessionRules, Calendar]


def day_table(text: str | None) -> DayTable:
    """The day table in force; without a record of one Monday to Friday is worked."""
    return _SETTING.decode(text) if text else _Setting()


class TermsInForce:
    """Numbers the terms; those in force are kept when a session is first looked at."""

    def __init__(self, books: SessionBooks) -> None:
        """Holds what was kept before; `apply` puts terms in force."""
        self._books = books
        self._rows = {number: (r, c) for number, r, c in books.terms()}
        self._numbers = {row: number for number, row in self._rows.items()}
        self._known: dict[int, Terms] = {}
        self._modes: dict[str, SessionRules] = {}
        self._number: int | None = None

    def apply(self, rules: Rules, calendar: str | None) -> None:
        """Put other rules, or another calendar, in force."""
        kept = _Kept(session_rules(rules), rules.time_zone, rules.close_of_business)
        self._text = (msgspec.json.encode(kept).decode(), calendar or "")
        self._number = self._numbers.get(self._text)
        self.rules, self.calendar = _read(*self._text)
        self._modes.clear()

    def number(self) -> int:
        """The number of the terms in force."""
        if self._number is None:
            self._number = number = len(self._rows) + 1
            self._rows[number] = self._text
            self._numbers[self._text] = number
            self._books.add_terms(number, *self._text)
        return self._number

    def deadline(self, since_ms: int, days: int) -> Deadline:
        """The end of so many days, counted as the rules in force say."""
        return self.calendar.deadline(since_ms, days, self.rules.day_unit)

    def of(self, number: int) -> Terms:
        """The terms with this number."""
        if number == self._number:
            return self.rules, self.calendar
        found = self._known.get(number)
        if found is None:
            found = self._known[number] = _read(*self._rows[number])
        return found

    def with_mode(self, mode: str) -> SessionRules:
        """The rules in force for a terminal whose profile says how sessions begin."""
        if mode == self.rules.session_mode:
            return self.rules
        found = self._modes.get(mode)
        if found is None:
            found = msgspec.structs.replace(self.rules, session_mode=mode)
            self._modes[mode] = found
        return found


def _read(rules: str, calendar: str) -> Terms:
    kept = _KEPT.decode(rules)
    close = (
        time.fromisoformat(kept.close_of_business) if kept.close_of_business else None
    )
    zone = ZoneInfo(kept.time_zone)
    return kept.rules, Calendar(day_table(calendar or None), zone, close)
