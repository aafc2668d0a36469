"""In which zone each rating was counted: that of its site when it got its ordinal.

A plain rating keeps no hour of its own; to take it back from the figures, its hour is
worked out again as it was then.
"""

from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from gateway.ledger.books import Books
from gateway.processing.memory.counting import LocalHours
from gateway.processing.memory.rulings import Rulings
from gateway.rules import Rules

ZONES: Final = "zones"
"""The setting that tells the gateway's zones, each from an ordinal on."""
SITE_ZONES: Final = "site_zones"
"""The setting that tells those of sites, where they have differed."""
_ZONES: Final = msgspec.json.Decoder(list[tuple[int, str]])
_SITE_ZONES: Final = msgspec.json.Decoder(dict[str, list[tuple[int, str]]])
_FIRST: Final = Rules().time_zone

Since = list[tuple[int, str]]
"""Zones by name, each from an ordinal on, the oldest first."""


class Zones:
    """The zones in force by ordinal; a site without its own has the gateway's."""

    def __init__(self, books: Books) -> None:
        self._books = books
        text, sites = books.setting(ZONES), books.setting(SITE_ZONES)
        self._gateway: Since = _ZONES.decode(text) if text else []
        self._sites: dict[str, Since] = _SITE_ZONES.decode(sites) if sites else {}
        self._hours: dict[str, LocalHours] = {}

    def hours_at(self, site: str | None, ordinal: int) -> LocalHours:
        """The local hours by which a rating of a site was counted."""
        name = self._at(site, ordinal)
        found = self._hours.get(name)
        if found is None:
            found = self._hours[name] = LocalHours(ZoneInfo(name))
        return found

    def keep(self, rulings: Rulings, ordinal: int, place: int) -> None:
        """Remember from which rating on the zones in force are those of figures."""
        zone = rulings.default.rules.time_zone
        if zone != self._at(None, ordinal):
            self._gateway.append((ordinal, zone))
            self._save(ZONES, self._gateway, place)
        told = False
        for site in sorted({*rulings.book.sites, *self._sites}):
            zone = rulings.book.at(site).rules.time_zone
            if zone != self._at(site, ordinal):
                self._sites.setdefault(site, []).append((ordinal, zone))
                told = True
        if told:
            self._save(SITE_ZONES, self._sites, place)

    def _at(self, site: str | None, ordinal: int) -> str:
        for since, zone in reversed(self._sites.get(site or "", ())):
            if since <= ordinal:
                return zone
        for since, zone in reversed(self._gateway):
            if since <= ordinal:
                return zone
        return _FIRST

    def _save(self, name: str, value: object, place: int) -> None:
        self._books.save_setting(name, msgspec.json.encode(value).decode(), place)
