"""The rules and the calendars that sessions were looked at under, by their numbers.

What a session was told last is not kept: it is worked out again from its facts, as of
then and under the terms of then. So terms once used are kept.
"""

from datetime import time
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from gateway.ledger.sessions import SessionBooks
from gateway.ratings.policy import SessionRules, session_rules
from gateway.ratings.workdays import MONDAY_TO_FRIDAY, Calendar, DayTable
from gateway.rules import Rules


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
TermsText = tuple[str, str]
"""Rules and day table as they are kept; "" where no record gave a table."""


def day_table(text: str | None) -> DayTable:
    """A day table in force; without a record of one Monday to Friday is worked."""
    return _SETTING.decode(text) if text else _Setting()


def terms_text(rules: Rules, calendar: str | None) -> TermsText:
    """The part of rules that sessions follow, and a day table's text."""
    kept = _Kept(session_rules(rules), rules.time_zone, rules.close_of_business)
    return msgspec.json.encode(kept).decode(), calendar or ""


def read_terms(text: TermsText) -> Terms:
    rules, calendar = text
    kept = _KEPT.decode(rules)
    close = (
        time.fromisoformat(kept.close_of_business) if kept.close_of_business else None
    )
    zone = ZoneInfo(kept.time_zone)
    return kept.rules, Calendar(day_table(calendar or None), zone, close)


class KeptTerms:
    """Numbers terms when a session is first looked at under them."""

    def __init__(self, books: SessionBooks) -> None:
        self._books = books
        self._rows = {number: (r, c) for number, r, c in books.terms()}
        self._numbers = {row: number for number, row in self._rows.items()}
        self._known: dict[int, Terms] = {}

    def number(self, text: TermsText) -> int:
        """The number of these terms, given when it is first asked for."""
        known = self._numbers.get(text)
        if known is None:
            self._numbers[text] = known = len(self._rows) + 1
            self._rows[known] = text
            self._books.add_terms(known, *text)
        return known

    def of(self, number: int) -> Terms:
        """The terms with this number."""
        found = self._known.get(number)
        if found is None:
            found = self._known[number] = read_terms(self._rows[number])
        return found
