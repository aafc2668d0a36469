"""Visits and spot checks as readers see them."""

from typing import NamedTuple

import msgspec

from fleet.planner import Visit
from gateway.queries.asking import SiteBound


class VisitFilter(SiteBound, frozen=True, kw_only=True):
    """`site`: with those below it; `until_ms` None: the next 14 days."""

    site: str | None = None
    until_ms: int | None = None


class Visits(NamedTuple):
    visits: list[Visit]
    as_of_ms: int
    until_ms: int


class SpotCheckRow(msgspec.Struct, frozen=True, kw_only=True):
    """A draw: `devices` in its order, of so many `candidates` as there were then."""

    draw_id: str
    author: str
    drawn_ms: int
    due_ms: int
    seed: str
    count: int
    candidates: int
    devices: tuple[str, ...]
    shortfall: int
    per_site_max: int | None = None
    site: str | None = None
    model: str | None = None
