"""Counts by group: whole months, days and hours from their tables, edges from rows.

A stretch of time that begins or ends within an hour is answered from the ratings and
sessions of that hour themselves: exactly, and slower.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date
from typing import Any, Final
from zoneinfo import ZoneInfo

import apsw
import msgspec

from gateway.ledger.figures import (
    HOURS,
    KEPT_OUT,
    NUMBER_BITS,
    NUMBER_MASK,
    SHARED,
    SLOT_BITS,
    SLOT_MASK,
    SLOTS,
    bounds,
    packed,
    slot_of,
)
from gateway.ledger.queries.organisation import of_site
from gateway.ledger.queries.spans import Edge, Span, Table, first_day, stretch
from gateway.ledger.queries.zones import ALL, Standing, bounds_in, by_zone, terms
from gateway.queries.counts import CountFilter, Groups, Key, Sites
from gateway.ratings.cells import CUSTOMERS, RECEIVED, Cell, add, level_slot
from gateway.ratings.dimensions import TIMES
from gateway.ratings.periods import Moment, name_of
from gateway.ratings.scoring import LEVELS
from gateway.reading.paging import Conditions

KEYS_KEPT_MAX: Final = 100_000
SEEKS_MAX: Final = 3_000
"""Beyond so many, reading all that lies between is quicker."""
_FROM_DEVICES: Final = (*CUSTOMERS, "device_timeout")
_RECEIVED: Final = tuple(
    slot_of(level_slot(origin, level, excluded=excluded))
    for origin in _FROM_DEVICES
    for level in LEVELS
    for excluded in (False, True)
)
"""A rating in effect counts by its level; what else came has a slot of its own."""

_PART: Final = "substr(k.part, instr(k.part, ':') + 1)"
_CREDITED: Final = f"iif(k.part LIKE '{SHARED}:%', {_PART}, nullif(k.employee, ''))"
_COLUMNS: Final[Mapping[str, str]] = {
    "site": "b.site",
    "department": "b.department",
    "window": "b.window",
    "employee": _CREDITED,
    "device": "d.device_id",
    "service": "nullif(k.service, '')",
    "medium": "b.medium",
    "item": _PART,
    "reason": _PART,
}
_FINE: Final = ("day", "weekday", "week")

_PLAIN: Final = """
SELECT k.no, k.part, r.origin, r.level, r.details
FROM rating AS r
LEFT JOIN session AS x ON x.no = r.session_no
CROSS JOIN figure_key AS k ON k.binding = r.binding AND k.device_no = r.device_no
    AND k.employee = coalesce(r.employee_id, '') AND k.service = ''
WHERE r.occurred_ms >= ? AND r.occurred_ms < ? AND r.effective AND r.mode = 'live'
    AND r.level IS NOT NULL AND x.look IS NULL
"""
_LOOKED: Final = """
SELECT look ->> '$[5]' FROM session
WHERE look IS NOT NULL AND look ->> '$[6]' >= ? AND look ->> '$[6]' < ?
"""

Counted = Iterable[tuple[int, int]]
"""Packed keys (`gateway.ledger.figures`) with their counts."""


def counts(connection: apsw.Connection, wanted: CountFilter) -> Groups:
    """What was counted in each group that has any count, by each site's clocks."""
    parts = [
        _counted(connection, wanted, ZoneInfo(zone), sites)
        for zone, sites in by_zone(terms(connection).book)
    ]
    if len(parts) == 1:
        return parts[0]
    found: defaultdict[Key, list[Cell]] = defaultdict(list)
    for part in parts:
        for key, cell in part.items():
            found[key].append(cell)
    return {key: add(cells) for key, cells in found.items()}


def _counted(
    connection: apsw.Connection, wanted: CountFilter, zone: ZoneInfo, sites: Standing
) -> Groups:
    """What was counted at the sites of one zone."""
    places = _places(connection, wanted, sites)
    totals = _Totals(wanted, places)
    if not places:
        return {}
    from_ms, to_ms = bounds_in(zone, wanted)
    spans, edges = stretch(from_ms, to_ms, zone, totals.coarsest)
    for span in spans:
        totals.add(_rows(connection, span, places), span.table)
    for edge in edges:
        totals.add(_within(connection, edge), "hour")
    return totals.cells()


def sites_of(connection: apsw.Connection, wanted: CountFilter) -> Sites:
    """The sites of each group, whenever it counted."""
    by_site = msgspec.structs.replace(wanted, group_by=(*wanted.group_by, "site"))
    found: defaultdict[Key, set[str | None]] = defaultdict(set)
    for *key, site in set(_places(connection, by_site).values()):
        found[tuple(key)].add(None if site is None else str(site))
    return {key: frozenset(sites) for key, sites in found.items()}


def _rows(
    connection: apsw.Connection, span: Span, places: Collection[int]
) -> Iterable[tuple[int, int]]:
    """The counts of a span: few places are sought, else all are read."""
    select = f"SELECT key, count FROM figure_{span.table} WHERE key >= ? AND key < ?"
    if len(places) * (span.end - span.first) > SEEKS_MAX:
        return connection.execute(select, bounds(span.first, span.end))
    starts = (
        packed(period, place, 0)
        for period in range(span.first, span.end)
        for place in places
    )
    return connection.executemany(
        select, ((start, start + SLOT_MASK + 1) for start in starts)
    )


