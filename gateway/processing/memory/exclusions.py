"""Which flags keep ratings out of the verified figures: by the table of their time.

A rating is judged by the table that its site had when it got its ordinal: a later one
rewrites no figure.
"""

from collections.abc import Collection
from typing import Final

import msgspec

from gateway.ledger.books import Books
from gateway.processing.memory.rulings import Rulings
from gateway.ratings.flags import EXCLUDING, keeps_out

EXCLUSIONS: Final = "exclusions"
"""The setting that keeps all tables of the gateway (""), and those of sites."""
_TABLES: Final = msgspec.json.Decoder(dict[str, list[tuple[int, frozenset[str]]]])

Since = list[tuple[int, frozenset[str]]]
"""Tables, each from an ordinal on, the oldest first."""


class Exclusions:
    """The tables in force by ordinal; a site without its own has the gateway's."""

    def __init__(self, books: Books) -> None:
        self._books = books
        text = books.setting(EXCLUSIONS)
        self._tables: dict[str, Since] = _TABLES.decode(text) if text else {}

    def keep_out(self, flags: Collection[str], site: str | None, ordinal: int) -> bool:
        """Whether the flags of a site's rating with this ordinal exclude it."""
        return bool(flags) and keeps_out(flags, self.at(site or "", ordinal))

    def keep(self, rulings: Rulings, ordinal: int, place: int) -> None:
        """Remember from which rating on the tables in force hold."""
        told = False
        for site in sorted({"", *rulings.book.sites, *self._tables}):
            table = frozenset(rulings.book.at(site).rules.excluding_flags)
            if table != self.at(site, ordinal):
                self._tables.setdefault(site, []).append((ordinal, table))
                told = True
        if told:
            rows = {
                site: [(since, sorted(table)) for since, table in some]
                for site, some in sorted(self._tables.items())
            }
            text = msgspec.json.encode(rows).decode()
            self._books.save_setting(EXCLUSIONS, text, place)

    def at(self, site: str, ordinal: int) -> frozenset[str]:
        """The table by which a rating of a site is judged."""
        for name in dict.fromkeys((site, "")):
            for since, table in reversed(self._tables.get(name, ())):
                if since <= ordinal:
                    return table
        return EXCLUDING
