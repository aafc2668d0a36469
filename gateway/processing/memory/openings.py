"""When each site serves, by the registry's tables and the day table in force."""

from collections.abc import Iterator, Mapping
from datetime import tzinfo
from typing import Any

from fleet.hours import HoursError, Opening, Week, read_hours
from fleet.spans import FOREVER
from fleet.tables import moment_ms
from gateway.ledger.devices import Device, Devices
from gateway.processing.memory.rulings import Rulings
from gateway.ratings.workdays import Calendar

Rows = Mapping[str, Mapping[str, Any]]


class Openings:
    """The hours of sites, worked out when first asked for.

    What a site does not say holds as the site above it says; a site without hours, or
    with hours that nobody can read, is always open: better an alarm too many.
    """

    def __init__(self, rulings: Rulings, devices: Devices) -> None:
        self._rulings = rulings
        self._devices = devices
        self.forget()

    def forget(self) -> None:
        """Read the tables anew."""
        self._openings: dict[str | None, Opening] = {}
        self._closures: Rows | None = None

    def of(self, site: str | None) -> Opening:
        found = self._openings.get(site)
        if found is None:
            found = self._openings[site] = self._build(site)
        return found

    def serves(self, device: Device, at_ms: int) -> bool:
        """Whether a device's site is open at a moment; remembers how long it is."""
        span = self.of(device.site).at(at_ms)
        if span.is_open:
            device.open_since_ms, device.open_until_ms = span.since_ms, span.until_ms
        return span.is_open

    def days(self, site: str | None) -> Calendar:
        """The calendar of a site, in its zone."""
        return self._rulings[site].calendar

    def line(self, site: str | None) -> list[str]:
        """A site and those above it, the nearest first."""
        return self._rulings.book.line(site)

    def closed_until(self, site: str, at_ms: int) -> int | None:
        """When the closure ends that a site is in; None: it is in none."""
        spans = self._closed(self.line(site), self.days(site).zone)
        ends = [until for since, until in spans if since <= at_ms < until]
        return max(ends, default=None)

    def _build(self, site: str | None) -> Opening:
        days = self.days(site)
        week = _week(self._rulings.book.column(site, "hours"))
        return Opening(
            week,
            days.zone,
            lambda ordinal: days.day(ordinal).working,
            list(self._closed(self.line(site), days.zone)),
            days.is_usual,
        )

    def _closed(self, line: list[str], zone: tzinfo) -> Iterator[tuple[int, int]]:
        if self._closures is None:
            self._closures = self._devices.registry("closures")
        for row in self._closures.values():
            if row.get("site") in line:
                since_ms = _instant(row.get("from"), zone)
                until_ms = _instant(row.get("to"), zone)
                if since_ms is not None:
                    yield since_ms, FOREVER if until_ms is None else until_ms


def _week(text: str | None) -> Week | None:
    try:
        return read_hours(text) if text else None
    except HoursError:
        return None


def _instant(text: str | None, zone: tzinfo) -> int | None:
    """None where there is no time, or none that makes sense: files are not checked."""
    try:
        return moment_ms(text, zone) if text else None
    except (ValueError, OverflowError):
        return None