class _Totals:
    """Adds up counts by group: its place, and the names of its period."""

    def __init__(self, wanted: CountFilter, places: Mapping[int, Key]) -> None:
        self._places = places
        self._group_by = wanted.group_by
        self._whole = wanted.part is None
        self._times = [name for name in wanted.group_by if name in TIMES]
        self._slots: defaultdict[tuple[Key, Key], list[int]] = defaultdict(_nothing)

    @property
    def coarsest(self) -> Table:
        """The largest periods whose counts tell these groups apart."""
        if "hour" in self._times:
            return "hour"
        return "day" if set(self._times) & set(_FINE) else "month"

    def add(self, rows: Counted, table: Table) -> None:
        """Add counts of the periods of one table."""
        names = _Names(self._times, table)
        slots = _Slots(self._places, names, self._slots)
        for key, count in rows:
            slots[key >> SLOT_BITS][key & SLOT_MASK] += count

    def cells(self) -> Groups:
        """The sums by the values of each group, in the order that was asked for."""
        found: dict[Key, Cell] = {}
        names = [name for name in self._group_by if name not in TIMES]
        order = [[*names, *self._times].index(name) for name in self._group_by]
        for (place, times), slots in self._slots.items():
            cell = _cell(slots, whole=self._whole)
            if cell:
                values = (*place, *times)
                found[tuple(values[at] for at in order)] = cell
        return found


def _nothing() -> list[int]:
    return [0] * len(SLOTS)


class _Slots(dict[int, list[int]]):
    """The slots of each period and place, by the upper bits of keys."""

    def __init__(
        self,
        places: Mapping[int, Key],
        names: "_Names",
        found: Mapping[tuple[Key, Key], list[int]],
    ) -> None:
        super().__init__()
        self._places, self._names, self._found = places, names, found
        self._unasked = _nothing()

    def __missing__(self, upper: int) -> list[int]:
        if len(self) >= KEYS_KEPT_MAX:
            self.clear()
        place = self._places.get(upper & NUMBER_MASK)
        if place is None:
            slots = self._unasked
        else:
            slots = self._found[place, self._names[upper >> NUMBER_BITS]]
        self[upper] = slots
        return slots


class _Names(dict[int, Key]):
    """The names of each period of a table, worked out when it comes up."""

    def __init__(self, times: list[str], table: Table) -> None:
        super().__init__()
        self._times, self._table = times, table

    def __missing__(self, period: int) -> Key:
        moment = _moment(period, self._table) if self._times else None
        names = tuple(name_of(name, moment) for name in self._times if moment)
        self[period] = names
        return names


def _moment(period: int, table: Table) -> Moment:
    """Any moment of a period."""
    if table == "month":
        return Moment(first_day(period), 0)
    day, hour = divmod(period, HOURS) if table == "hour" else (period, 0)
    return Moment(date.fromordinal(day), hour)


def _cell(slots: list[int], *, whole: bool) -> dict[str, int]:
    """Counts by slot; of parts of ratings nobody can say what is missing."""
    if not any(slots):
        return {}
    cell = {name: count for name, count in zip(SLOTS, slots, strict=True) if count}
    if whole and (received := sum(map(slots.__getitem__, _RECEIVED))):
        cell[RECEIVED] = cell.get(RECEIVED, 0) + received
    return cell


def _places(
    connection: apsw.Connection, wanted: CountFilter, sites: Standing = ALL
) -> dict[int, Key]:
    """The numbers of what was asked for, with the values they are grouped by."""
    conditions = Conditions()
    conditions.where(sites.condition("b.site"), sites.listed)
    for name, column in _COLUMNS.items():
        conditions.where(f"{column} = ?", getattr(wanted, name))
    conditions.where(of_site("b.site"), wanted.subtree)
    names = [name for name in wanted.group_by if name not in TIMES]
    columns = ", ".join(("k.no", *(_COLUMNS[name] for name in names)))
    rows = connection.execute(
        f"SELECT {columns} FROM figure_key AS k JOIN binding AS b ON b.no = k.binding"
        " LEFT JOIN device AS d ON d.no = k.device_no"
        f" WHERE {_kinds(wanted)} AND {conditions.clause}",
        conditions.values,
    )
    return {row[0]: tuple(row[1:]) for row in rows}


def _kinds(wanted: CountFilter) -> str:
    """A condition: whole ratings, or their parts of one kind.

    Shared credit counts for the employees who are asked for, and nowhere else.
    """
    if wanted.part is not None:
        return f"k.part LIKE '{wanted.part}:%'"
    if "employee" in wanted.group_by or wanted.employee is not None:
        return f"(k.part = '' OR k.part LIKE '{SHARED}:%')"
    return "k.part = ''"


def _within(connection: apsw.Connection, edge: Edge) -> Iterator[tuple[int, int]]:
    """What ratings and sessions of a part of an hour were counted as."""
    bounds_ms = (edge.from_ms, edge.to_ms)
    for no, part, origin, level, details in connection.execute(_PLAIN, bounds_ms):
        found = json.loads(details) if details else {}
        counted = _level_in(part, level, found)
        if counted is not None:
            slot = level_slot(origin, counted, excluded=bool(found.get(KEPT_OUT)))
            yield packed(edge.hour, no, slot_of(slot)), 1
    for (text,) in connection.execute(_LOOKED, bounds_ms):
        yield from json.loads(text)


def _level_in(part: str, level: int, details: Mapping[str, Any]) -> int | None:
    """The level at which a rating counts in a part; None: it has no such part."""
    kind, _, value = part.partition(":")
    if not kind:
        return level
    if kind == "item":
        levels = dict(map(tuple, details.get("items", ())))
        return levels.get(value)
    named = details.get("reasons" if kind == "reason" else "attributions", ())
    return level if value in named else None
