"""The figures of a sealed month: its counts as they were, by group, and by now."""

import json
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Final, Literal, NamedTuple

from msgspec.structs import asdict
from pydantic import BaseModel, Field

from gateway.console import figure_items
from gateway.console.figure_query import FigureQuery
from gateway.console.requests import LIMIT_MAX, Language
from gateway.console.sealed import SiteQuery
from gateway.console.statistics import Statistics, figures_of, scores_told
from gateway.queries import LedgerQueries
from gateway.queries.counts import CountFilter, Terms
from gateway.queries.statements import StatementDetail
from gateway.ratings.cells import Cell, add
from gateway.ratings.dimensions import Value, in_order
from gateway.ratings.figures import Asked, Figures
from gateway.ratings.periods import period

GroupedBy = Literal["site", "department", "employee"]
_MEMBERS: Final = ("department", "employee")
"""Of the key of a statement's cell."""


class SealedFiguresQuery(SiteQuery):
    """`by` site is the whole of what was sealed, as one group."""

    by: GroupedBy = "department"
    adjusted: bool = Field(
        default=False, description="Only groups that have changed since."
    )
    format: Literal["json", "csv", "html"] = "json"
    language: Language = "en"
    limit: int = Field(LIMIT_MAX, ge=1, le=LIMIT_MAX)
    cursor: int = Field(0, ge=0, le=2**31)


class SealedGroup(figure_items.Figures):
    """A group as it was sealed; `now` is what it comes to, null: nothing changed."""

    key: dict[str, Value]
    now: figure_items.Figures | None


class SealedGroups(BaseModel):
    """Sorted by key, groups without one last; by the rules of `rules_revision`."""

    items: list[SealedGroup]
    next_cursor: str | None
    rules_revision: str
    score_maps: figure_items.ScoreMaps


class Group(NamedTuple):
    key: Mapping[str, Value]
    sealed: Cell
    now: Cell | None
    asked: Asked

    @property
    def figures(self) -> Figures:
        """As they were; raises as `figures_of`."""
        return figures_of(self.sealed, self.asked)

    def told(self) -> dict[str, object]:
        """The fields of a `SealedGroup`."""
        now = None if self.now is None else asdict(figures_of(self.now, self.asked))
        return {"key": self.key, **asdict(self.figures), "now": now}


class Grouped(NamedTuple):
    """Groups in the order of their keys; `revision` is of the rules in force."""

    groups: list[Group]
    revision: str
    score_maps: Mapping[str, Mapping[str, str]]


class SealedFigures:
    """Makes figures of sealed counts, by the rules that are in force."""

    def __init__(self, ledger: LedgerQueries) -> None:
        self._ledger = ledger
        self._statistics = Statistics(ledger)

    def grouped(self, detail: StatementDetail, query: SealedFiguresQuery) -> Grouped:
        """All groups, or those that have changed since."""
        terms = self._ledger.terms()
        statement = detail.row.statement
        asked_of = self._rules_of(query, statement.period, terms)
        cells: defaultdict[Value, list[Cell]] = defaultdict(list)
        changes: defaultdict[Value, list[Cell]] = defaultdict(list)
        for name, cell in statement.cells.items():
            cells[_value(name, query)].append(cell)
        for name, change in detail.adjustments:
            changes[_value(name, query)].append(change)
        groups = []
        for value in sorted({*cells, *changes}, key=lambda one: in_order((one,))):
            key: dict[str, Value] = {query.by: value}
            was = add(cells[value])
            now = add((was, *changes[value])) if value in changes else None
            if now is not None or not query.adjusted:
                groups.append(Group(key, was, now, asked_of(key)))
        maps = {name: scores_told(scores) for name, scores in terms.scales.items()}
        return Grouped(groups, terms.revision, maps)

    def _rules_of(
        self, query: SealedFiguresQuery, month: str, terms: Terms
    ) -> Callable[[Mapping[str, Value]], Asked]:
        """By which rules the figures of a group are: as those of reports."""
        first, end = period(month)
        wanted = CountFilter(
            group_by=(query.by,),
            days=(first.toordinal(), end.toordinal()),
            site=query.site,
        )
        return self._statistics.ruled(FigureQuery(), wanted, terms)


def _value(name: str, query: SealedFiguresQuery) -> str | None:
    """What a cell is grouped by."""
    if query.by == "site":
        return query.site
    members: dict[str, str | None] = dict(zip(_MEMBERS, json.loads(name), strict=True))
    return members[query.by]
