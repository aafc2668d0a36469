"""A ledger's file whose rows a test writes itself: what readers find in it."""

import json
from functools import cache
from pathlib import Path
from typing import Final

import apsw

from gateway import migrations
from gateway.ledger.arrivals import Arrivals
from gateway.ledger.owed import SINKS, terms_of
from gateway.ledger.packing import pack, unpack
from gateway.ledger.schema import IDENTITY_TABLE, MIGRATIONS
from gateway.ledger.store import Store
from gateway.places import Place
from gateway.ports import AnyEvent, OutboxRow
from gateway.reading import Held

_BODIES: Final = "SELECT body FROM outbox ORDER BY block"
NOON_MS: Final = 1_795_262_400_000
"""2026-11-21T12:00:00Z."""


@cache
def _blank() -> apsw.Connection:
    """What the migrations make of an empty file."""
    connection = apsw.Connection(":memory:")
    migrations.apply(connection, MIGRATIONS)
    return connection


class LedgerFile:
    """Each method adds one row; what a test does not care about has a default."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._db = apsw.Connection(str(path))
        self._db.execute("PRAGMA synchronous = OFF")  # it outlives no power cut
        with self._db.backup("main", _blank(), "main") as copying:
            copying.step()
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute(IDENTITY_TABLE.format(no=1))
        self._insert("identity_period", no=1, since_ms=0)
        self._devices: dict[str, int] = {}

    @property
    def held(self) -> Held:
        """Where questions are answered on the connection that writes."""
        return Held(self._db)

    def close(self) -> None:
        self._db.close()

    def lock(self) -> None:
        """Write without end, as a fold in the middle of its transaction does."""
        self._db.execute("BEGIN IMMEDIATE")

    def execute(self, sql: str) -> None:
        self._db.execute(sql)

    def state(self, **values: int) -> None:
        for name, value in values.items():
            self._insert("state", name=name, value=value)

    def fate(self, name: str, elements: int, rule: str = "") -> None:
        self._insert("fate", name=name, rule=rule, elements=elements)

    def device(self, device_id: str, **columns: object) -> int:
        """With a `presence`, it was told live."""
        number = len(self._devices) + 1
        self._devices[device_id] = number
        presence = columns.pop("presence", None)
        values = {"lifecycle": "active", **columns}
        known = json.dumps(presence) if presence else None
        self._insert("device", no=number, device_id=device_id, presence=known, **values)
        self._insert(
            "device_activity",
            no=number,
            last_seen_ms=NOON_MS,
            missing_count=3,
            tokens=1.0,
            refilled_ms=0,
            deferred=0,
        )
        if isinstance(presence, dict):
            self._insert(
                "device_presence",
                no=number,
                state=presence["state"],
                since_ms=presence.get("received_ms", NOON_MS),
                flapping=0,
                watch="{}",
            )
        return number

    def rating(self, device_id: str, event_id: str, **columns: object) -> int:
        """The packed place."""
        if device_id not in self._devices:
            self.device(device_id, site="hall", window="w1")
        number = self._devices[device_id]
        place = Place(
            0, int(str(columns.pop("block", 1))), number, len(event_id)
        ).pack()
        place = int(str(columns.pop("place", place)))
        binding = self._insert(
            "binding",
            site=columns.pop("site", "hall"),
            department=columns.pop("department", "taxes"),
            window="w1",
            scale="5",
            medium="terminal",
            employee_tag=1,
        )
        values: dict[str, object] = {
            "ordinal": 7,
            "level": 5,
            "level_raw": "5",
            "occurred_ms": NOON_MS,
            "received_ms": NOON_MS + 250,
            "time_quality": "device",
            "origin": "customer",
            "mode": "live",
            "round": "initial",
            "version": 1,
            "effective": 1,
        }
        values |= columns
        if place >= 0:
            arrivals = Arrivals(Store(self._db))
            arrivals.note([place], [int(str(values["received_ms"]))])
            arrivals.save()
        self._insert(
            "rating",
            place=place,
            device_no=number,
            event_id=event_id,
            binding=binding,
            **values,
        )
        self._insert(
            "identity_1", event_id=event_id, device_no=number, place=place, hash=b"h"
        )
        return place

    def session(self, number: int, session_id: str, **columns: object) -> None:
        places = columns.pop("ratings", [])
        values = {"site": "hall", "stage": 0, "n": 1, "state": "rated", **columns}
        self._insert(
            "session",
            no=number,
            session_id=session_id,
            began_ms=NOON_MS,
            ratings=json.dumps(places),
            **values,
        )

    def quarantine(self, number: int, **columns: object) -> None:
        values: dict[str, object] = {
            "topic": "evaluators/v1/d-1/rating",
            "device_id": "d-1",
            "reason": "not_json",
            "detail": "expected value at byte 0",
            "payload": b"{",
            "received_ms": NOON_MS,
            "state": "quarantined",
            "count": 1,
        }
        values |= columns
        self._insert(
            "quarantine",
            id=number,
            fingerprint=number.to_bytes(16),
            place=number,
            kind=0,
            last_ms=NOON_MS,
            flags=0,
            **values,
        )

    def alert(self, cause: str, **columns: object) -> None:
        values: dict[str, object] = {"state": "open", **columns}
        self._insert(
            "alert",
            cause=cause,
            subject="broker",
            severity="critical",
            text="the broker lost our session",
            opened_ms=NOON_MS,
            last_ms=NOON_MS,
            count=2,
            version=1,
            **values,
        )

    def act(self, place: int, name: str, outcome: str, key: str | None = None) -> None:
        self._insert(
            "act",
            place=place,
            name=name,
            author="local",
            at_ms=NOON_MS,
            idempotency_key=key,
            outcome=outcome,
        )

    def sink(self, name: str, kind: str, **columns: object) -> None:
        values: dict[str, object] = {
            "events": '["*"]',
            "since_block": 0,
            "since_index": 0,
            "removed": 0,
        }
        self._insert("sink", name=name, kind=kind, **(values | columns))

    def addressed(self, name: str, events: int) -> None:
        self._insert("sink_addressed", name=name, events=events)
        self._total()

    def outbox(self, block: int, *events: AnyEvent, appended_ms: int = NOON_MS) -> None:
        row = OutboxRow(block, appended_ms, list(events))
        self._insert(
            "outbox",
            block=block,
            appended_ms=appended_ms,
            events=len(events),
            totals="{}",
            body=pack(row),
        )
        self._total()

    def _total(self) -> None:
        """Rows carry running totals that end at what was addressed in all."""
        rows = [unpack(body) for (body,) in self._db.execute(_BODIES)]
        totals: dict[int, dict[str, int]] = {row.block: {} for row in rows}
        addressed = dict(self._db.execute("SELECT name, events FROM sink_addressed"))
        for name, terms in terms_of(self._db.execute(SINKS)).items():
            total = int(addressed.get(name, 0))
            for row in reversed(rows):
                totals[row.block][name] = total
                total -= len(terms.select(row)[1])
        for block, values in totals.items():
            self._db.execute(
                "UPDATE outbox SET totals = ? WHERE block = ?",
                (json.dumps(values), block),
            )

    def _insert(self, table: str, **columns: object) -> int:
        names = ", ".join(columns)
        marks = ", ".join("?" * len(columns))
        values = tuple(columns.values())
        self._db.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", values)
        return self._db.last_insert_rowid()
