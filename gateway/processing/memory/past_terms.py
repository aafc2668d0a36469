"""Under which terms each site's windows of amendment were open, and ended.

Nothing looks at a session when its window ends. So that rules or a calendar which come
into force later neither open it again nor part what was one session, the terms of each
time are remembered.
"""

from collections.abc import Iterable, Iterator
from itertools import zip_longest
from typing import Final

import msgspec

from gateway.ledger.books import Books
from gateway.processing.memory.terms import KeptTerms, Terms
from gateway.ratings.facts import Fixed
from gateway.ratings.grouping import implied_until

PAST_TERMS: Final = "past_terms"
"""The setting that keeps the terms of the gateway (""), and those of sites."""
CHANGES_MAX: Final = 64
"""Changes of one site that are remembered: the oldest are forgotten."""
_PAST: Final = msgspec.json.Decoder(dict[str, list[tuple[int, int]]])

Since = list[tuple[int, int]]
"""Numbers of terms, each from a moment of the journal on, the oldest first."""


class PastTerms:
    """The terms that were in force; a site without its own has the gateway's."""

    def __init__(self, books: Books, kept: KeptTerms) -> None:
        self._books, self._kept = books, kept
        text = books.setting(PAST_TERMS)
        self._past: dict[str, Since] = _PAST.decode(text) if text else {}

    @property
    def begun(self) -> bool:
        """Whether any terms are remembered."""
        return bool(self._past)

    def keep(self, now: dict[str, int], now_ms: int, place: int) -> None:
        """Remember that from now on these terms hold, by site; "" is the gateway."""
        told = False
        general = list(self._past.get("", ()))  # as it was: a site may part from it now
        for site in sorted({*now, *self._past}):
            known = self._past.get(site) or general
            number = now.get(site, now[""])
            if not known or known[-1][1] != number:
                own = self._past.setdefault(site, list(known))
                own.append((now_ms, number))
                del own[:-CHANGES_MAX]
                told = True
        if told:
            text = msgspec.json.encode(dict(sorted(self._past.items()))).decode()
            self._books.save_setting(PAST_TERMS, text, place)

    def ended(self, site: str, first_ms: int) -> Fixed | None:
        """The window of amendment that was over before the terms, or when they changed.

        None: the terms of now say when it ends.
        """
        for since_ms, over_ms, (rules, calendar) in self._since(site, first_ms):
            days = rules.amend_window_days
            end = calendar.deadline(first_ms, days, rules.day_unit)
            if end.at_ms <= over_ms:
                at_ms = max(end.at_ms, since_ms)
                return Fixed(first_ms, days, at_ms, end.estimated, "amendment")
        return None

    def implied_ended(self, site: str, firsts: Iterable[int]) -> dict[int, int]:
        """As `ended`, of sessions that presses imply: by the moments of these."""
        ends = {first_ms: self._implied_end(site, first_ms) for first_ms in firsts}
        return {ms: end_ms for ms, end_ms in ends.items() if end_ms is not None}

    def _implied_end(self, site: str, first_ms: int) -> int | None:
        for since_ms, over_ms, terms in self._since(site, first_ms):
            end_ms = implied_until(first_ms, *terms)
            if end_ms <= over_ms:
                return max(end_ms, since_ms)
        return None

    def _since(self, site: str, first_ms: int) -> Iterator[tuple[int, int, Terms]]:
        """The terms since a moment: when they began, and by when a window was over.

        That is when they ended; of those of now, as they began: a window that they
        leave behind ends then, and what was pressed before was pressed in time. Nothing
        when they never changed since.
        """
        past = self._past.get(site) or self._past.get("", [])
        if not past or past[-1][0] <= first_ms:
            return
        for (since_ms, number), later in zip_longest(past, past[1:]):
            until_ms = None if later is None else later[0]
            if until_ms is None or until_ms > first_ms:
                over_ms = since_ms if until_ms is None else until_ms
                yield since_ms, over_ms, self._kept.of(number)
