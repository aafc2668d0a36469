"""Since when devices serve and fail, and what that comes to, day by day."""

from collections.abc import Iterable
from typing import Final, Literal, NamedTuple, get_args

from gateway.ledger.store import Store

Kind = Literal["service", "absent", "failed", "maintenance", "unobserved"]

SUMS: Final = (
    "required_ms",
    "down_ms",
    "maintenance_ms",
    "unobserved_ms",
    "failures",
    "repairs",
    "repair_ms",
)
"""The columns of a day's sums, named as in `fleet.availability.Tally`."""


class Lasting(NamedTuple):
    """A span; it may not be over."""

    kind: Kind
    since_ms: int
    until_ms: int | None


class RolledDay(NamedTuple):
    """Whose day it is, and what device it was then; "": not known."""

    day: int
    device_no: int
    month: int
    site: str
    model: str
    firmware: str


class Availability:
    """The tables `device_span` and `availability_day`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def open_spans(self) -> dict[Kind, dict[int, int]]:
        """Of each kind, by device, since when what lasts began."""
        found: dict[Kind, dict[int, int]] = {kind: {} for kind in get_args(Kind)}
        for number, kind, since_ms in self._store.all(
            "SELECT device_no, kind, since_ms FROM device_span WHERE until_ms IS NULL"
        ):
            found[kind][number] = since_ms
        return found

    def begin(self, device_no: int, kind: Kind, since_ms: int) -> None:
        self._store.run(
            "INSERT OR REPLACE INTO device_span VALUES (?, ?, ?, NULL)",
            (device_no, kind, since_ms),
        )

    def end(self, device_no: int, kind: Kind, since_ms: int, until_ms: int) -> None:
        """One of no length never was."""
        key = (device_no, kind, since_ms)
        if until_ms > since_ms:
            sql = "UPDATE device_span SET until_ms = ?4"
            values: tuple[object, ...] = (*key, until_ms)
        else:
            sql, values = "DELETE FROM device_span", key
        self._store.run(
            f"{sql} WHERE device_no = ?1 AND kind = ?2 AND since_ms = ?3", values
        )

    def spans(self, device_no: int) -> list[Lasting]:
        """All that is remembered of a device, or of the gateway (0)."""
        rows = self._store.all(
            "SELECT kind, since_ms, until_ms FROM device_span WHERE device_no = ?"
            " ORDER BY kind, since_ms",
            (device_no,),
        )
        return [Lasting(*row) for row in rows]

    def failing_since(self, device_no: int, since_ms: int, until_ms: int) -> int | None:
        """When the first failure began that lasted within a stretch of time."""
        row = self._store.one(
            "SELECT min(since_ms) FROM device_span WHERE device_no = ?1"
            " AND kind IN ('absent', 'failed') AND since_ms < ?2"
            " AND coalesce(until_ms, ?2) >= ?3",
            (device_no, until_ms, since_ms),
        )
        return None if row is None else row[0]

    def of_device(self, device_no: int, first: int, last: int) -> list[RolledDay]:
        """The days of a device that were summed up, both ends included."""
        days = ",".join(map(str, range(first, last + 1)))
        return self._rolled(f"day IN ({days}) AND device_no = ?", device_no)

    def of_site(self, site: str, first: int, last: int) -> list[RolledDay]:
        """The days of all devices of a site that were summed up."""
        return self._rolled("day BETWEEN ? AND ? AND site = ?", first, last, site)

    def _rolled(self, clause: str, *values: object) -> list[RolledDay]:
        rows = self._store.all(
            f"SELECT {', '.join(RolledDay._fields)} FROM availability_day"
            f" WHERE {clause} ORDER BY device_no, day",
            values,
        )
        return [RolledDay(*row) for row in rows]

    def keep(self, rows: Iterable[tuple[RolledDay, tuple[int, ...]]]) -> None:
        """Write days with their sums, in the order of the columns."""
        self._store.many(
            "INSERT OR REPLACE INTO availability_day"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [(*rolled, *sums) for rolled, sums in rows],
        )

    def forget(
        self, device_nos: Iterable[int], spans_before_ms: int, days_before: int
    ) -> None:
        """What is too old to be corrected, or to be shown."""
        self._store.many(
            "DELETE FROM device_span WHERE device_no = ? AND until_ms < ?",
            [(number, spans_before_ms) for number in device_nos],
        )
        self._store.run("DELETE FROM availability_day WHERE day < ?", (days_before,))
