"""A journal and the ledger it is folded into, without processes."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeVar
from unittest.mock import patch

import apsw
import msgspec

from gateway import migrations
from gateway.clock import SteppedClock
from gateway.journal.memory import MemoryJournal
from gateway.ledger.packing import unpack
from gateway.ledger.schema import FOLDED
from gateway.ledger.store import Row, Store, connect
from gateway.ports import (
    Control,
    Event,
    Header,
    OutboxRow,
    RatingEvent,
    Receipt,
    Record,
    RecordKind,
)
from gateway.processing.fold import Fold
from gateway.processing.state import State
from gateway.sealing import Keyring
from tests.support.exactly import check

T = TypeVar("T")

START_MS: Final = 1_795_262_400_000
"""2026-11-21T12:00:00Z."""

SECOND_MS: Final = 1_000
DAY_MS: Final = 86_400_000
MEMORY: Final = Path(":memory:")
LOST: Final = ("missing", "damaged")
APPROVE: Final = {"unknown_devices": "approve"}


def element(event_id: str, level: object = 5, **fields: object) -> dict[str, object]:
    """A rating as a terminal writes it; a level of `...` leaves it out."""
    level_field = {} if level is ... else {"level": level}
    return {"v": 1, "event_id": event_id, **level_field, **fields}


def message(
    device_id: str,
    body: object,
    received_ms: int = START_MS,
    channel: str = "rating",
    flags: int = 0,
) -> Record:
    """What a terminal publishes; bytes go as they are."""
    payload = body if isinstance(body, bytes) else msgspec.json.encode(body)
    topic = f"evaluators/v1/{device_id}/{channel}"
    return Record(RecordKind.MESSAGE, topic, payload, received_ms, flags)


def act(name: str, data: object, received_ms: int = START_MS) -> Record:
    payload = data if isinstance(data, bytes) else msgspec.json.encode(data)
    return Record(RecordKind.ACT, name, payload, received_ms)


def snapshot(store: Store) -> dict[str, list[Row]]:
    """All that is a function of the journal: the folded tables and the identities."""
    names = [*FOLDED, *store.identities.tables()]
    return {
        name: sorted(store.all(f"SELECT * FROM {name}"), key=repr) for name in names
    }


def _flat(rows: Iterable[Iterable[T]]) -> list[T]:
    return [unit for row in rows for unit in row]


def connected(path: Path) -> apsw.Connection:
    """As `connect`; what is in memory begins as a copy of what migrations make."""
    if path != MEMORY:
        return connect(path)
    blank = _blank()

    def copy(connection: apsw.Connection, _: Sequence[str]) -> int:
        with connection.backup("main", blank, "main") as copying:
            copying.step()
        return 0

    with patch.object(migrations, "apply", copy):
        return connect(path)


@cache
def _blank() -> apsw.Connection:
    return connect(MEMORY)


class FoldedLedger:
    """Appends records and folds them at once; a `Submitter` too."""

    def __init__(
        self,
        path: Path = MEMORY,
        *,
        period_ms: int = 30 * DAY_MS,
        start_ms: int = START_MS,
    ) -> None:
        self.path = path
        self.clock = SteppedClock(wall_ms=start_ms)
        self.keyring = Keyring({1: bytes(32)})
        self.journal = MemoryJournal(self.clock, self.keyring)
        self._period_ms = period_ms
        self.checked = Counter[str]()  # events whose schemas are exact, by name
        self.store = Store(connected(path), period_ms)
        self.fold = Fold(State(self.store, self.keyring))

    @property
    def state(self) -> State:
        return self.fold.state

    def close(self) -> None:
        self.store.close()

    def restart(self) -> None:
        """A new fold over the same ledger, as after a kill."""
        self.fold = Fold(State(self.store, self.keyring))

    def refolded(self, blocks: int = 1) -> "FoldedLedger":
        """The same journal folded from scratch, so many blocks a transaction."""
        other = FoldedLedger(period_ms=self._period_ms)
        other.journal = self.journal
        other.catch_up(blocks)
        return other

    def catch_up(self, blocks: int = 8) -> None:
        while found := self.journal.blocks(self.state.block, blocks):
            after = self.state.block
            self.fold.blocks(found)
            self._check(after)

    def _check(self, after: int) -> None:
        """Every event about terminals and alerts is as its schema says."""
        rows = self.store.all("SELECT body FROM outbox WHERE block > ?", (after,))
        for (body,) in rows:
            self.checked.update(check(unpack(body)))

    async def submit(self, records: Sequence[Record]) -> tuple[int, int, int]:
        return self.append(records)

    def append(self, records: Sequence[Record]) -> tuple[int, int, int]:
        """Where the first of the records stands."""
        header = self.take(*records)
        self.clock.advance(25)
        return header.generation, header.number, 0

    def take(self, *records: Record) -> Header:
        """Append these as one block, and fold it; none is a tick."""
        header = self.journal.append(records)
        self.catch_up()
        return header

    def act(self, name: str, data: Mapping[str, object]) -> None:
        self.append([act(name, data, self.clock.wall_ms())])

    def settle(self, name: str, data: object) -> dict[str, Any]:
        """Carry out an act; its outcome."""
        self.append([act(name, data, self.clock.wall_ms())])
        text = self.one("SELECT outcome FROM act ORDER BY place DESC LIMIT 1")
        outcome: dict[str, Any] = msgspec.json.decode(text)
        return outcome

    def rules(self, **rules: object) -> None:
        """Put rules in force; unknown devices are approved unless they say else."""
        self.act("rules_applied", {"rules": {**APPROVE, **rules}})

    def publish(self, device_id: str, *elements: Mapping[str, object] | bytes) -> None:
        """Ratings as a terminal sends them, one message each; bytes go as they are."""
        now_ms = self.clock.wall_ms()
        bodies = [
            one if isinstance(one, bytes) else {"v": 1, **one} for one in elements
        ]
        self.append([message(device_id, body, now_ms) for body in bodies])

    def publish_to(
        self, device_id: str, channel: str, body: Mapping[str, object]
    ) -> None:
        """A message of any channel."""
        now_ms = self.clock.wall_ms()
        self.append([message(device_id, body, now_ms, channel)])

    def all(self, sql: str, *values: object) -> list[Row]:
        return self.store.all(sql, values)

    def one(self, sql: str, *values: object) -> Any:  # noqa: ANN401 -- a cell of any column
        """The first cell of the first row."""
        row = self.store.one(sql, values)
        return None if row is None else row[0]

    def fates(self) -> dict[str, int]:
        """How many elements have which fate; `quarantined:REASON` and the like."""
        return {
            f"{name}:{rule}" if rule else name: elements
            for (name, rule), elements in sorted(self.state.books.fates().items())
            if elements
        }

    def accounted(self) -> bool:
        """Whether what was received has exactly one fate each, none of them negative.

        Items of the quarantine that wait or were purged stand for its elements.
        """
        state = self.state.books.counters()
        fates = self.state.books.fates()
        kept = self.one(
            "SELECT coalesce(sum(count), 0) FROM quarantine WHERE state <> 'replayed'"
        )
        lost = sum(fates.get(("quarantined", f"block_{how}"), 0) for how in LOST)
        quarantined = sum(
            elements
            for (name, _), elements in fates.items()
            if name in {"quarantined", "conflict"}
        )
        received = state["messages"] + state["elements_extra"]
        return (
            received == sum(fates.values())
            and min(fates.values(), default=0) >= 0
            and quarantined - lost == kept
        )

    def outbox(self, after: int = 0) -> list[OutboxRow]:
        rows = self.all("SELECT body FROM outbox WHERE block > ? ORDER BY block", after)
        return [unpack(body) for (body,) in rows]

    def ratings_told(self, after: int = 0) -> list[RatingEvent]:
        events = _flat(row.events for row in self.outbox(after))
        return [event for event in events if isinstance(event, RatingEvent)]

    def told(self, after: int = 0) -> list[tuple[str, str, int]]:
        """(name, event_id, effective) of each event about a rating."""
        return [
            (event.type.removeprefix("rating."), event.event_id, int(event.effective))
            for event in self.ratings_told(after)
        ]

    def events(self, name: str) -> list[Event]:
        events = _flat(row.events for row in self.outbox())
        return [e for e in events if isinstance(e, Event) and e.type == name]

    def receipts(self, after: int = 0) -> list[Receipt]:
        return _flat(row.receipts for row in self.outbox(after))

    def controls(self) -> list[Control]:
        return _flat(row.controls for row in self.outbox())
