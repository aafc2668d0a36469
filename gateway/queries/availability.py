"""Availability as readers ask for it and see it."""

from collections.abc import Mapping
from typing import NamedTuple

from fleet.availability import Key, Tally
from gateway.queries.asking import SiteBound


class AvailabilityFilter(SiteBound, frozen=True, kw_only=True):
    """`days` are local days of each site (ordinals), the last one left out."""

    days: tuple[int, int]
    group_by: tuple[str, ...] = ()
    site: str | None = None
    device: str | None = None


class AvailabilityFound(NamedTuple):
    """Sums of days that are over, by group; `as_of_ms`: when they were so."""

    groups: Mapping[Key, Tally]
    as_of_ms: int
