"""Counts by local hour, day and month: what every figure is made of.

A key packs time, dimensions and slot into one integer that rises with time, so that
today's counts lie together: hour or day, number of the dimensions, slot.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Final

from gateway.ledger.store import Store
from gateway.ratings.cells import (
    AWAITING,
    CUSTOMERS,
    DEFAULTS,
    ELIGIBLE,
    EXCLUDED,
    INVITED,
    LOST,
    RATED,
    REASON,
    RECEIVED,
    UNKNOWN_REASON,
    VOIDED,
    level_slot,
)
from gateway.ratings.scoring import LEVELS

_REASONS: Final = (
    "not_invited",
    "exempt",
    "refused",
    "left",
    "device_fault",
    "timeout",
    UNKNOWN_REASON,
)
SLOTS: Final = (
    *(
        level_slot(origin, level, excluded=excluded)
        for origin in (*CUSTOMERS, *DEFAULTS)
        for level in LEVELS
        for excluded in (False, True)
    ),
    *(ELIGIBLE, RATED, RATED + EXCLUDED, INVITED, AWAITING, VOIDED, RECEIVED, LOST),
    *(REASON + reason for reason in _REASONS),
)
"""Their order is part of the stored keys: new ones are appended."""

SLOT_BITS: Final = 6
NUMBER_BITS: Final = 30
SLOT_MASK: Final = (1 << SLOT_BITS) - 1
NUMBER_MASK: Final = (1 << NUMBER_BITS) - 1
HOURS: Final = 24
MONTHS: Final = 12
_SLOT_OF: Final = {name: number for number, name in enumerate(SLOTS)}
_PERIOD_SHIFT: Final = SLOT_BITS + NUMBER_BITS
_REST: Final = (1 << _PERIOD_SHIFT) - 1
assert len(SLOTS) <= 1 << SLOT_BITS

FigureKey = tuple[int, int, str, str, str]
"""Binding, device number, employee, service code, part; "" is none."""
SHARED: Final = "shared"
"""The kind of part that counts for who else is credited."""
KEPT_OUT: Final = "kept_out"
"""Among a rating's details: a flag excluded it when it was counted."""


def slot_of(name: str) -> int:
    """The number of a slot; a reason that is not in the protocol is unknown."""
    known = _SLOT_OF.get(name)
    return _SLOT_OF[REASON + UNKNOWN_REASON] if known is None else known


def packed(period: int, number: int, slot: int) -> int:
    return period << _PERIOD_SHIFT | number << SLOT_BITS | slot


def bounds(first: int, end: int) -> tuple[int, int]:
    """The half-open range of keys of these periods."""
    return first << _PERIOD_SHIFT, end << _PERIOD_SHIFT


def unpacked(key: int) -> tuple[int, int, str]:
    """Period, number of the dimensions, name of the slot."""
    return key >> _PERIOD_SHIFT, key >> SLOT_BITS & NUMBER_MASK, SLOTS[key & SLOT_MASK]


def by_day(hourly: Mapping[int, int]) -> dict[int, int]:
    """Counts by hour as counts by day."""
    daily: dict[int, int] = {}
    for key, count in hourly.items():
        day_key = (key >> _PERIOD_SHIFT) // HOURS << _PERIOD_SHIFT | key & _REST
        daily[day_key] = daily.get(day_key, 0) + count
    return daily


def by_month(daily: Mapping[int, int]) -> dict[int, int]:
    """Counts by day as counts by month."""
    monthly: dict[int, int] = {}
    months: dict[int, int] = {}
    for key, count in daily.items():
        day = key >> _PERIOD_SHIFT
        month = months.get(day)
        if month is None:
            month = months[day] = month_of(day) << _PERIOD_SHIFT
        month_key = month | key & _REST
        monthly[month_key] = monthly.get(month_key, 0) + count
    return monthly


def month_of(day: int) -> int:
    """The number of the month that a day's ordinal lies in."""
    of = date.fromordinal(day)
    return of.year * MONTHS + of.month - 1


class FigureCounts:
    """The tables `figure_key`, `figure_hour`, `figure_day`, `figure_month`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def number(self, key: FigureKey) -> int | None:
        row = self._store.one(
            "SELECT no FROM figure_key WHERE binding = ? AND device_no = ?"
            " AND employee = ? AND service = ? AND part = ?",
            key,
        )
        return None if row is None else int(row[0])

    def last_number(self) -> int:
        row = self._store.one("SELECT coalesce(max(no), 0) FROM figure_key")
        assert row is not None
        return int(row[0])

    def add_key(self, number: int, key: FigureKey) -> None:
        self._store.run("INSERT INTO figure_key VALUES (?,?,?,?,?,?)", (number, *key))

    def add(self, hourly: Iterable[tuple[int, int]]) -> None:
        """Add to the counts of hours, and to those of their days and months."""
        counts = {key: count for key, count in sorted(hourly) if count}
        daily = by_day(counts)
        tables = {"hour": counts, "day": daily, "month": by_month(daily)}
        fewer = min(counts.values(), default=0) < 0
        for table, rows in tables.items():
            self._store.many(
                f"INSERT INTO figure_{table} VALUES (?, ?) ON CONFLICT (key)"
                " DO UPDATE SET count = count + excluded.count",
                sorted(rows.items()),
            )
            if fewer:
                self._store.many(
                    f"DELETE FROM figure_{table} WHERE key = ? AND count = 0",
                    [(key,) for key, count in rows.items() if count < 0],
                )
