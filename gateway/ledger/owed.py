"""What the outbox holds for each sink: counted, never derived from other counts."""

import json
from collections.abc import Iterable, Sequence
from threading import Lock
from typing import Final

import apsw

from gateway.events import Terms, subject_of
from gateway.ledger.packing import unpack
from gateway.ports import OutboxRow, SinkSince
from gateway.queries.rows import EventPosition, OwedEvents, SinkCursor
from gateway.reading.paging import Columns

SINKS: Final = (
    "SELECT name, kind, events, since_block, since_index, removed FROM sink ORDER BY no"
)


class Owed:
    """Counts what lies beyond cursors, by the totals that each row carries."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._sinks: list[Columns] = []
        self._terms: dict[str, Terms] = {}

    def count(
        self, connection: apsw.Connection, cursors: Sequence[SinkCursor]
    ) -> list[OwedEvents]:
        """One answer for each cursor, in their order."""
        with self._lock:
            self._learn_terms(connection)
            addressed = connection.execute("SELECT name, events FROM sink_addressed")
            totals = {str(name): int(events) for name, events in addressed}
            return [
                self._beyond(connection, cursor, totals.get(cursor.name, 0))
                for cursor in cursors
            ]

    def before(self, connection: apsw.Connection, cursor: SinkCursor) -> int:
        """How many events were addressed to a sink before its cursor."""
        with self._lock:
            self._learn_terms(connection)
            path = f'$."{cursor.name}"'
            return self._before(connection, cursor, path, 0)

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
        sinks = connection.execute(SINKS).fetchall()
        if sinks != self._sinks:
            self._sinks = sinks
            self._terms = terms_of(sinks)

    def _beyond(
        self, connection: apsw.Connection, cursor: SinkCursor, addressed: int
    ) -> OwedEvents:
        """The rows' running totals tell how many lie before a cursor."""
        path = f'$."{cursor.name}"'
        before = self._before(connection, cursor, path, addressed)
        oldest_ms = None
        for (appended_ms,) in connection.execute(
            "SELECT appended_ms FROM outbox WHERE block >= ? AND totals ->> ? > ?"
            " ORDER BY block LIMIT 1",
            (cursor.block, path, before),
        ):
            oldest_ms = int(appended_ms)
        return OwedEvents(addressed, addressed - before, oldest_ms)

    def _before(
        self, connection: apsw.Connection, cursor: SinkCursor, path: str, addressed: int
    ) -> int:
        """How many events for this sink lie before its cursor."""
        before = self._before_all(connection, cursor, path, addressed)
        for (total,) in connection.execute(
            "SELECT coalesce(totals ->> ?, 0) FROM outbox WHERE block < ?"
            " ORDER BY block DESC LIMIT 1",
            (path, cursor.block),
        ):
            before = int(total)
        row = _row(connection, cursor.block) if cursor.index else None
        terms = self._terms.get(cursor.name)
        if row is not None and terms is not None:
            before += sum(index < cursor.index for index in terms.select(row)[1])
        return before

    def _before_all(
        self, connection: apsw.Connection, cursor: SinkCursor, path: str, addressed: int
    ) -> int:
        """How many came before the oldest row that is kept."""
        for block, total in connection.execute(
            "SELECT block, coalesce(totals ->> ?, 0) FROM outbox"
            " ORDER BY block LIMIT 1",
            (path,),
        ):
            row, terms = _row(connection, block), self._terms.get(cursor.name)
            own = len(terms.select(row)[1]) if row is not None and terms else 0
            return int(total) - own
        return addressed


def _row(connection: apsw.Connection, block: int) -> OutboxRow | None:
    for (body,) in connection.execute(
        "SELECT body FROM outbox WHERE block = ?", (block,)
    ):
        return unpack(body)
    return None


def in_force(connection: apsw.Connection) -> list[SinkSince]:
    """The sinks not removed, each with its newest filter since it first came."""
    found: dict[str, SinkSince] = {}
    for name, kind, events, block, index, removed in connection.execute(SINKS):
        if removed:
            found.pop(name, None)
            continue
        first = found.get(name)
        since = (first.since_block, first.since_index) if first else (block, index)
        found[name] = SinkSince(name, kind, tuple(json.loads(events)), *since)
    return list(found.values())


def terms_of(sinks: Iterable[Columns]) -> dict[str, Terms]:
    """Each sink's filters over time, from the rows of `sink`, oldest first."""
    changes: dict[str, list[SinkSince]] = {}
    for name, kind, events, block, index, removed in sinks:
        filters = () if removed else tuple(json.loads(events))
        changes.setdefault(name, []).append(
            SinkSince(name, kind, filters, block, index)
        )
    return {name: Terms(of_one) for name, of_one in changes.items()}
