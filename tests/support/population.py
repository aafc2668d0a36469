"""Services that a test made up, the sites where they were, and what is asked of them.

Source of what holds where: docs/rating-rules.md, "Sites".
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

LEVELS: Final = (1, 2, 3, 4, 5)
GATEWAY_ZONE: Final = "Asia/Shanghai"


@dataclass(frozen=True)
class Site:
    """A site with its clocks, the one above it, and what it says of figures itself."""

    name: str
    parent: str | None = None
    zone: str | None = None
    rules: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Scale:
    """The scale of some terminals, and what its levels score."""

    name: str
    scores: Mapping[int, Decimal]


@dataclass(frozen=True)
class Service:
    """One customer's service as whoever stood there would tell it."""

    number: int
    device: str
    site: str
    department: str
    employee: str
    at_ms: int  # its end; without one, the press
    ended: bool
    invited: bool
    level: int | None
    amended: int | None
    hurried: bool  # answered before the question could be read
    void: bool
    items: tuple[tuple[str, int], ...]
    reasons: tuple[str, ...]
    shared: str | None
    skipped: int  # presses of the terminal that were lost before this one
    service: str | None = None  # its code; only events of a session tell it
    medium: str = "terminal"
    origin: str = "customer"
    closed: str | None = None  # nobody was to rate: cancelled, not_eligible
    reason: str | None = None  # why nobody rated, as its end tells
    told_ms: int = 0  # when the gateway hears of it
    rated_ms: int = 0  # when it hears of its rating

    @property
    def window(self) -> str:
        return f"w-{self.department}"


_UNHEARD: Final[Mapping[str, Any]] = {
    "level": None,
    "amended": None,
    "void": False,
    "items": (),
    "reasons": (),
}
"""A service of which no rating is known."""


@dataclass(frozen=True)
class Question:
    """What is asked of `/statistics`."""

    group_by: tuple[str, ...]
    from_ms: int | None = None
    to_ms: int | None = None
    filters: Mapping[str, str] = field(default_factory=dict)
    include_flagged: bool = False
    shown: Mapping[str, Any] = field(default_factory=dict)  # rules named by the asker
    previous_days: int | None = None


@dataclass(frozen=True)
class World:
    """The sites, the services, and whether an unanswered one gets a default.

    Without `as_of_ms` every deadline has passed.
    """

    sites: Mapping[str, Site]
    services: Sequence[Service]
    default_level: int | None
    as_of_ms: int | None = None
    scales: Mapping[str, Scale] = field(default_factory=dict)  # by device

    def heard(self, as_of_ms: int) -> "World":
        """What was known of it by then."""
        known = [
            one if one.rated_ms <= as_of_ms else replace(one, **_UNHEARD)
            for one in self.services
            if one.told_ms <= as_of_ms
        ]
        return replace(self, services=known, as_of_ms=as_of_ms)

    def line(self, site: str | None) -> list[Site]:
        """A site and those above it."""
        found = []
        while site is not None:
            found.append(self.sites[site])
            site = self.sites[site].parent
        return found

    def zone(self, site: str | None) -> ZoneInfo:
        named = [one.zone for one in self.line(site) if one.zone]
        return ZoneInfo(named[0] if named else GATEWAY_ZONE)

    def rules(self, sites: Iterable[str]) -> dict[str, Any]:
        """Those of the nearest site that all of these lie under."""
        lines = [self.line(site) for site in set(sites)]
        shared = [one for one in (lines or [[]])[0] if all(one in x for x in lines)]
        found: dict[str, Any] = {
            "satisfied_levels": [5, 4],
            "score_map": {level: Decimal(level) for level in LEVELS},
            "min_n": 1,
        }
        for site in reversed(shared):
            found.update(site.rules)
        return found
