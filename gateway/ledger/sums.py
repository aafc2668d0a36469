"""Counts of hours that are over, added up: by day and month, and over dimensions.

An hour's counts lie in `figure_hour`, from the first one on. When it is over they are
added, all at once, to those of its day and month and to the views: sums over the
dimensions of few values, from which most questions are answered. What comes late for
such an hour is added to both. So the sums are a function of the hours and of which of
them are over, however the journal was cut into transactions.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from device_protocol.profiles.model import FULL_SCALE
from gateway.ledger.figures import (
    HOURS,
    MONTHS,
    NUMBER_MASK,
    PERIOD_SHIFT,
    SLOT_BITS,
    SLOT_MASK,
)
from gateway.ledger.store import Store

SITE, DEPARTMENT, SERVICE, MEDIUM = 1, 2, 4, 8
FINEST: Final = SITE | DEPARTMENT | SERVICE | MEDIUM
KINDS: Final = (0, SITE, MEDIUM, SERVICE, SITE | DEPARTMENT, FINEST)
"""Dimensions that views keep apart, the fewest first; the last kind holds them all."""
OF_SCALE: Final = 16
"""With it a kind's views are of one scale; ratings on scales other than 5 have both."""
CLOSED: Final = "figure_hours_over"
"""The name in `state` of the first hour that is not over."""

_DIMENSIONS: Final = (SITE, DEPARTMENT, SERVICE, MEDIUM)
_NUMBER: Final = f"key >> {SLOT_BITS} & {NUMBER_MASK}"
_DAY: Final = f"(key >> {PERIOD_SHIFT}) / {HOURS}"
_DATE: Final = f"{_DAY} + 1721424.5"  # the Julian day of a day's ordinal
_MONTH: Final = (
    f"(strftime('%Y', {_DATE}) * {MONTHS} + strftime('%m', {_DATE}) - 1)"  # `month_of`
)
_PERIODS: Final = (
    ("hour", f"key >> {PERIOD_SHIFT}"),
    ("day", _DAY),
    ("month", _MONTH),
)
_ALL: Final = (1 << 63) - 1


def _grouped(period: str, number: str, source: str) -> str:
    return (
        f"SELECT (({period}) << {PERIOD_SHIFT}) | (({number}) << {SLOT_BITS})"
        f" | (key & {SLOT_MASK}) AS sum_key, sum(count) AS added"
        f" FROM {source} GROUP BY sum_key HAVING added <> 0"
    )


def _statements(source: str) -> list[tuple[str, str]]:
    """Each table with what the counts of a source add to it, from ?1 to before ?2."""
    some = f"{source} WHERE key >= ?1 AND key < ?2"
    finest = _grouped(
        f"key >> {PERIOD_SHIFT}",
        "k.finest",
        f"{source} JOIN figure_key AS k ON k.no = {_NUMBER}"
        " WHERE key >= ?1 AND key < ?2 AND k.finest IS NOT NULL",
    )
    views = (
        f"(SELECT sum_key AS key, added AS count FROM ({finest}))"
        f" JOIN figure_within AS w ON w.finest = {_NUMBER}"
    )
    return [
        *(
            (f"figure_{table}", _grouped(period, _NUMBER, some))
            for table, period in _PERIODS[1:]
        ),
        *(
            (f"figure_sum_{table}", _grouped(period, "w.view", views))
            for table, period in _PERIODS
        ),
    ]


_OF_HOURS: Final = _statements("figure_hour")
_OF_LATE: Final = _statements("figure_late")


class Sums:
    """The tables of `gateway.ledger.schema_sums`, `figure_day` and `figure_month`."""

    def __init__(self, store: Store) -> None:
        self._store = store
        row = store.one("SELECT value FROM state WHERE name = ?", (CLOSED,))
        self._over = 0 if row is None else int(row[0])
        row = store.one("SELECT coalesce(max(no), 0) FROM figure_view")
        assert row is not None
        self._last_view = int(row[0])

    def add_late(self, hourly: Iterable[tuple[int, int]]) -> None:
        """Add what came for hours that are over; the others add up later."""
        end = self._over << PERIOD_SHIFT
        late = [row for row in hourly if row[0] < end]
        if not late:
            return
        self._store.run(
            "CREATE TEMP TABLE IF NOT EXISTS figure_late"
            " (key INTEGER PRIMARY KEY, count INTEGER NOT NULL)"
        )
        self._store.many("INSERT INTO figure_late VALUES (?, ?)", late)
        self._add(_OF_LATE, (0, _ALL), fewer=min(count for _, count in late) < 0)
        self._store.run("DELETE FROM figure_late")

    def close(self, hour: int) -> None:
        """Add up the hours before this one, which are over."""
        if hour <= self._over:
            return
        self._add(_OF_HOURS, (self._over << PERIOD_SHIFT, hour << PERIOD_SHIFT))
        self._over = hour
        self._store.run("INSERT OR REPLACE INTO state VALUES (?, ?)", (CLOSED, hour))

    def _add(
        self,
        statements: Iterable[tuple[str, str]],
        keys: tuple[int, int],
        *,
        fewer: bool = False,
    ) -> None:
        for table, select in statements:
            self._store.run(
                f"INSERT INTO {table} (key, count) SELECT * FROM ({select}) WHERE 1"
                " ON CONFLICT (key) DO UPDATE SET count = count + excluded.count",
                keys,
            )
            if fewer:  # rows of nothing would tell how the journal was cut
                self._store.run(
                    f"DELETE FROM {table} WHERE count = 0"
                    f" AND key IN (SELECT sum_key FROM ({select}))",
                    keys,
                )

    def finest(self, binding: int, service: str, part: str) -> int:
        """The finest view of these dimensions; the others are made beside it."""
        row = self._store.one(
            "SELECT coalesce(site, ''), coalesce(department, ''), ?2, medium, scale"
            " FROM binding WHERE no = ?1",
            (binding, service),
        )
        assert row is not None
        *values, scale = row
        views = [self._view(kind, values, part, "") for kind in KINDS]
        if scale != FULL_SCALE:
            views += [
                self._view(kind | OF_SCALE, values, part, scale) for kind in KINDS
            ]
        self._store.many(
            "INSERT OR IGNORE INTO figure_within VALUES (?, ?)",
            [(views[-1], view) for view in views],
        )
        return views[-1]

    def _view(self, kind: int, values: Sequence[str], part: str, scale: str) -> int:
        """The view of a kind that these values, of all dimensions, are in."""
        kept = [
            value if kind & dimension else ""
            for dimension, value in zip(_DIMENSIONS, values, strict=True)
        ]
        row = self._store.one(
            "SELECT no FROM figure_view WHERE kind = ? AND site = ? AND department = ?"
            " AND service = ? AND medium = ? AND part = ? AND scale = ?",
            (kind, *kept, part, scale),
        )
        if row is not None:
            return int(row[0])
        self._last_view += 1
        self._store.run(
            "INSERT INTO figure_view VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (self._last_view, kind, *kept, part, scale),
        )
        return self._last_view
