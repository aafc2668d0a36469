"""What the outbox holds for each sink: counted, never derived from other counts."""

import json
from collections.abc import Iterable, Sequence
from threading import Lock
from typing import Final

import apsw

from gateway.events import Terms, subject_of
from gateway.ledger.packing import unpack
from gateway.ports import OutboxRow, SinkSince
from gateway.queries.asking import QueryDeadlineError
from gateway.queries.rows import EventPosition, OwedEvents, SinkCursor
from gateway.reading.paging import Columns

ROWS_UNPACKED_MAX: Final = 1500
"""In one answer: about half a second; the next answer goes on from there."""

ROWS_REMEMBERED_MAX: Final = 100_000


_SINKS: Final = (
    "SELECT name, kind, events, since_block, since_index, removed FROM sink ORDER BY no"
)


class Owed:
    """Counts what lies beyond cursors; whole rows are counted once and remembered."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._sinks: list[Columns] = []
        self._terms: dict[str, Terms] = {}
        self._counts: dict[int, dict[str, int]] = {}

    def count(
        self, connection: apsw.Connection, cursors: Sequence[SinkCursor]
    ) -> list[OwedEvents]:
        """One answer for each cursor, in their order.

        Raises QueryDeadlineError when the backlog takes more than one answer to count.
        """
        with self._lock:
            self._learn_terms(connection)
            self._count_rows(connection, min((c.block for c in cursors), default=0))
            addressed = connection.execute("SELECT name, events FROM sink_addressed")
            totals = {str(name): int(events) for name, events in addressed}
            return [
                self._beyond(connection, cursor, totals.get(cursor.name, 0))
                for cursor in cursors
            ]

    def positions(
        self, connection: apsw.Connection, rating_id: str, block: int
    ) -> list[EventPosition]:
        """The rating's events in the row of `block`, and the sinks they are for."""
        with self._lock:
            self._learn_terms(connection)
            row = _row(connection, block)
            if row is None:
                return []
            taken = {
                name: frozenset(indexes)
                for name, terms in self._terms.items()
                for units, indexes in (terms.select(row),)
                if units is row.events
            }
        return [
            EventPosition(
                event.type, block, index, tuple(n for n in taken if index in taken[n])
            )
            for index, event in enumerate(row.events)
            if subject_of(event) == rating_id
        ]

    def _learn_terms(self, connection: apsw.Connection) -> None:
        sinks = connection.execute(_SINKS).fetchall()
        if sinks != self._sinks:
            self._sinks = sinks
            self._terms = _terms(sinks)
            self._counts.clear()

    def _count_rows(self, connection: apsw.Connection, first: int) -> None:
        """Count the whole rows from `first` on that were not counted before."""
        for block in [block for block in self._counts if block < first]:
            del self._counts[block]
        blocks = [
            block
            for (block,) in connection.execute(
                "SELECT block FROM outbox WHERE block >= ? ORDER BY block", (first,)
            )
            if block not in self._counts
        ]
        for block in blocks[:ROWS_UNPACKED_MAX]:
            row = _row(connection, block)
            assert row is not None, "one read transaction sees one state"
            self._counts[block] = {
                name: len(terms.select(row)[1]) for name, terms in self._terms.items()
            }
        if len(blocks) > ROWS_UNPACKED_MAX or len(self._counts) > ROWS_REMEMBERED_MAX:
            raise QueryDeadlineError("the backlog is still being counted: ask again")

    def _beyond(
        self, connection: apsw.Connection, cursor: SinkCursor, addressed: int
    ) -> OwedEvents:
        owed = 0
        oldest = None
        for block in sorted(self._counts):
            count = self._counts[block].get(cursor.name, 0)
            if block == cursor.block and cursor.index:
                count = self._rest(connection, cursor)
            if count and block >= cursor.block:
                owed += count
                oldest = block if oldest is None else oldest
        return OwedEvents(addressed, owed, _appended_ms(connection, oldest))

    def _rest(self, connection: apsw.Connection, cursor: SinkCursor) -> int:
        """What is left of the row in which the cursor stands."""
        row = _row(connection, cursor.block)
        terms = self._terms.get(cursor.name)
        if row is None or terms is None:
            return 0
        return sum(index >= cursor.index for index in terms.select(row)[1])


def _row(connection: apsw.Connection, block: int) -> OutboxRow | None:
    for (body,) in connection.execute(
        "SELECT body FROM outbox WHERE block = ?", (block,)
    ):
        return unpack(body)
    return None


def _appended_ms(connection: apsw.Connection, block: int | None) -> int | None:
    for (appended_ms,) in connection.execute(
        "SELECT appended_ms FROM outbox WHERE block = ?", (block,)
    ):
        return int(appended_ms)
    return None


def in_force(connection: apsw.Connection) -> list[SinkSince]:
    """The sinks not removed, each with its newest filter since it first came."""
    found: dict[str, SinkSince] = {}
    for name, kind, events, block, index, removed in connection.execute(_SINKS):
        if removed:
            found.pop(name, None)
            continue
        first = found.get(name)
        since = (first.since_block, first.since_index) if first else (block, index)
        found[name] = SinkSince(name, kind, tuple(json.loads(events)), *since)
    return list(found.values())


def _terms(sinks: Iterable[Columns]) -> dict[str, Terms]:
    """Each sink's filters over time, from the rows of `sink`, oldest first."""
    changes: dict[str, list[SinkSince]] = {}
    for name, kind, events, block, index, removed in sinks:
        filters = () if removed else tuple(json.loads(events))
        changes.setdefault(name, []).append(
            SinkSince(name, kind, filters, block, index)
        )
    return {name: Terms(of_one) for name, of_one in changes.items()}
