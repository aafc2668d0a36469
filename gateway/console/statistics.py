"""Figures worked out of counts: by group, each beside the period before."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from fractions import Fraction
from http import HTTPStatus
from itertools import islice
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from gateway.console import figure_items as items
from gateway.console.figure_query import FigureQuery, StatisticsQuery
from gateway.console.problems import ProblemError
from gateway.queries import LedgerQueries
from gateway.queries.asking import CursorError
from gateway.queries.counts import CountFilter, Groups, Order, Some, Terms
from gateway.ratings.cells import EMPTY, Cell, add
from gateway.ratings.comparing import (
    Stretch,
    key_before,
    stretch_before,
    stretch_behind,
    stretch_days_before,
    unit_of,
)
from gateway.ratings.dimensions import TIMES, Value, in_order
from gateway.ratings.figures import Asked, Figures, Reckoning, figures, trend
from gateway.ratings.periods import Period
from gateway.ratings.scoring import ScoreMap

GROUPS_MAX: Final = 100_000
SHOWN: Final = ("satisfied_levels", "score_map", "min_n")
"""Rules that say how counts become figures."""
_VALUES: Final = msgspec.json.Decoder(list[str | int | None])


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
    more: bool = False


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
        wanted = query.wanted(subtree, group_by, terms.scales)
        if days is not None:
            ordinals = (days.first.toordinal(), days.end.toordinal())
            wanted = msgspec.structs.replace(wanted, days=ordinals)
        asked = _stretches(wanted, _zone(query, subtree, terms), terms)
        now, *others = self._ledger.counts(asked)
        keys = _keys(group_by, checked(now))
        asked_of = self.ruled(query, wanted, terms)
        return Found(_groups(keys, now, _before(keys, now, others), asked_of), terms)

    def page(self, query: StatisticsQuery, subtree: str | None) -> Found:
        """The groups after the cursor, `limit` of them at most.

        Raises ProblemError when there are too many, CursorError for a false cursor.
        """
        group_by = tuple(query.group_by)
        after = (
            None if query.cursor is None else read_cursor(query.cursor, len(group_by))
        )
        terms = self._ledger.terms()
        wanted = query.wanted(subtree, group_by, terms.scales)
        zone = _zone(query, subtree, terms)
        asked = _stretches(wanted, zone, terms, query.previous_days)
        some = Some(after, query.limit + 1)
        now, *others = self._ledger.some_counts(asked, some)
        keys = _keys(group_by, checked(now), after, query.limit + 1)
        shown = keys[: query.limit]
        asked_of = self.ruled(query, wanted, terms)
        groups = _groups(shown, now, _before(shown, now, others), asked_of)
        return Found(groups, terms, more=len(shown) < len(keys))

    def ruled(
        self, query: FigureQuery, wanted: CountFilter, terms: Terms
    ) -> Callable[[Mapping[str, Value]], Asked]:
        """By which rules figures of a group are worked out.

        They are those of the nearest site that the group lies under as a whole.
        """
        alike = query.asked(terms.rules, terms.scales)
        if not terms.book.differ(SHOWN):
            return lambda _: alike
        sites = self._ledger.sites_of(wanted)

        def asked_of(key: Mapping[str, Value]) -> Asked:
            place = tuple(key[name] for name in key if name not in TIMES)
            rules = terms.book.over(sites.get(place, ())).rules
            return query.asked(rules, terms.scales)

        return asked_of


def _zone(query: FigureQuery, subtree: str | None, terms: Terms) -> ZoneInfo:
    """The zone whose days and months are compared with one another."""
    return ZoneInfo(terms.book.at(query.site or subtree).rules.time_zone)


def _stretches(
    wanted: CountFilter,
    zone: ZoneInfo,
    terms: Terms,
    days_before: int | None = None,
) -> list[CountFilter]:
    """What is asked for, and what it is compared with, if there is such."""
    span = Stretch(wanted.from_ms, wanted.to_ms)
    zones = [ZoneInfo(one) for one in (terms.rules.time_zone, *terms.book.zones())]
    if days_before is None:
        others = [
            stretch_before(span, wanted.group_by, zone, zones),
            stretch_behind(span, wanted.group_by, (zone, *zones)),
        ]
    else:
        others = [stretch_days_before(span, days_before, zone)]
    change = msgspec.structs.replace
    bounds = [one for one in others if one is not None]
    return [wanted, *(change(wanted, from_ms=a, to_ms=b) for a, b in bounds)]


def checked(now: Groups) -> Groups:
    """The same; raises ProblemError when there are too many."""
    if len(now) > GROUPS_MAX:
        detail = f"group_by: more than {GROUPS_MAX} groups; ask for a shorter time"
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "too_many", detail)
    return now


def _keys(
    group_by: tuple[str, ...],
    now: Groups,
    after: Order | None = None,
    enough: int | None = None,
) -> list[dict[str, Value]]:
    """The keys of groups in their order; without `group_by` there is always one."""
    ordered = sorted((in_order(values), values) for values in now or {(): EMPTY})
    later = (
        dict(zip(group_by, values, strict=True))
        for order, values in ordered
        if len(values) == len(group_by) and (after is None or order > after)
    )
    return list(islice(later, enough))


def _groups(
    keys: list[dict[str, Value]],
    now: Groups,
    before: list[Cell | None],
    asked_of: Callable[[Mapping[str, Value]], Asked],
) -> list[Group]:
    return [
        Group(key, now.get(tuple(key.values()), EMPTY), cell, asked_of(key))
        for key, cell in zip(keys, before, strict=True)
    ]


def _before(
    keys: list[dict[str, Value]], now: Groups, others: list[Groups]
) -> list[Cell | None]:
    """What each group is compared with; None: with nothing."""
    if keys and unit_of(list(keys[0])) is not None:
        others = [_together(now, *others)]
    if not others:
        return [None] * len(keys)
    before = others[0]
    return [before.get(tuple(key_before(key).values()), EMPTY) for key in keys]


def _together(some: Groups, *others: Groups) -> Groups:
    """Groups with what all have counted."""
    found = dict(some)
    for more in others:
        for key, cell in more.items():
            found[key] = add((found[key], cell)) if key in found else cell
    return found


def cursor_of(key: Mapping[str, Value]) -> str:
    """What asks for the groups after the one with this key."""
    text = msgspec.json.encode(list(key.values()))
    return urlsafe_b64encode(text).decode().rstrip("=")


def read_cursor(cursor: str | None, dimensions: int) -> Order | None:
    """Raises CursorError for what `cursor_of` has not made."""
    if cursor is None:
        return None
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        values = _VALUES.decode(urlsafe_b64decode(padded))
    except (msgspec.MsgspecError, ValueError):
        raise CursorError(cursor) from None
    if len(values) != dimensions:
        raise CursorError(cursor)
    return in_order(values)


class Telling:
    """The figures of groups, as the API tells them."""

    def __init__(self, terms: Terms) -> None:
        self._revision = terms.revision
        self._terms: dict[int, dict[str, Any]] = {}
        self._reckonings: dict[int, Reckoning] = {}
        self._known: dict[tuple[int, int], dict[str, Any]] = {}

    def tell(self, group: Group) -> dict[str, Any]:
        """An item, of the shape of `items.Statistic`; groups outlive this.

        Raises ProblemError when the score map lacks a level that was rated.
        """
        asked = group.asked
        now = self._figures(group.cell, asked)
        before = changes = None
        if group.before is not None:
            before = self._figures(group.before, asked)
            changes = {name: trend(now[name], before[name]) for name in items.TRENDS}
        return {
            "key": group.key,
            **now,
            "previous": before,
            "trend": changes,
            **self._terms_of(asked),
        }

    def _terms_of(self, asked: Asked) -> dict[str, Any]:
        """By which rules the figures are."""
        known = self._terms.get(id(asked))
        if known is None:
            known = self._terms[id(asked)] = {
                "include_flagged": asked.include_flagged,
                "satisfied_levels": asked.satisfied_levels,
                "score_map": scores_told(asked.scores),
                "score_maps": score_maps_told(asked),
                "min_n": asked.min_n,
                "rules_revision": self._revision,
            }
        return known

    def _figures(self, cell: Cell, asked: Asked) -> dict[str, Any]:
        """A day's figures are those of the day before the next one, too."""
        known = self._known.get((id(cell), id(asked)))
        if known is None:
            reckoning = self._reckonings.get(id(asked))
            if reckoning is None:
                reckoning = self._reckonings[id(asked)] = Reckoning(asked)
            with complaining():
                known = reckoning.named(cell)
            self._known[id(cell), id(asked)] = known
        return known


def figures_of(cell: Cell, asked: Asked) -> Figures:
    """The figures of a cell as they were asked for.

    Raises ProblemError when the score map lacks a level that was rated.
    """
    with complaining():
        return figures(cell, asked)


@contextmanager
def complaining() -> Iterator[None]:
    """A level without a score was rated: ProblemError instead of ValueError."""
    try:
        yield
    except ValueError as error:
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        raise ProblemError(status, "invalid_request", f"score_map: {error}") from error


def scores_told(scores: ScoreMap) -> dict[str, str]:
    """A score map by which figures were worked out."""
    return {str(level): score_text(score) for level, score in scores.items()}


def score_maps_told(asked: Asked) -> dict[str, dict[str, str]]:
    """Those of scales with scores of their own."""
    return {scale: scores_told(scores) for scale, scores in asked.scales.items()}


def score_text(score: Fraction) -> str:
    """A score as it was written, without zeros at its end: it has a decimal form."""
    number = Decimal(score.numerator) / Decimal(score.denominator)
    return f"{number.normalize():f}"
