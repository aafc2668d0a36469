"""Counts by group: whole months, days and hours from their tables, edges from rows.

What a stretch of time has of an hour in which it begins or ends is read from the
ratings and sessions of that part themselves; of an hour that still runs, whichever of
the two parts is the smaller one.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import Final
from zoneinfo import ZoneInfo

import apsw
import msgspec

from gateway.ledger.figures import SLOT_MASK, slot_of
from gateway.ledger.queries.moments import arrived, within
from gateway.ledger.queries.parts import WHOLE, Part, chunks, eras, narrowed
from gateway.ledger.queries.sources import SCALE, Places, Source, hours
from gateway.ledger.queries.spans import (
    Edge,
    Span,
    begin_ms,
    clipped,
    stretch,
)
from gateway.ledger.queries.totals import Totals
from gateway.ledger.queries.zones import bounds_in, by_zone, terms
from gateway.queries.counts import CountFilter, Groups, Key, Sites, Some
from gateway.ratings.cells import (
    EMPTY,
    LOST,
    Cell,
    add,
    on_scale,
)
from gateway.ratings.dimensions import TIMES, Value, in_order
from gateway.ratings.periods import (
    NAMES,
    LocalTime,
    Period,
)

ZONES_APART: Final = 48
"""Hours by which what was counted in another zone's hours may seem to lie apart."""
_LOST: Final = slot_of(LOST)
"""Losses are told by the hour: of a part of one nobody can say them."""
Edges = dict[Edge, Sequence[tuple[int, int]]]
"""What counted in parts of hours that were asked for already, by packed keys."""


def counts(connection: apsw.Connection, wanted: Sequence[CountFilter]) -> list[Groups]:
    """What was counted in each group that has any count, of several stretches."""
    counting = _counting(connection, wanted)
    return [counting.groups(one) for one in wanted]


def some_counts(
    connection: apsw.Connection, wanted: Sequence[CountFilter], some: Some
) -> list[Groups]:
    """As `counts`, of some groups only, in their order; the first stretch says which.

    Where the first dimension is one of places, the others' places are not read; where
    it is a period of the calendar, later periods are not.
    """
    counting, group_by = _counting(connection, wanted), wanted[0].group_by
    parts: Iterable[Part] = (WHOLE,)
    if group_by and group_by[0] in NAMES:
        parts = ages = eras(wanted, counting.zones, counting.hours, some.after)
        if len(group_by) > 1 and group_by[1] not in TIMES:
            parts = narrowed(ages, counting.keys, some)
    elif group_by and group_by[0] not in TIMES:
        parts = chunks(counting.keys, group_by, some)
    return _gathered(counting, wanted, some, parts)


def _gathered(
    counting: "_Counting",
    wanted: Sequence[CountFilter],
    some: Some,
    parts: Iterable[Part],
) -> list[Groups]:
    """The groups of one part after the other, until they are enough."""
    found: list[dict[Key, Cell]] = [{} for _ in wanted]
    count = 0
    for part in parts:
        for groups, one in zip(found, wanted, strict=True):
            groups.update(counting.groups(one, part))
        count = len(found[0])
        if some.after is not None:
            count = sum(in_order(key) > some.after for key in found[0])
        if count >= some.enough:
            break
    return list(found)


def sites_of(connection: apsw.Connection, wanted: CountFilter) -> Sites:
    """The sites of each group, whenever it counted."""
    by_site = msgspec.structs.replace(wanted, group_by=(*wanted.group_by, "site"))
    found: defaultdict[Key, set[str | None]] = defaultdict(set)
    for *key, site in set(Source(connection, by_site).places.values()):
        found[tuple(key)].add(None if site is None else str(site))
    return {key: frozenset(sites) for key, sites in found.items()}


