"""Differences of two ledgers counted, the first listed; figures side by side."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

import apsw

from gateway.console.figure_items import Figures
from gateway.console.figure_query import FigureQuery
from gateway.console.problems import ProblemError
from gateway.console.statistics import Statistics, Telling
from gateway.errors import PermanentError
from gateway.ledger.differing import Difference
from gateway.ledger.queries import SqliteLedgerQueries
from gateway.ratings.dimensions import Value
from gateway.reading import Held

LISTED_MAX: Final = 1_000
"""Differences of one kind that are listed; all are counted."""
GROUPINGS: Final = ((), ("site",), ("department",), ("employee",))
_THERE: Final = "there"

Key = tuple[tuple[str, Value], ...]


class Differences(NamedTuple):
    """How many differ, by field (`there`: on one side only), and the first of them."""

    total: int
    by_field: dict[str, int]
    items: list[Difference]
    flags_before: dict[str, int]
    flags_after: dict[str, int]


class FigureDifference(NamedTuple):
    """A group's figures that differ; of a group on one side all."""

    key: dict[str, Value]
    before: dict[str, Any]
    after: dict[str, Any]


def gathered(found: Iterable[Difference]) -> Differences:
    """Count them; what is listed is bounded."""
    fields: Counter[str] = Counter()
    before: Counter[str] = Counter()
    after: Counter[str] = Counter()
    items: list[Difference] = []
    total = 0
    for one in found:
        total += 1
        fields.update(one.fields or (_THERE,))
        before.update((one.before or {}).get("flags", ()))
        after.update((one.after or {}).get("flags", ()))
        if len(items) < LISTED_MAX:
            items.append(one)
    return Differences(total, dict(fields), items, dict(before), dict(after))


def figures(
    before: apsw.Connection, after: apsw.Connection, from_ms: int, to_ms: int
) -> list[FigureDifference]:
    """Figures of all, and by site, department and employee, where they differ."""
    found = []
    for group_by in GROUPINGS:
        was = _told(before, group_by, from_ms, to_ms)
        would = _told(after, group_by, from_ms, to_ms)
        for key in {**was, **would}:
            pair = was.get(key, {}), would.get(key, {})
            names = [
                n for n in Figures.model_fields if pair[0].get(n) != pair[1].get(n)
            ]
            if names:
                old, new = ({name: one.get(name) for name in names} for one in pair)
                found.append(FigureDifference(dict(key), old, new))
    return found


def _told(
    connection: apsw.Connection, group_by: tuple[str, ...], from_ms: int, to_ms: int
) -> Mapping[Key, dict[str, Any]]:
    """The figures of each group, as the API tells them."""
    query = FigureQuery.model_validate({"from": _at(from_ms), "to": _at(to_ms)})
    statistics = Statistics(SqliteLedgerQueries(Held(connection)))
    try:
        found = statistics.find(query, None, group_by)
        tell = Telling(found.terms).tell
        return {tuple(group.key.items()): tell(group) for group in found.groups}
    except ProblemError as error:
        raise PermanentError(f"figures: {error}") from error


def _at(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)
