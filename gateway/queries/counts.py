"""How readers ask for counts, from which figures are worked out, and what they get."""

from collections.abc import Mapping
from typing import NamedTuple

from gateway.queries.asking import SiteBound
from gateway.ratings.cells import Cell
from gateway.ratings.dimensions import PARTS, Value
from gateway.ratings.rulebook import Rulebook
from gateway.ratings.scoring import ScoreMaps
from gateway.rules import Rules

Key = tuple[Value, ...]
"""The values of a group, in the order of what was grouped by."""


class CountFilter(SiteBound, frozen=True, kw_only=True):
    """Half-open `from_ms <= moment of the period < to_ms`; None means any.

    `days` are local days instead (ordinals, the last left out): those of each site's
    own clocks.

    `group_by` names dimensions; what it names must pass
    `gateway.ratings.dimensions.grouping_error`. Ratings on these `scales` are told
    apart, too, in slots of their own (`gateway.ratings.cells.scale_slot`).
    """

    group_by: tuple[str, ...] = ()
    from_ms: int | None = None
    to_ms: int | None = None
    days: tuple[int, int] | None = None
    site: str | None = None
    department: str | None = None
    window: str | None = None
    employee: str | None = None
    device: str | None = None
    service: str | None = None
    medium: str | None = None
    item: str | None = None
    reason: str | None = None
    scales: tuple[str, ...] = ()

    @property
    def part(self) -> str | None:
        """The kind of parts of ratings that are asked for; None: whole ratings."""
        named = (*self.group_by, *(name for name in PARTS if getattr(self, name)))
        return next((name for name in PARTS if name in named), None)


class Terms(NamedTuple):
    """The rules by which figures are shown, and which revision of them it is."""

    book: Rulebook
    revision: str
    scales: ScoreMaps
    """Of the profiles in force: they win over the score maps of all sites."""

    @property
    def rules(self) -> Rules:
        """The gateway's: those of figures that no single site's rules hold for."""
        return self.book.rules


Groups = Mapping[Key, Cell]
"""The counts of each group that has any."""

Sites = Mapping[Key, frozenset[str | None]]
"""Where each group has ever counted; its key without dimensions of time."""

Order = tuple[tuple[bool, str], ...]
"""Where a group stands in the order of groups (`gateway.ratings.dimensions`)."""


class Some(NamedTuple):
    """The groups that come after one, as many as are enough or somewhat more."""

    after: Order | None
    enough: int
