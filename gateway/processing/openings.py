"""When each site serves, by the registry's tables and the day table in force."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, tzinfo
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from fleet.hours import HoursError, Opening, Week, read_hours
from fleet.spans import FOREVER
from fleet.tables import DEPTH_MAX
from gateway.ledger.books import Books
from gateway.ledger.devices import Devices
from gateway.ratings.workdays import WEEKDAYS, Calendar, DayTable

_TABLE: Final = msgspec.json.Decoder(DayTable)

Rows = Mapping[str, Mapping[str, Any]]


class _Tables(NamedTuple):
    """What hours are worked out from."""

    sites: Rows
    closures: Rows
    days: DayTable


class Openings:
    """The hours of sites, worked out when first asked for.

    What a site does not say holds as the site above it says; a site without hours, or
    with hours that nobody can read, is always open: better an alarm too many.
    """

    def __init__(self, books: Books, devices: Devices) -> None:
        self._books = books
        self._devices = devices
        self._zone: tzinfo = ZoneInfo("UTC")
        self.forget()

    def forget(self, zone: tzinfo | None = None) -> None:
        """Read the tables anew; `zone` is that of sites that name none."""
        self._zone = zone or self._zone
        self._openings: dict[str | None, Opening] = {}
        self._days: dict[str, Calendar] = {}
        self._known: _Tables | None = None

    def of(self, site: str | None) -> Opening:
        found = self._openings.get(site)
        if found is None:
            found = self._openings[site] = self._build(site)
        return found

    def days(self, site: str | None) -> Calendar:
        """The calendar of a site, in its zone."""
        zone = self._zone_of(self.line(site))
        found = self._days.get(str(zone))
        if found is None:
            found = self._days[str(zone)] = Calendar(self._tables().days, zone)
        return found

    def line(self, site: str | None) -> list[str]:
        """A site and those above it, the nearest first."""
        return list(_line(self._tables().sites, site))

    def _tables(self) -> _Tables:
        if self._known is None:
            self._known = _Tables(
                self._devices.registry("sites"),
                self._devices.registry("closures"),
                _day_table(self._books.setting("calendar")),
            )
        return self._known

    def _build(self, site: str | None) -> Opening:
        line = self.line(site)
        zone = self._zone_of(line)
        days = self.days(site)
        week = _week(_first(line, self._tables().sites, "hours"))
        return Opening(
            week,
            zone,
            lambda ordinal: days.day(ordinal).working,
            list(self._closed(line, zone)),
        )

    def _zone_of(self, line: list[str]) -> tzinfo:
        name = _first(line, self._tables().sites, "time_zone")
        try:
            return ZoneInfo(name) if name else self._zone
        except (KeyError, ValueError, OSError):
            return self._zone

    def _closed(self, line: list[str], zone: tzinfo) -> Iterator[tuple[int, int]]:
        for row in self._tables().closures.values():
            if row.get("site") in line:
                since_ms = _instant(row.get("from"), zone)
                until_ms = _instant(row.get("to"), zone)
                if since_ms is not None:
                    yield since_ms, FOREVER if until_ms is None else until_ms


def _day_table(text: str | None) -> DayTable:
    """The table in force; what is none leaves Monday to Friday."""
    try:
        return _TABLE.decode(text) if text else WEEKDAYS
    except msgspec.MsgspecError:
        return WEEKDAYS


def _line(sites: Rows, site: str | None) -> Iterator[str]:
    """A site and those above it."""
    for _ in range(DEPTH_MAX):
        if not site:
            return
        yield site
        site = sites.get(site, {}).get("parent")


def _first(line: list[str], sites: Rows, column: str) -> str | None:
    """What the nearest of these sites says in a column."""
    for site in line:
        value: str | None = sites.get(site, {}).get(column)
        if value:
            return value
    return None


def _week(text: str | None) -> Week | None:
    try:
        return read_hours(text) if text else None
    except HoursError:
        return None


def _instant(text: str | None, zone: tzinfo) -> int | None:
    """A date is its local midnight; None: no time at all."""
    if not text:
        return None
    try:
        moment = datetime.combine(date.fromisoformat(text), datetime.min.time(), zone)
    except ValueError:
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            return None
    return int(moment.timestamp() * 1000) if moment.tzinfo else None
