"""A stopped gateway's stores, on disk: a journal, and the ledger folded from it."""

import base64
from collections.abc import Sequence
from pathlib import Path

import msgspec

from gateway.app.paths import Paths
from gateway.app.verifying import verify
from gateway.journal.sqlite import SqliteJournalReader
from gateway.ledger.checkpoints import Checkpoint, Checkpoints
from gateway.ledger.store import Store, connect
from gateway.observability.health import Finding
from gateway.ports import Record, RecordKind
from gateway.processing.applying import FOLD_VERSION
from gateway.processing.fold import Fold
from gateway.processing.state import State
from gateway.settings import load_settings
from tests.support.api import Deliveries
from tests.support.journals import KEYRING, Directory

HOUR_MS = 3_600_000


class Stores:
    """Appends blocks and folds them; what is wrong is what `failed` says."""

    def __init__(self, root: Path) -> None:
        data = root / "data"
        (data / "run").mkdir(parents=True)
        self.config = root / "gateway.toml"
        self.config.write_text('[broker]\nurl = "mqtt://h"\n')
        self.paths = Paths(load_settings(self.config))
        keys = f"1 {base64.b64encode(bytes(32)).decode()}\n"
        self.paths.keyring.write_text(keys)
        self.paths.keyring.chmod(0o600)
        self.journal = Directory(data)
        Deliveries(self.paths.delivery).close()
        self.checkpoints = Checkpoints(self.paths.ledger, self.paths.checkpoints)
        self._events = 0

    def start(self) -> None:
        """What a first start records; every device is taken."""
        self.act("rules_applied", {"rules": {"unknown_devices": "approve"}})
        self.act("gateway_started", {"fold_version": FOLD_VERSION})

    def act(self, name: str, data: object) -> int:
        return self.append([self._record(RecordKind.ACT, name, data)])

    def rate(self, ratings: int, blocks: int = 1) -> None:
        """Blocks of this many ratings of three devices, one of them with a comment."""
        for _ in range(blocks):
            self.append([self._rating() for _ in range(ratings)])

    def append(self, records: Sequence[Record]) -> int:
        """The number of the block."""
        journal = self.journal.open().journal
        number = journal.append(records).number
        self.journal.close()
        self.journal.clock.advance(1_000)
        return number

    def let_pass(self, hours: int) -> None:
        """Time with nothing but ticks; a longer absence would be suspect."""
        for _ in range(hours):
            self.journal.clock.advance(HOUR_MS)
            self.append([])

    def fold(self) -> None:
        """As `process` does."""
        store = Store(connect(self.paths.ledger))
        reader = SqliteJournalReader.open(self.paths.journal, KEYRING)
        fold = Fold(State(store, KEYRING))
        while blocks := reader.blocks(fold.state.block, 3):
            fold.blocks(blocks)
        reader.close()
        store.close()

    def checkpoint(self, *, recorded: bool = True) -> Checkpoint:
        taken = self.checkpoints.take(FOLD_VERSION)
        if recorded:
            self.act("checkpoint_taken", msgspec.to_builtins(taken))
            self.fold()
        return taken

    def alter(self, statement: str) -> None:
        """Do to the ledger what no version of the gateway does."""
        connection = connect(self.paths.ledger)
        connection.execute(statement)
        connection.close()

    def ask(self, question: str) -> list[tuple[object, ...]]:
        connection = connect(self.paths.ledger)
        rows = connection.execute(question).fetchall()
        connection.close()
        return rows

    def findings(self) -> list[Finding]:
        return list(verify(self.paths))

    def failed(self) -> list[tuple[str, str]]:
        return [(one.name, one.detail) for one in self.findings() if not one.ok]

    def _rating(self) -> Record:
        self._events = number = self._events + 1
        device = f"dev-{number % 3}"
        body: dict[str, object] = {
            "v": 1,
            "event_id": f"00000000-0000-7000-8000-{number:012d}",
            "device_id": device,
            "level": 1 + number % 5,
            "session_id": f"S{number // 2}",
        }
        if number % 3 == 0:
            body["comment"] = "slow today"
        return self._record(RecordKind.MESSAGE, f"evaluators/v1/{device}/rating", body)

    def _record(self, kind: RecordKind, topic: str, data: object) -> Record:
        now_ms = self.journal.clock.wall_ms()
        return Record(kind.value, topic, msgspec.json.encode(data), now_ms)
