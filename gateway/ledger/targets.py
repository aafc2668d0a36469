"""Missed targets."""

from gateway.ledger.store import Store
from gateway.queries.targets import Miss

MISSES_KEPT_MAX = 100_000


class Misses:
    """The table `target_miss`; beyond `MISSES_KEPT_MAX` the oldest go."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, miss: Miss) -> bool:
        """Whether it was not known: each is told once."""
        row = self._store.one(
            "INSERT OR IGNORE INTO target_miss (period, figure, scope, rules, at_least,"
            " value, n, at_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING no",
            miss,
        )
        if row is None:
            return False
        self._store.run(
            "DELETE FROM target_miss WHERE no <= ?", (row[0] - MISSES_KEPT_MAX,)
        )
        return True
