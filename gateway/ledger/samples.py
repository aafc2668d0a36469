"""Samples for inspection, and what was found of their members."""

from collections.abc import Iterable

from gateway.ledger.store import Store

FindingRow = tuple[str, str, str, str, str, int]
"""sample_id, member, verdict, note, author, at_ms."""


class Samples:
    """The tables `sample`, `sample_finding`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(
        self, place: int, sample_id: str, author: str, at_ms: int, data: str
    ) -> None:
        self._store.run(
            "INSERT INTO sample VALUES (?, ?, ?, ?, ?)",
            (place, sample_id, author, at_ms, data),
        )

    def count(self) -> int:
        row = self._store.one("SELECT count(*) FROM sample")
        assert row is not None
        return int(row[0])

    def data(self, sample_id: str) -> str | None:
        row = self._store.one(
            "SELECT data FROM sample WHERE sample_id = ?", (sample_id,)
        )
        return None if row is None else row[0]

    def find(self, rows: Iterable[FindingRow]) -> None:
        self._store.many(
            "INSERT OR REPLACE INTO sample_finding VALUES (?, ?, ?, ?, ?, ?)", rows
        )
