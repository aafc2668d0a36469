"""Rows of the outbox that nobody needs any more: old, and settled for every sink."""

from collections.abc import Mapping
from typing import Final

from gateway.events.terms import Terms, by_name
from gateway.ledger.outbox import sinks_of
from gateway.ledger.packing import unpack
from gateway.ledger.store import Row, Store
from gateway.queries.rows import SinkCursor

ROWS_A_STEP: Final = 200


class OutboxPruning:
    """Deletes the oldest rows, a few at a time; never one that a sink is owed."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def step(
        self, appended_before_ms: int, controls_read: int, cursors: list[SinkCursor]
    ) -> int:
        """One short transaction; answers how many rows went.

        `controls_read` and `cursors` are the dispatcher's; a sink that it has not
        taken up yet stands where it came into force.
        """
        terms = by_name(sinks_of(self._store.connection))
        since = {name: of_one.since for name, of_one in terms.items()}
        since |= {one.name: (one.block, one.index) for one in cursors}
        end = 0
        for block, appended_ms in self._oldest():
            if block >= controls_read or appended_ms >= appended_before_ms:
                break
            if self._is_owed(block, terms, since):
                break
            end = block + 1
        return self._delete(end) if end else 0

    def _oldest(self) -> list[Row]:
        """(block, appended_ms) of the oldest rows."""
        return self._store.all(
            "SELECT block, appended_ms FROM outbox ORDER BY block LIMIT ?",
            (ROWS_A_STEP,),
        )

    def _is_owed(
        self,
        block: int,
        terms: Mapping[str, Terms],
        since: Mapping[str, tuple[int, int]],
    ) -> bool:
        """Whether a sink stands before the end of this row and finds something in it.

        A sink that was removed stands still; it holds only what it was still owed.
        """
        behind = [name for name in terms if since[name][0] <= block]
        if not behind:
            return False
        found = self._store.one("SELECT body FROM outbox WHERE block = ?", (block,))
        assert found is not None
        row = unpack(found[0])
        return any(
            (block, index) >= since[name]
            for name in behind
            for index in terms[name].select(row)[1]
        )

    def _delete(self, end: int) -> int:
        self._store.begin()
        try:
            self._store.run("DELETE FROM outbox WHERE block < ?", (end,))
            pruned = self._store.connection.changes()
            self._store.commit()
        except BaseException:
            self._store.rollback()
            raise
        return pruned
