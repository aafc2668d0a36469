"""Which rules hold at a site: key by key its own, else the nearest site's above it.

Source: rating rules, first paragraph ("settable per site"), and "Session lifecycle",
working days. Sites are a tree; what no site of a line says holds as the gateway says.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from fleet.tables import DEPTH_MAX
from gateway.ratings.flags import table_errors
from gateway.ratings.workdays import Kind
from gateway.rules import Rules

GATEWAY_KEYS: Final = frozenset(
    {"event_age_days_max", "unknown_devices", "root", "employee_tag"}
)
"""Rules of which there is one for all: identities and topics know no site."""
SITE_KEYS: Final = tuple(
    name for name in Rules.__struct_fields__ if name not in GATEWAY_KEYS
)
CALENDAR_DAYS: Final = "calendar_days"
"""A site's own days, ISO date to "work" or "rest": they win over its calendar's."""
_CALENDAR: Final = re.compile(r"china|weekdays|[A-Za-z]{2}")

Own = Mapping[str, Any]
"""Rules by their names, of one site."""


class RulebookError(ValueError):
    """Rules of a site that cannot hold, and why."""


class InForce(NamedTuple):
    """The rules of a site; `days`: its own ones, None: those of its calendar."""

    rules: Rules
    days: Mapping[str, Kind] | None


def calendar_id(text: str | None) -> str | None:
    """The calendar that is meant: `china`, `weekdays` or `DE`; None: no such."""
    if not text or not _CALENDAR.fullmatch(text):
        return None
    return text if text in {"china", "weekdays"} else text.upper()


class Rulebook:
    """The rules of the gateway, of its sites, and the tree of those; never changes.

    `rows` are those of the table of sites, by their ids.
    """

    def __init__(
        self,
        rules: Rules,
        sites: Mapping[str, Own],
        rows: Mapping[str, Mapping[str, Any]],
    ) -> None:
        self.rules = rules
        self.gateway = InForce(rules, None)
        self._sites, self._rows = sites, rows

    @property
    def sites(self) -> set[str]:
        """The sites that anything is said of."""
        return {*self._sites, *self._rows}

    def differ(self, names: Collection[str]) -> bool:
        """Whether any site has any of these rules of its own."""
        return any(not own.keys().isdisjoint(names) for own in self._sites.values())

    def zones(self) -> dict[str, set[str]]:
        """Sites whose zone is not the gateway's, by zone."""
        found: dict[str, set[str]] = {}
        for site in self.sites:
            zone = self.at(site).rules.time_zone
            if zone != self.rules.time_zone:
                found.setdefault(zone, set()).add(site)
        return found

    def line(self, site: str | None) -> list[str]:
        """A site and those above it, the nearest first."""
        return list(self._line(site))

    def column(self, site: str | None, name: str) -> str | None:
        """What the nearest row of the table of sites says in a column."""
        found = (self._rows.get(one, {}).get(name) for one in self._line(site))
        return next((value for value in found if value), None)

    def at(self, site: str | None) -> InForce:
        """The rules of a site; sites without any of their own share the gateway's."""
        own: dict[str, Any] = {}
        for one in reversed(self.line(site)):
            own |= self._sites.get(one, {})
            own |= _said(self._rows.get(one, {}))
        if not own:
            return self.gateway
        days = own.pop(CALENDAR_DAYS, None)
        return InForce(_ruled(self.rules, own), days)

    def over(self, sites: Iterable[str | None]) -> InForce:
        """The rules of the nearest site that all of these lie under, itself one."""
        lines = [self.line(site)[::-1] for site in set(sites)]
        shared = None
        for steps in zip(*lines, strict=False):
            if len(set(steps)) > 1:
                break
            shared = steps[0]
        return self.at(shared)

    def _line(self, site: str | None) -> Iterator[str]:
        for _ in range(DEPTH_MAX):
            if not site:
                return
            yield site
            site = self._rows.get(site, {}).get("parent")


def check_rules(rules: Rules, sites: Mapping[str, Own]) -> None:
    """Whether these rules of sites can hold.

    Raises:
        RulebookError: one cannot; it names site and key.
    """
    for site, own in sites.items():
        for name in own:
            if name not in {*SITE_KEYS, CALENDAR_DAYS}:
                raise RulebookError(f"{site}: {name} is no rule of a site")
        try:
            msgspec.convert(own.get(CALENDAR_DAYS), dict[str, Kind] | None)
            others = {name: own[name] for name in own.keys() - {CALENDAR_DAYS}}
            found = _ruled(rules, others)
            ZoneInfo(found.time_zone)
        except (msgspec.ValidationError, LookupError, ValueError, OSError) as error:
            raise RulebookError(f"{site}: {error}") from None
        wrong = table_errors(found.excluding_flags)
        if wrong or not calendar_id(found.calendar):
            detail = wrong[0] if wrong else f"no calendar {found.calendar!r}"
            raise RulebookError(f"{site}: {detail}")


def _ruled(rules: Rules, own: Own) -> Rules:
    return msgspec.convert({**msgspec.to_builtins(rules), **own}, Rules)


def _said(row: Mapping[str, Any]) -> dict[str, str]:
    """What a row of the table of sites rules; what makes no sense says nothing."""
    said = {}
    zone, calendar = row.get("time_zone"), calendar_id(row.get("calendar"))
    if zone and _is_zone(zone):
        said["time_zone"] = zone
    if calendar is not None:
        said["calendar"] = calendar
    return said


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (LookupError, ValueError, OSError):
        return False
    return True
