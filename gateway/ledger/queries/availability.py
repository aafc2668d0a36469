"""Availability: sums of days by group, with inspections and completeness beside them.

What was due, and what was received, counts where its device stood, and as what, on the
last day of the month that was summed up.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Final

import apsw

from fleet.availability import DIMENSIONS, Key, Tally, grouped
from gateway.ledger.availability import SUMS
from gateway.ledger.queries.counts import counts
from gateway.ledger.queries.organisation import of_site
from gateway.queries.availability import AvailabilityFilter, AvailabilityFound
from gateway.queries.counts import CountFilter
from gateway.ratings.cells import LOST, RECEIVED
from gateway.reading.paging import Conditions

_COLUMNS: Final = {"device": "d.device_id"} | {
    name: f"a.{name}" for name in DIMENSIONS if name != "device"
}
_FROM: Final = "FROM availability_day AS a JOIN device AS d ON d.no = a.device_no"
_DUE: Final = f"""
SELECT d.device_id, p.due_day, p.overdue_ms, p.done_ms FROM inspection_period AS p
JOIN device AS d ON d.no = p.device_no
WHERE p.due_day >= ? AND p.due_day < ? AND p.device_no IN
    (SELECT a.device_no {_FROM} WHERE {{clause}})
"""

Places = Mapping[tuple[str, int], Key]
"""What a device was, and where, in a month (year * 100 + month)."""


def found(connection: apsw.Connection, wanted: AvailabilityFilter) -> AvailabilityFound:
    """The sums of each group that has any."""
    (as_of_ms,) = connection.execute(
        "SELECT coalesce((SELECT value FROM state WHERE name = 'now_ms'), 0)"
    ).fetchone() or (0,)
    conditions = _conditions(wanted)
    places = _places(connection, conditions)
    rows = [
        *_times(connection, wanted.group_by, conditions),
        *_inspections(connection, wanted, places, as_of_ms),
        *_received(connection, wanted, places),
    ]
    return AvailabilityFound(grouped(rows, wanted.group_by), as_of_ms)


def _conditions(wanted: AvailabilityFilter) -> Conditions:
    conditions = Conditions()
    conditions.where("a.day >= ?", wanted.days[0])
    conditions.where("a.day < ?", wanted.days[1])
    conditions.where("a.site = ?", wanted.site)
    conditions.where("d.device_id = ?", wanted.device)
    conditions.where(of_site("a.site"), wanted.subtree)
    return conditions


def _times(
    connection: apsw.Connection, names: tuple[str, ...], conditions: Conditions
) -> Iterator[tuple[Key, Tally]]:
    columns = [_COLUMNS[name] for name in names]
    sums = [f"sum(a.{name})" for name in SUMS]
    group = f"GROUP BY {', '.join(columns)}" if columns else "HAVING count(*)"
    rows = connection.execute(
        f"SELECT {', '.join([*columns, *sums])} {_FROM}"
        f" WHERE {conditions.clause} {group}",
        conditions.values,
    )
    for row in rows:
        key = dict(zip(names, row, strict=False))
        if "month" in key:
            key["month"] = _month(key["month"])
        tally = Tally(**dict(zip(SUMS, row[len(names) :], strict=True)))
        yield Key(**key), tally


def _places(connection: apsw.Connection, conditions: Conditions) -> Places:
    rows = connection.execute(
        "SELECT d.device_id, a.month, a.site, a.model, a.firmware, max(a.day)"
        f" {_FROM} WHERE {conditions.clause} GROUP BY a.device_no, a.month",
        conditions.values,
    )
    return {
        (device, month): Key(device, site, _month(month), model, firmware)
        for device, month, site, model, firmware, _ in rows
    }


def _inspections(
    connection: apsw.Connection,
    wanted: AvailabilityFilter,
    places: Places,
    as_of_ms: int,
) -> Iterator[tuple[Key, Tally]]:
    """What fell due, as soon as it was done or is overdue."""
    conditions = _conditions(wanted)
    rows = connection.execute(
        _DUE.format(clause=conditions.clause), (*wanted.days, *conditions.values)
    )
    for device, due_day, overdue_ms, done_ms in rows:
        day = date.fromordinal(due_day)
        key = places.get((device, day.year * 100 + day.month))
        if key is not None and (done_ms is not None or overdue_ms <= as_of_ms):
            in_time = done_ms is not None and done_ms < overdue_ms
            yield key, Tally(inspections=1, in_time=int(in_time))


def _received(
    connection: apsw.Connection, wanted: AvailabilityFilter, places: Places
) -> Iterator[tuple[Key, Tally]]:
    """Events that came, and those known to be lost, as figures count them."""
    asked = CountFilter(
        subtree=wanted.subtree,
        group_by=("device", "month"),
        days=wanted.days,
        site=wanted.site,
        device=wanted.device,
    )
    for (device, month), cell in counts(connection, [asked])[0].items():
        key = places.get((str(device), int(str(month).replace("-", ""))))
        if key is not None:
            received, missing = cell.get(RECEIVED, 0), cell.get(LOST, 0)
            yield key, Tally(received=received, missing=missing)


def _month(number: int) -> str:
    return f"{number // 100:04d}-{number % 100:02d}"
