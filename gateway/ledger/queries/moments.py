"""What counts within a part of an hour: read from ratings and sessions themselves."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

import apsw

from gateway.ledger.figures import KEPT_OUT, packed, slot_of
from gateway.ledger.queries.spans import Edge
from gateway.ledger.schema_arrivals import LATE, SLICE_MS
from gateway.ratings.cells import level_slot

_COUNTED: Final = """
LEFT JOIN session AS x ON x.no = r.session_no
WHERE r.occurred_ms >= :from_ms AND r.occurred_ms < :to_ms AND r.effective
    AND r.mode = 'live' AND r.level IS NOT NULL AND x.look IS NULL
"""
_SOURCES: Final = (
    f"rating AS r {_COUNTED} AND r.place BETWEEN :first AND :last AND NOT {LATE}",
    f"rating AS r INDEXED BY rating_late {_COUNTED} AND {LATE}",
)
"""Ratings that count by themselves; any other one counts with its session.

Those that came when they were pressed lie together, later ones have an index.
"""
_KEY: Final = (
    "k.binding = g.binding AND k.device_no = g.device_no AND k.employee = g.employee"
    " AND k.service = ''"
)
_WHOLE: Final = f"""
SELECT k.no, g.origin, g.level, g.kept_out, g.ratings FROM (
    SELECT r.binding, r.device_no, coalesce(r.employee_id, '') AS employee, r.origin,
        r.level, coalesce(r.details ->> '$.{KEPT_OUT}', 0) AS kept_out,
        count(*) AS ratings
    FROM {{source}} GROUP BY 1, 2, 3, 4, 5, 6
) AS g CROSS JOIN figure_key AS k ON {_KEY} AND k.part = ''
"""
_PARTS: Final = f"""
SELECT k.no, k.part, g.origin, g.level, g.details FROM (
    SELECT r.binding, r.device_no, coalesce(r.employee_id, '') AS employee, r.origin,
        r.level, r.details
    FROM {{source}} AND r.details IS NOT NULL
) AS g CROSS JOIN figure_key AS k ON {_KEY} AND k.part <> ''
"""
_ARRIVED: Final = """
SELECT coalesce(min(first_place), 0), coalesce(max(last_place), -1) FROM arrival
WHERE slice BETWEEN ? AND ?
"""
_LOOKED: Final = """
SELECT look ->> '$[5]' FROM session
WHERE look IS NOT NULL AND look ->> '$[6]' >= :from_ms AND look ->> '$[6]' < :to_ms
"""


def within(connection: apsw.Connection, edge: Edge) -> Iterator[tuple[int, int]]:
    """Packed keys (`gateway.ledger.figures`) of what counted then, with counts."""
    first, last = _places(connection, edge)
    bounds = {"from_ms": edge.from_ms, "to_ms": edge.to_ms}
    bounds |= {"first": first, "last": last}
    for source in _SOURCES:
        yield from _whole(connection, source, bounds, edge.hour)
        yield from _parts(connection, source, bounds, edge.hour)
    for (text,) in connection.execute(_LOOKED, bounds):
        yield from json.loads(text)


def arrived(connection: apsw.Connection, edge: Edge) -> int:
    """About how many places are looked at for an edge."""
    first, last = _places(connection, edge)
    return last - first


def _places(connection: apsw.Connection, edge: Edge) -> tuple[int, int]:
    """Between which places those lie that came when they were pressed."""
    slices = (edge.from_ms - SLICE_MS) // SLICE_MS, (edge.to_ms + SLICE_MS) // SLICE_MS
    ((first, last),) = connection.execute(_ARRIVED, slices)
    return first, last


def _whole(
    connection: apsw.Connection, source: str, bounds: Mapping[str, int], hour: int
) -> Iterator[tuple[int, int]]:
    rows = connection.execute(_WHOLE.format(source=source), bounds)
    for no, origin, level, kept_out, ratings in rows:
        slot = level_slot(origin, level, excluded=bool(kept_out))
        yield packed(hour, no, slot_of(slot)), ratings


def _parts(
    connection: apsw.Connection, source: str, bounds: Mapping[str, int], hour: int
) -> Iterator[tuple[int, int]]:
    rows = connection.execute(_PARTS.format(source=source), bounds)
    for no, part, origin, level, text in rows:
        details = json.loads(text)
        counted = _level_in(part, level, details)
        if counted is not None:
            excluded = bool(details.get(KEPT_OUT))
            slot = level_slot(origin, counted, excluded=excluded)
            yield packed(hour, no, slot_of(slot)), 1


def _level_in(part: str, level: int, details: Mapping[str, Any]) -> int | None:
    """The level at which a rating counts in a part; None: it has no such part."""
    kind, _, value = part.partition(":")
    if kind == "item":
        levels = dict(map(tuple, details.get("items", ())))
        return levels.get(value)
    named = details.get("reasons" if kind == "reason" else "attributions", ())
    return level if value in named else None
