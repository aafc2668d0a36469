"""Presses that others may be compared with, and the sessions around them."""

from collections.abc import Iterable
from typing import NamedTuple

from gateway.ledger.store import Store


class Kept(NamedTuple):
    """A press of a device; ordered by its place."""

    place: int
    occurred_ms: int
    key: int


class Desk(NamedTuple):
    """Where sessions follow each other: a window, or a device that stands at none."""

    site: str
    window: str | None
    device_no: int | None

    @classmethod
    def of(cls, site: str | None, window: str | None, device_no: int | None) -> "Desk":
        return cls(site or "", window, None if window else device_no)


class PressBooks:
    """The table `press`, and sessions by where and when they opened."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def of_device(self, device_no: int) -> list[Kept]:
        rows = self._store.all(
            "SELECT place, occurred_ms, key FROM press WHERE device_no = ?"
            " ORDER BY place",
            (device_no,),
        )
        return [Kept._make(row) for row in rows]

    def add(self, rows: Iterable[tuple[int, int, int, int]]) -> None:
        """Keep (device_no, place, occurred_ms, key)."""
        self._store.many("INSERT OR REPLACE INTO press VALUES (?, ?, ?, ?)", rows)

    def forget(self, rows: Iterable[tuple[int, int]]) -> None:
        """Drop (device_no, place)."""
        self._store.many("DELETE FROM press WHERE device_no = ? AND place = ?", rows)

    def opened(
        self, at: Desk, since_ms: int, until_ms: int
    ) -> list[tuple[int, int | None]]:
        """(opened_ms, ended_ms) of sessions that opened within a closed span."""
        rows = self._store.all(
            "SELECT opened_ms, ended_ms FROM session WHERE site = ?1 AND window IS ?2"
            " AND opened_ms BETWEEN ?4 AND ?5 AND (?3 IS NULL OR device_no = ?3)"
            " ORDER BY opened_ms",
            (*at, since_ms, until_ms),
        )
        return [(row[0], row[1]) for row in rows]

    def next_opened(self, at: Desk, after_ms: int) -> int | None:
        """When the next session opened there."""
        row = self._store.one(
            "SELECT min(opened_ms) FROM session WHERE site = ?1 AND window IS ?2"
            " AND opened_ms > ?4 AND (?3 IS NULL OR device_no = ?3)",
            (*at, after_ms),
        )
        return None if row is None else row[0]

    def last_opened(self, at: Desk, before_ms: int) -> int | None:
        """The number of the session that opened there before."""
        row = self._store.one(
            "SELECT no FROM session WHERE site = ?1 AND window IS ?2"
            " AND opened_ms < ?4 AND (?3 IS NULL OR device_no = ?3)"
            " ORDER BY opened_ms DESC, no DESC LIMIT 1",
            (*at, before_ms),
        )
        return None if row is None else int(row[0])

    def is_told_of(self, at: Desk) -> bool:
        """Whether any session there was told of by its opening."""
        return self.next_opened(at, -1) is not None

    def is_any_told_of(self) -> bool:
        """The same of any session at all."""
        row = self._store.one(
            "SELECT 1 FROM session WHERE opened_ms IS NOT NULL LIMIT 1"
        )
        return row is not None
