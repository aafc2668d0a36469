"""Composites: the scores of several items, weighed into one, by group."""

from collections import defaultdict
from collections.abc import Mapping
from fractions import Fraction
from typing import Any, NamedTuple

from gateway.console.figure_query import CompositeQuery
from gateway.console.statistics import (
    Statistics,
    checked,
    complaining,
    read_cursor,
    score_maps_told,
    score_text,
    scores_told,
)
from gateway.queries import LedgerQueries
from gateway.queries.counts import Groups, Key
from gateway.ratings.cells import EMPTY, Cell
from gateway.ratings.dimensions import Value, in_order
from gateway.ratings.figures import Asked, Reckoning
from gateway.ratings.scoring import MEAN_PLACES, Weighted, composite, half_up

FORMS = ("", "_with_defaults")
_Items = dict[str, Cell]


class Found(NamedTuple):
    """Groups in the order of their keys, as the API tells them."""

    items: list[dict[str, Any]]
    last: dict[str, Value] | None = None
    """The key that the next page comes after; None: there is none."""


class Composites:
    """Asks the ledger for counts by item, and weighs their scores."""

    def __init__(self, ledger: LedgerQueries) -> None:
        self._ledger = ledger
        self._statistics = Statistics(ledger)

    def page(self, query: CompositeQuery, subtree: str | None) -> Found:
        """The groups after the cursor in which any of the items was rated.

        Raises ProblemError when there are too many, or a level that was rated has no
        score; CursorError for a false cursor.
        """
        group_by = tuple(query.group_by)
        after = read_cursor(query.cursor, len(group_by))
        terms = self._ledger.terms()
        wanted, by_item = (
            query.wanted(subtree, names, terms.scales)
            for names in (group_by, (*group_by, "item"))
        )
        (found,) = self._ledger.counts([by_item])
        cells = _by_group(checked(found), query.weighed)
        if not group_by:
            cells.setdefault((), {})
        ordered = sorted((in_order(values), values) for values in cells)
        shown = [values for order, values in ordered if after is None or order > after]
        asked_of = self._statistics.ruled(query, wanted, terms)
        told = []
        for values in shown[: query.limit]:
            key = dict(zip(group_by, values, strict=True))
            asked = asked_of(key)
            figures = {"key": key, **_weighed(cells[values], query, asked)}
            told.append({**figures, "rules_revision": terms.revision})
        return Found(told, told[-1]["key"] if len(shown) > query.limit else None)


def _by_group(found: Groups, weights: Mapping[str, Fraction]) -> dict[Key, _Items]:
    """The cells of the items that are weighed, by the key without them."""
    cells: defaultdict[Key, _Items] = defaultdict(dict)
    for (*values, item), cell in found.items():
        if item in weights:
            cells[tuple(values)][str(item)] = cell
    return dict(cells)


def _weighed(cells: _Items, query: CompositeQuery, asked: Asked) -> dict[str, Any]:
    """A composite in both forms, its items, and by which rules they are."""
    weights, reckoning = query.weighed, Reckoning(asked)
    with complaining():
        scores = {name: reckoning.exact(cells.get(name, EMPTY)) for name in weights}
    found: dict[str, Any] = {
        "items": {name: {"weight": score_text(one)} for name, one in weights.items()}
    }
    for form, suffix in enumerate(FORMS):
        weighed = [Weighted(weights[name], scores[name][form].mean) for name in weights]
        whole = composite(weighed, renormalise=query.renormalise)
        found[f"composite{suffix}"] = whole
        for name, item in found["items"].items():
            rated, mean = scores[name][form]
            item[f"rated{suffix}"] = rated
            item[f"mean_score{suffix}"] = (
                None if mean is None else half_up(mean, MEAN_PLACES)
            )
    return {
        **found,
        "include_flagged": asked.include_flagged,
        "score_map": scores_told(asked.scores),
        "score_maps": score_maps_told(asked),
        "min_n": asked.min_n,
        "renormalise": query.renormalise,
    }
