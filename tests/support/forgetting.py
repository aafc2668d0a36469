"""An erasure on disk, step by step as the roles take it, and what is left to find."""

import asyncio
import os
import signal
from collections.abc import Callable, Sequence
from pathlib import Path

import apsw

from gateway import crashpoints
from gateway.app.redacting import Redactor
from gateway.clock import SteppedClock
from gateway.journal.sqlite import SqliteJournalReader
from gateway.ledger.store import Store, connect
from gateway.ports import Record, RecordKind
from gateway.processing.fold import Fold
from gateway.processing.state import State
from gateway.processing.upkeep.checkpointing import Checkpointing
from gateway.processing.upkeep.forgetting import Forgetting
from gateway.redaction import REDACTED, opened
from tests.support.journals import KEYRING
from tests.support.stores import Stores

CHUNK_BYTES = 16


class Appending:
    """Appends what is submitted, as ingest does."""

    def __init__(self, stores: Stores) -> None:
        self._stores = stores

    async def submit(self, records: Sequence[Record]) -> tuple[int, int, int]:
        return 1, self._stores.append(records), 0


def start(stores: Stores) -> None:
    """What a start does about erasures, to the end: ingest, then process."""
    opened_now = stores.journal.open()
    redactor = Redactor(stores.paths, opened_now.journal)
    while redactor.step() is not None:
        pass
    stores.journal.close()
    stores.fold()
    store = Store(connect(stores.paths.ledger))
    try:
        assert Forgetting(store).step()
    finally:
        store.close()
    for _ in range(2):  # the second time its record is folded, and older copies go
        asyncio.run(_copied(stores))


async def _copied(stores: Stores) -> None:
    store = Store(connect(stores.paths.ledger))
    reader = SqliteJournalReader.open(stores.paths.journal, KEYRING)
    state = State(store, KEYRING)
    Fold(state)
    made = Checkpointing(
        stores.checkpoints, state, reader, Appending(stores), SteppedClock()
    )
    try:
        await made.step()
    finally:
        made.close()
        reader.close()
        store.close()
    stores.fold()


def dies_at(name: str, work: Callable[[], None]) -> bool:
    """Whether a process of its own that does the work is killed at a crash point."""
    child = os.fork()
    if child == 0:
        crashpoints._remaining = {name: 1}  # noqa: SLF001 -- as the variable would
        work()
        os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL


def raw(folder: Path) -> bytes:
    """All bytes of all files."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return b"\0".join(path.read_bytes() for path in paths)


def told(stores: Stores) -> bytes:
    """What the bodies of the journal say."""
    reader = SqliteJournalReader.open(stores.paths.journal, KEYRING)
    parts: list[bytes] = []
    for _, records in reader.blocks(0, 10_000):
        for record in records or ():
            kept = opened(record).payload if record.flags & REDACTED else b""
            parts += [record.payload, kept]
    reader.close()
    return b"\0".join(parts)


def sealed(stores: Stores, place: str) -> list[bytes]:
    """What hides what was said: bodies of blocks and sealed fields, as on disk."""
    found: list[bytes] = []
    for path, query in (
        (stores.paths.journal, "SELECT body FROM block"),
        (stores.paths.ledger, f"SELECT sealed FROM personal WHERE {place}"),
    ):
        reading = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
        found += [value for (value,) in reading.execute(query) if value]
        reading.close()
    return found


def left(content: bytes, gone: Sequence[bytes]) -> int:
    """How many pieces of these are still somewhere."""
    chunks = [
        one[at : at + CHUNK_BYTES]
        for one in gone
        for at in range(0, len(one) - CHUNK_BYTES, CHUNK_BYTES)
    ]
    return sum(chunk in content for chunk in chunks)


def message(stores: Stores, body: bytes, device: str = "dev-9") -> Record:
    topic = f"evaluators/v1/{device}/rating"
    now_ms = stores.journal.clock.wall_ms()
    return Record(RecordKind.MESSAGE.value, topic, body, now_ms)
