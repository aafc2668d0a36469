"""What waits: quarantine, deferred messages, the outbox, and the sinks it is for."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from gateway.ledger.packing import pack
from gateway.ledger.store import Row, Store
from gateway.ports import OutboxRow, RecordFlag

_QUARANTINE: Final = (
    "id, place, kind, topic, device_id, event_id, reason, detail, payload,"
    " received_ms, flags, count, state"
)

_REDACTED: Final = int(RecordFlag.REDACTED)


class Kept(NamedTuple):
    """A quarantine item that stands for `elements`; `payload` is None when purged."""

    id: int
    place: int
    kind: int
    topic: str
    device_id: str | None
    event_id: str | None
    reason: str
    detail: str
    payload: bytes | None
    received_ms: int
    flags: int
    elements: int
    state: str


class Deferred(NamedTuple):
    place: int
    kind: int
    topic: str
    payload: bytes
    received_ms: int
    flags: int


class Queues:
    """The tables `quarantine`, `deferred`, `outbox`, `sink` and `sink_addressed`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def quarantine(self, rows: Iterable[Sequence[object]]) -> None:
        """Keep what cannot be accepted; the same bytes again raise the count.

        Each row: fingerprint, place, kind, topic, device_id, event_id, reason,
        detail, payload, received_ms, last_ms, flags, seq, count, state.
        """
        self._store.many(
            "INSERT INTO quarantine (fingerprint, place, kind, topic, device_id,"
            " event_id, reason, detail, payload, received_ms, last_ms, flags, seq,"
            " count, state) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (fingerprint) DO UPDATE SET"
            # A replayed item stands for nothing any more: it starts anew.
            " count = excluded.count + iif(state = 'replayed', 0, count),"
            # One that is an envelope by now stays one.
            f" payload = iif(flags & {_REDACTED} AND payload IS NOT NULL AND NOT"
            f" excluded.flags & {_REDACTED}, payload, excluded.payload),"
            " place = iif(state = 'replayed', excluded.place, place),"
            " flags = iif(payload IS NULL, excluded.flags,"
            f" iif(state = 'replayed', excluded.flags & ~{_REDACTED}"
            f" | (flags & {_REDACTED}), flags) | (excluded.flags & {_REDACTED})),"
            " received_ms = iif(state = 'replayed', excluded.received_ms, received_ms),"
            " last_ms = excluded.last_ms,"
            " state = excluded.state",
            rows,
        )

    def kept(self, ids: Iterable[int]) -> list[Kept]:
        rows = self._store.each(
            f"SELECT {_QUARANTINE} FROM quarantine WHERE id = ?", [(i,) for i in ids]
        )
        return [Kept(*row) for row in rows]

    def held(self, device_id: str, limit: int) -> list[Kept]:
        """The oldest of what a device not yet approved has sent, in its order."""
        rows = self._store.all(
            f"SELECT {_QUARANTINE} FROM quarantine"
            " WHERE device_id = ? AND state = 'held' ORDER BY place LIMIT ?",
            (device_id, limit),
        )
        return [Kept(*row) for row in rows]

    def quarantined(self, reason: str | None, limit: int) -> list[Kept]:
        """The oldest items that may be replayed, of one reason or of all."""
        rows = self._store.all(
            f"SELECT {_QUARANTINE} FROM quarantine WHERE state = 'quarantined'"
            " AND (?1 IS NULL OR reason = ?1) ORDER BY id LIMIT ?2",
            (reason, limit),
        )
        return [Kept(*row) for row in rows]

    def leave(self, ids: Iterable[int]) -> None:
        """Mark items as replayed: their elements have another fate now."""
        self._store.many(
            "UPDATE quarantine SET state = 'replayed' WHERE id = ?",
            [(i,) for i in ids],
        )

    def standing_at(self, places: Iterable[int]) -> list[Kept]:
        """Items that have a payload and came at one of these places."""
        rows = self._store.each(
            f"SELECT {_QUARANTINE} FROM quarantine"
            " WHERE place = ? AND payload IS NOT NULL",
            [(place,) for place in places],
        )
        return [Kept(*row) for row in rows]

    def redact(self, item: int, payload: bytes, flags: int, detail: str) -> None:
        """Keep an item without what it says about a person."""
        self._store.run(
            "UPDATE quarantine SET payload = ?, flags = ?, detail = ? WHERE id = ?",
            (payload, flags, detail, item),
        )

    def purge(self, ids: Iterable[int]) -> None:
        """Drop the payloads; the counts stay."""
        self._store.many(
            "UPDATE quarantine SET state = 'purged', payload = NULL WHERE id = ?",
            [(i,) for i in ids],
        )

    def items(self) -> int:
        """How many items the quarantine has, in whatever state."""
        row = self._store.one("SELECT count(*) FROM quarantine")
        assert row is not None
        return int(row[0])

    def shrink(self, items: int) -> None:
        """Drop the oldest items, held ones last; their elements stay counted.

        What they stood for is added to one row a reason, without topic or payload.
        """
        oldest = self._store.all(
            "SELECT id, reason, iif(state = 'replayed', 0, count) FROM quarantine"
            " WHERE topic <> '' ORDER BY state = 'held', id LIMIT ?",
            (items,),
        )
        self._store.many("DELETE FROM quarantine WHERE id = ?", [r[:1] for r in oldest])
        counts: Counter[str] = Counter()
        for _, reason, count in oldest:
            counts[reason] += count
        self._store.many(
            "INSERT INTO quarantine (fingerprint, place, kind, topic, reason, detail,"
            " received_ms, last_ms, flags, count, state)"
            " VALUES (CAST('dropped:' || ?1 AS BLOB), 0, 0, '', ?1,"
            " 'dropped when the quarantine was full', 0, 0, 0, ?2, 'purged')"
            " ON CONFLICT (fingerprint) DO UPDATE SET count = count + excluded.count",
            counts.items(),
        )

    def defer(self, rows: Iterable[Sequence[object]]) -> None:
        """Keep messages beyond a device's bucket: place, device_no, Record fields."""
        self._store.many("INSERT INTO deferred VALUES (?, ?, ?, ?, ?, ?, ?)", rows)

    def take_deferred(self, device_no: int, limit: int) -> list[Deferred]:
        """The oldest deferred messages of a device; they are taken out."""
        rows = self._store.all(
            "SELECT place, kind, topic, payload, received_ms, flags FROM deferred"
            " WHERE device_no = ? ORDER BY place LIMIT ?",
            (device_no, limit),
        )
        self._store.many(
            "DELETE FROM deferred WHERE place = ?", [(row[0],) for row in rows]
        )
        return [Deferred(*row) for row in rows]

    def put_outbox(self, row: OutboxRow, totals: Mapping[str, int]) -> None:
        """Keep what a block owes, packed, unless it owes nothing.

        `totals` are the events addressed to each sink, this row's included.
        """
        if row.events or row.receipts or row.controls or row.orders:
            self._store.run(
                "INSERT INTO outbox VALUES (?, ?, ?, ?, ?)",
                (
                    row.block,
                    row.appended_ms,
                    len(row.events),
                    json.dumps(totals, sort_keys=True),  # as a fresh fold has it
                    pack(row),
                ),
            )

    def sinks(self) -> list[Row]:
        """name, kind, events, since_block, since_index, removed: oldest first."""
        return self._store.all(
            "SELECT name, kind, events, since_block, since_index, removed"
            " FROM sink ORDER BY no"
        )

    def add_sink(self, row: Sequence[object]) -> None:
        self._store.run(
            "INSERT INTO sink (name, kind, events, since_block, since_index, removed)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            row,
        )

    def addressed(self) -> dict[str, int]:
        return dict(self._store.all("SELECT name, events FROM sink_addressed"))

    def save_addressed(self, counts: Iterable[tuple[str, int]]) -> None:
        self._store.many("INSERT OR REPLACE INTO sink_addressed VALUES (?, ?)", counts)
