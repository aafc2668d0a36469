"""Under which terms each site's windows of amendment were open, and ended.

Nothing looks at a session when its window ends. So that rules or a calendar which come
into force later do not open it again, the terms of each time are remembered.
"""

from itertools import pairwise
from typing import Final

import msgspec

from gateway.ledger.books import Books
from gateway.processing.memory.terms import KeptTerms
from gateway.ratings.facts import Fixed

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
        """The end of a window that was over before the terms changed; None: of none."""
        past = self._past.get(site) or self._past.get("", [])
        for (_, number), (until_ms, _) in pairwise(past):
            if until_ms <= first_ms:
                continue
            rules, calendar = self._kept.of(number)
            days = rules.amend_window_days
            end = calendar.deadline(first_ms, days, rules.day_unit)
            if end.at_ms <= until_ms:
                return Fixed(first_ms, days, *end, "amendment")
        return None