class _Counting:
    """Counts the groups of questions that differ in nothing but time.

    The sites of each zone are counted by their own clocks.
    """

    def __init__(
        self, connection: apsw.Connection, wanted: Sequence[CountFilter], edges: Edges
    ) -> None:
        self._connection = connection
        zones = by_zone(terms(connection).book)
        self._sources = [
            (ZoneInfo(zone), Source(connection, wanted[0], sites))
            for zone, sites in zones
        ]
        self._low, self._high, self._over = hours(connection)
        self._edges = edges

    @property
    def hours(self) -> tuple[int, int]:
        """The first hour that counts anything, and the end of the last."""
        return self._low, self._high

    @property
    def zones(self) -> list[ZoneInfo]:
        """Those that any site keeps."""
        return [zone for zone, _ in self._sources]

    @property
    def keys(self) -> Collection[Key]:
        """The values of all groups, without those of times."""
        return {key for _, source in self._sources for key in source.places.values()}

    def groups(self, wanted: CountFilter, part: Part = WHOLE) -> Groups:
        """The groups of a part of a stretch."""
        parts = [
            self._counted(wanted, zone, source, part) for zone, source in self._sources
        ]
        if len(parts) == 1:
            return parts[0]
        found: defaultdict[Key, list[Cell]] = defaultdict(list)
        for counted in parts:
            for key, cell in counted.items():
                found[key].append(cell)
        return {key: add(cells) for key, cells in found.items()}

    def _counted(
        self,
        wanted: CountFilter,
        zone: ZoneInfo,
        source: Source,
        part: Part,
    ) -> Groups:
        places = _chosen(source.places, part.among)
        if not places:
            return {}
        totals = Totals(wanted)
        from_ms, to_ms = _inside(zone, part.days, bounds_in(zone, wanted))
        cut = stretch(from_ms, to_ms, zone, totals.coarsest, (self._low, self._high))
        for sign, spans in ((1, cut.spans), (-1, cut.less)):
            for span in map(self._over_within, spans):
                if span.first < span.end:
                    sums = source.sums(span, places)
                    totals.add(sums, span.table, places, sign)
        still = Span("hour", max(cut.whole.first, self._over), cut.whole.end)
        rows = source.open(still) if still.first < still.end else []
        less: list[tuple[int, int]] = []
        for edge in cut.edges:
            if self._low - ZONES_APART <= edge.hour < self._high + ZONES_APART:
                rest = self._smaller_rest(edge, zone)
                if rest is None:
                    rows.extend(self._within(edge))
                else:
                    whole = source.open(Span("hour", edge.hour, edge.hour + 1))
                    rows.extend(one for one in whole if one[0] & SLOT_MASK != _LOST)
                    less.extend(self._within(rest))
        for counted, sign in ((rows, 1), (less, -1)):
            if counted:
                keys = _chosen(source.keys, part.among)
                totals.add(counted, "hour", keys, sign)
        return totals.cells()

    def _smaller_rest(self, edge: Edge, zone: ZoneInfo) -> Edge | None:
        """The rest of an hour that still runs, if that is less to read than its begin.

        Who asks until now would read all of the hour, rating by rating.
        """
        if edge.hour < self._over or edge.from_ms != begin_ms(edge.hour, zone):
            return None
        rest = Edge(edge.hour, edge.to_ms, begin_ms(edge.hour + 1, zone))
        came = [arrived(self._connection, one) for one in (rest, edge)]
        return rest if came[0] < came[1] else None

    def _within(self, edge: Edge) -> Sequence[tuple[int, int]]:
        """Of an edge; groups that are counted one after the other have the same."""
        found = self._edges.get(edge)
        if found is None:
            found = self._edges[edge] = list(within(self._connection, edge))
        return found

    def _over_within(self, span: Span) -> Span:
        """What of a span is added up; sums of days hold hours that are over only."""
        end = min(self._high, self._over) if span.table == "hour" else self._high
        return clipped(span, self._low, end)


class _CountingByScale(_Counting):
    """Counts some scales apart, too."""

    def __init__(
        self, connection: apsw.Connection, wanted: Sequence[CountFilter], edges: Edges
    ) -> None:
        super().__init__(connection, wanted, edges)
        self._apart = _Counting(connection, list(map(_by_scale, wanted)), edges)

    def groups(self, wanted: CountFilter, part: Part = WHOLE) -> Groups:
        """The groups of a part of a stretch."""
        found = dict(super().groups(wanted, part))
        for (*key, scale), cell in self._apart.groups(_by_scale(wanted), part).items():
            values = tuple(key)
            apart = on_scale(cell, str(scale))
            if apart:
                found[values] = {**found.get(values, EMPTY), **apart}
        return found


def _counting(connection: apsw.Connection, wanted: Sequence[CountFilter]) -> _Counting:
    by_scale = any(one.scales for one in wanted)
    return (_CountingByScale if by_scale else _Counting)(connection, wanted, {})


def _by_scale(wanted: CountFilter) -> CountFilter:
    return msgspec.structs.replace(wanted, group_by=(*wanted.group_by, SCALE))


def _inside(
    zone: ZoneInfo, days: Period | None, asked: tuple[int | None, int | None]
) -> tuple[int | None, int | None]:
    """What of a stretch lies in these local days."""
    if days is None:
        return asked
    local, (from_ms, to_ms) = LocalTime(zone), asked
    begin_ms, end_ms = local.begin_ms(days.first), local.begin_ms(days.end)
    return (
        begin_ms if from_ms is None else max(begin_ms, from_ms),
        end_ms if to_ms is None else min(end_ms, to_ms),
    )


def _chosen(places: Places, among: Collection[Value] | None) -> Places:
    if among is None:
        return places
    return {number: key for number, key in places.items() if key[0] in among}
