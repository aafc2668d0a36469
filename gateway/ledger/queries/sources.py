"""Where counts are read from: views of few values, else all that is counted apart."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date
from typing import Final

import apsw

from gateway.ledger.figures import (
    HOURS,
    PERIOD_SHIFT,
    SHARED,
    SLOT_BITS,
    SLOT_MASK,
    bounds,
)
from gateway.ledger.queries.organisation import of_site
from gateway.ledger.queries.spans import Span
from gateway.ledger.queries.zones import ALL, Standing
from gateway.ledger.sums import (
    CLOSED,
    DEPARTMENT,
    KINDS,
    MEDIUM,
    OF_SCALE,
    SERVICE,
    SITE,
)
from gateway.queries.counts import CountFilter, Key
from gateway.ratings.dimensions import PLACES, TIMES
from gateway.ratings.periods import LocalTime
from gateway.reading.paging import Conditions

SCALE: Final = "scale"
"""A dimension of ours alone: the scale that a rating was given on."""

Counted = Iterable[tuple[int, int]]
"""Packed keys (`gateway.ledger.figures`) with their counts."""
Places = Mapping[int, Key]
"""The numbers of what was asked for, with the values they are grouped by."""

ROWS_A_SEEK: Final = 4
"""Reading so many rows, of which most are not asked for, takes as long as a seek."""
_SAMPLES: Final = 3
_SAMPLE_ROWS_MAX: Final = 20_000
_PERIODS: Final = f"""
WITH RECURSIVE some (period) AS (
    SELECT (SELECT min(key) FROM {{table}} WHERE key >= ?1 AND key < ?2)
        >> {PERIOD_SHIFT}
    UNION ALL
    SELECT (SELECT min(key) FROM {{table}}
        WHERE key >= (period + 1) << {PERIOD_SHIFT} AND key < ?2) >> {PERIOD_SHIFT}
    FROM some WHERE period IS NOT NULL
) SELECT period FROM some WHERE period IS NOT NULL
"""
_START: Final = f"(p.value << {PERIOD_SHIFT}) | (n.value << {SLOT_BITS})"
_SOUGHT: Final = f"""
SELECT t.key, t.count FROM json_each(?) AS p CROSS JOIN json_each(?) AS n
CROSS JOIN {{table}} AS t ON t.key BETWEEN {_START} AND ({_START}) | {SLOT_MASK}
"""

_PART: Final = "substr(k.part, instr(k.part, ':') + 1)"
_CREDITED: Final = f"iif(k.part LIKE '{SHARED}:%', {_PART}, nullif(k.employee, ''))"
_PARTS: Final = {"item": _PART, "reason": _PART}
_KEYS: Final[Mapping[str, str]] = {
    "site": "b.site",
    "department": "b.department",
    "window": "b.window",
    "employee": _CREDITED,
    "device": "d.device_id",
    "service": "nullif(k.service, '')",
    "medium": "b.medium",
    **_PARTS,
}
_SCALE: Final = "b.scale"
_SCALE_OF_VIEW: Final = "k.scale"
_VIEWS: Final[Mapping[str, str]] = {
    name: f"nullif(k.{name}, '')"
    for name in ("site", "department", "service", "medium")
} | _PARTS
_KIND_OF: Final[Mapping[str, int]] = {
    "site": SITE,
    "department": DEPARTMENT,
    "service": SERVICE,
    "medium": MEDIUM,
}
_FROM_KEYS: Final = (
    "figure_key AS k JOIN binding AS b ON b.no = k.binding"
    " LEFT JOIN device AS d ON d.no = k.device_no"
)


def hours(connection: apsw.Connection) -> tuple[int, int, int]:
    """The first hour that counts anything, the end of the last, the first not over."""
    ((low, high, over),) = connection.execute(
        "SELECT (SELECT min(key) FROM figure_hour), (SELECT max(key) FROM figure_hour),"
        " (SELECT value FROM state WHERE name = ?)",
        (CLOSED,),
    )
    if low is None:
        return 0, 0, 0
    return low >> PERIOD_SHIFT, (high >> PERIOD_SHIFT) + 1, over or 0


def counted_between(connection: apsw.Connection) -> tuple[int, int]:
    """From when to when, in ms, anything counts: whole days with one to spare."""
    low, high, _ = hours(connection)
    if low == high:
        return 0, 0
    days = low // HOURS - 1, high // HOURS + 2
    first_ms, end_ms = map(LocalTime(UTC).begin_ms, map(date.fromordinal, days))
    return first_ms, end_ms


def kind_of(wanted: CountFilter, sites: Standing) -> int | None:
    """The smallest kind of views that tells what is asked for apart, if one does."""
    named = {name for name in PLACES if getattr(wanted, name) is not None}
    named |= {name for name in wanted.group_by if name in PLACES}
    if wanted.subtree is not None or sites != ALL:
        named.add("site")
    if not named <= _KIND_OF.keys():
        return None
    dimensions = sum(_KIND_OF[name] for name in named)
    kind = next(kind for kind in KINDS if kind & dimensions == dimensions)
    return kind | OF_SCALE if SCALE in wanted.group_by else kind


class Source:
    """Where one question is answered from; `kind` is that of its views, if any."""

    def __init__(
        self, connection: apsw.Connection, wanted: CountFilter, sites: Standing = ALL
    ) -> None:
        self._connection = connection
        self._wanted = wanted
        self._sites = sites
        self.kind = kind_of(wanted, sites)
        self._keys: Places | None = None
        self._views: Places | None = None
        self._counted_in: dict[Span, list[int]] = {}

    @property
    def keys(self) -> Places:
        """Numbers of `figure_key`; in them parts of hours and open ones are told."""
        if self._keys is None:
            self._keys = self._places("k.no", _KEYS, _FROM_KEYS, "b.site")
        return self._keys

    @property
    def places(self) -> Places:
        """The numbers in whose sums hours that are over are told."""
        if self.kind is None:
            return self.keys
        if self._views is None:
            source = f"(SELECT * FROM figure_view WHERE kind = {self.kind}) AS k"
            self._views = self._places("k.no", _VIEWS, source, "nullif(k.site, '')")
        return self._views

    def sums(self, span: Span, places: Places) -> Counted:
        """The counts of a span: few places are sought, else all are read."""
        table = f"figure_{span.table}"
        if self.kind is not None:
            table = f"figure_sum_{span.table}"
        periods = self._periods(table, span)
        seeks = len(places) * len(periods)
        if seeks * ROWS_A_SEEK > self._rows(table, periods):
            select = f"SELECT key, count FROM {table} WHERE key >= ? AND key < ?"
            return self._connection.execute(select, bounds(span.first, span.end))
        return self._connection.execute(
            _SOUGHT.format(table=table),
            (json.dumps(periods), json.dumps(list(places))),
        )

    def _periods(self, table: str, span: Span) -> list[int]:
        """The periods of a span in which anything was counted."""
        known = self._counted_in.get(span)
        if known is None:
            rows = self._connection.execute(
                _PERIODS.format(table=table), bounds(span.first, span.end)
            )
            known = self._counted_in[span] = [period for (period,) in rows]
        return known

    def _rows(self, table: str, periods: Sequence[int]) -> int:
        """About how many counts these periods have, by some of them."""
        sample = periods[:: max(len(periods) // _SAMPLES, 1)]
        found = 0
        for period in sample:
            ((rows,),) = self._connection.execute(
                f"SELECT count(*) FROM (SELECT 1 FROM {table}"
                " WHERE key >= ? AND key < ? LIMIT ?)",
                (*bounds(period, period + 1), _SAMPLE_ROWS_MAX),
            )
            found += rows
        return found * len(periods) // max(len(sample), 1)

    def open(self, span: Span) -> list[tuple[int, int]]:
        """The counts by key of hours that are not added up yet."""
        select = "SELECT key, count FROM figure_hour WHERE key >= ? AND key < ?"
        rows = self._connection.execute(select, bounds(span.first, span.end))
        return list(rows)

    def _places(
        self, number: str, columns: Mapping[str, str], source: str, site: str
    ) -> dict[int, Key]:
        conditions = Conditions()
        conditions.where(self._sites.condition(site), self._sites.listed)
        for name, column in columns.items():
            conditions.where(f"{column} = ?", getattr(self._wanted, name))
        conditions.where(of_site(site), self._wanted.subtree)
        if SCALE in self._wanted.group_by:
            scale = _SCALE if columns is _KEYS else _SCALE_OF_VIEW
            columns = {**columns, SCALE: scale}
            among = json.dumps(self._wanted.scales)
            conditions.where(f"{scale} IN (SELECT value FROM json_each(?))", among)
        names = [name for name in self._wanted.group_by if name not in TIMES]
        selected = ", ".join((number, *(columns[name] for name in names)))
        rows = self._connection.execute(
            f"SELECT {selected} FROM {source}"
            f" WHERE {_kinds(self._wanted)} AND {conditions.clause}",
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
