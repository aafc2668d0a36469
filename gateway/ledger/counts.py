"""Counts as they are written: by hour at once, all else when an hour is over."""

from collections.abc import Iterable

from gateway.ledger.figures import SHARED, FigureKey
from gateway.ledger.store import Store
from gateway.ledger.sums import Sums


class FigureCounts:
    """The tables `figure_key` and `figure_hour`, and what `Sums` keeps beside."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._sums = Sums(store)

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
        binding, _, _, service, part = key
        shared = part.startswith(f"{SHARED}:")
        finest = None if shared else self._sums.finest(binding, service, part)
        self._store.run(
            "INSERT INTO figure_key VALUES (?, ?, ?, ?, ?, ?, ?)",
            (number, *key, finest),
        )

    def add(self, hourly: Iterable[tuple[int, int]]) -> None:
        """Add to the counts of hours, and to the sums of those that are over."""
        counts = sorted(row for row in hourly if row[1])
        self._store.many(
            "INSERT INTO figure_hour VALUES (?, ?) ON CONFLICT (key)"
            " DO UPDATE SET count = count + excluded.count",
            counts,
        )
        self._sums.add_late(counts)
        if fewer := [(key,) for key, count in counts if count < 0]:
            self._store.many(
                "DELETE FROM figure_hour WHERE key = ? AND count = 0", fewer
            )

    def close(self, hour: int) -> None:
        """The hours before this one are over."""
        self._sums.close(hour)
