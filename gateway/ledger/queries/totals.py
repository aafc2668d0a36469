"""Counts added up by group: its place, and the names of its period."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from itertools import compress
from typing import Final

from gateway.ledger.figures import (
    HOURS,
    NUMBER_BITS,
    NUMBER_MASK,
    SLOT_BITS,
    SLOT_MASK,
    SLOTS,
    slot_of,
)
from gateway.ledger.queries.sources import Counted, Places
from gateway.ledger.queries.spans import Table, first_day
from gateway.queries.counts import CountFilter, Groups, Key
from gateway.ratings.cells import CUSTOMERS, RECEIVED, Cell, level_slot
from gateway.ratings.dimensions import TIMES
from gateway.ratings.periods import Moment, name_of
from gateway.ratings.scoring import LEVELS

KEYS_KEPT_MAX: Final = 100_000
_FROM_DEVICES: Final = (*CUSTOMERS, "device_timeout")
_RECEIVED: Final = tuple(
    slot_of(level_slot(origin, level, excluded=excluded))
    for origin in _FROM_DEVICES
    for level in LEVELS
    for excluded in (False, True)
)
"""A rating in effect counts by its level; what else came has a slot of its own."""
_FINE: Final = ("day", "weekday", "week")


class Totals:
    """Adds up counts by group: its place, and the names of its period."""

    def __init__(self, wanted: CountFilter) -> None:
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

    def add(self, rows: Counted, table: Table, places: Places, sign: int = 1) -> None:
        """Add counts of the periods of one table, by the numbers of its places.

        With a sign of -1 they are taken back.
        """
        slots = _Slots(places, _Names(self._times, table), self._slots)
        for key, count in rows:
            slots[key >> SLOT_BITS][key & SLOT_MASK] += sign * count

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
    cell = dict(zip(compress(SLOTS, slots), filter(None, slots), strict=True))
    if whole and (received := sum(map(slots.__getitem__, _RECEIVED))):
        cell[RECEIVED] = cell.get(RECEIVED, 0) + received
    return cell
