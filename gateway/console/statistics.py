"""Figures worked out of counts: by group, each beside the period before."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from fractions import Fraction
from http import HTTPStatus
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from gateway.console import figure_items as items
from gateway.console.figure_query import FigureQuery
from gateway.console.problems import ProblemError
from gateway.queries import LedgerQueries
from gateway.queries.counts import CountFilter, Groups, Key, Terms
from gateway.ratings.cells import EMPTY, Cell, add
from gateway.ratings.comparing import Stretch, key_before, stretch_before, unit_of
from gateway.ratings.dimensions import TIMES, Value, in_order
from gateway.ratings.figures import Asked, Figures, figures, trend
from gateway.ratings.periods import Period

GROUPS_MAX: Final = 100_000
SHOWN: Final = ("satisfied_levels", "score_map", "min_n")
"""Rules that say how counts become figures."""


class Group(NamedTuple):
    """What one group counts, and what it is compared with; None: with nothing."""

    key: dict[str, Value]
    cell: Cell
    before: Cell | None
    asked: Asked


class Found(NamedTuple):
    """Groups in the order of their keys, each with how its figures are worked out."""

    groups: list[Group]
    terms: Terms


class Statistics:
    """Asks the ledger for counts, and makes figures of them."""

    def __init__(self, ledger: LedgerQueries) -> None:
        self._ledger = ledger

    def find(
        self,
        query: FigureQuery,
        subtree: str | None,
        group_by: tuple[str, ...],
        days: Period | None = None,
    ) -> Found:
        """All groups; without `group_by` exactly one; `days` are each site's own.

        Raises ProblemError when there are too many.
        """
        terms = self._ledger.terms()
        wanted = query.wanted(subtree, group_by)
        if days is not None:
            ordinals = (days.first.toordinal(), days.end.toordinal())
            wanted = msgspec.structs.replace(wanted, days=ordinals)
        span = Stretch(wanted.from_ms, wanted.to_ms)
        zone = terms.book.at(query.site or subtree).rules.time_zone
        earlier = stretch_before(span, group_by, ZoneInfo(zone))
        asked = [wanted]
        if earlier is not None:
            from_ms, to_ms = earlier
            change = msgspec.structs.replace
            asked.append(change(wanted, from_ms=from_ms, to_ms=to_ms))
        now, *others = self._ledger.counts(asked)
        if len(now) > GROUPS_MAX:
            detail = f"group_by: more than {GROUPS_MAX} groups; ask for a shorter time"
            raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "too_many", detail)
        before = others[0] if others else None
        if unit_of(group_by) is not None:
            before = _together(now, before or {})
        asked_of = self._ruled(query, wanted, terms)
        return Found(_groups(group_by, now, before, asked_of), terms)

    def _ruled(
        self, query: FigureQuery, wanted: CountFilter, terms: Terms
    ) -> Callable[[Mapping[str, Value]], Asked]:
        """By which rules figures of a group are worked out.

        They are those of the nearest site that the group lies under as a whole.
        """
        alike = query.asked(terms.rules)
        if not terms.book.differ(SHOWN):
            return lambda _: alike
        sites = self._ledger.sites_of(wanted)

        def asked_of(key: Mapping[str, Value]) -> Asked:
            place = tuple(key[name] for name in key if name not in TIMES)
            return query.asked(terms.book.over(sites.get(place, ())).rules)

        return asked_of


def _together(some: Groups, others: Groups) -> Groups:
    """Groups with what both have counted."""
    return {
        key: add((some.get(key, EMPTY), others.get(key, EMPTY)))
        for key in {**some, **others}
    }


def _groups(
    group_by: tuple[str, ...],
    now: Groups,
    before: Groups | None,
    asked_of: Callable[[Mapping[str, Value]], Asked],
) -> list[Group]:
    if not group_by:
        now = {(): now.get((), EMPTY)}
    keys = [dict(zip(group_by, values, strict=True)) for values in now]
    return [
        Group(key, now[_values(key)], _before(key, before), asked_of(key))
        for key in sorted(keys, key=in_order)
    ]


def _values(key: Mapping[str, Value]) -> Key:
    return tuple(key.values())


def _before(key: Mapping[str, Value], before: Groups | None) -> Cell | None:
    return None if before is None else before.get(_values(key_before(key)), EMPTY)


def statistic(group: Group, found: Found) -> items.Statistic:
    """The figures of one group, as the API tells them.

    Raises ProblemError when the score map lacks a level that was rated.
    """
    asked, terms = group.asked, found.terms
    now = figures_of(group.cell, asked)
    before = None if group.before is None else figures_of(group.before, asked)
    changes = None
    if before is not None:
        changes = {
            name: trend(getattr(now, name), getattr(before, name))
            for name in items.TRENDS
        }
    return items.Statistic(
        key=group.key,
        previous=None if before is None else items.Figures(**_told(before)),
        trend=changes,
        include_flagged=asked.include_flagged,
        satisfied_levels=list(asked.satisfied_levels),
        score_map={f"{level}": _text(one) for level, one in asked.scores.items()},
        min_n=asked.min_n,
        rules_revision=terms.revision,
        **_told(now),
    )


def figures_of(cell: Cell, asked: Asked) -> Figures:
    """The figures of a cell as they were asked for.

    Raises ProblemError when the score map lacks a level that was rated.
    """
    try:
        return figures(cell, asked)
    except ValueError as error:
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        raise ProblemError(status, "invalid_request", f"score_map: {error}") from error


def _told(found: Figures) -> dict[str, object]:
    return {name: getattr(found, name) for name in items.Figures.model_fields}


def _text(score: Fraction) -> str:
    """A score as it was written, without zeros at its end: it has a decimal form."""
    number = Decimal(score.numerator) / Decimal(score.denominator)
    return f"{number.normalize():f}"
