"""When a checkpoint is due, and how it comes into force."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import msgspec
import pytest

from gateway.clock import SteppedClock
from gateway.errors import DiskFullError, PermanentError, TransientError
from gateway.journal.sqlite import SqliteJournalReader
from gateway.ledger.checkpoints import Checkpoint, Checkpoints
from gateway.ledger.store import Store, connect
from gateway.ports import Record
from gateway.processing.applying import FOLD_VERSION
from gateway.processing.state import State
from gateway.processing.upkeep.checkpointing import Checkpointing
from tests.support.journals import KEYRING
from tests.support.stores import Stores


class Submitted:
    """Notes what is submitted; `failures` are raised in turn."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.failures: list[Exception] = []

    async def submit(self, records: Sequence[Record]) -> tuple[int, int, int]:
        if self.failures:
            raise self.failures.pop(0)
        self.records += records
        return 1, 1, 0


class FullDisk(Checkpoints):
    """Counts the tries; there is never room."""

    tries = 0

    def take(self, fold_version: int) -> Checkpoint:
        self.tries += 1
        raise DiskFullError("no room")


class World:
    def __init__(self, root: Path) -> None:
        self.stores = Stores(root)
        self.stores.start()
        self.stores.rate(3)
        self.submitted = Submitted()
        self.clock = SteppedClock()
        self.checkpoints: Checkpoints = self.stores.checkpoints
        self._opened: list[tuple[Store, SqliteJournalReader, Checkpointing]] = []

    def open(self) -> Checkpointing:
        """As a start of `process` does, over what is folded."""
        self.stores.fold()
        store = Store(connect(self.stores.paths.ledger))
        reader = SqliteJournalReader.open(self.stores.paths.journal, KEYRING)
        state = State(store, KEYRING)
        made = Checkpointing(
            self.checkpoints, state, reader, self.submitted, self.clock
        )
        self._opened.append((store, reader, made))
        return made

    def close(self) -> None:
        for store, reader, made in self._opened:
            made.close()
            reader.close()
            store.close()
        self.stores.journal.close()

    def files(self) -> list[str]:
        folder = self.stores.paths.checkpoints
        return sorted(path.name for path in folder.glob("*"))


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    made = World(tmp_path)
    yield made
    made.close()


async def test_it_is_due_when_a_day_of_the_journal_has_passed(world: World) -> None:
    assert not world.open().due()
    world.stores.let_pass(hours=24)
    assert world.open().due()
    world.stores.checkpoint()
    assert not world.open().due()
    world.stores.let_pass(hours=23)
    assert not world.open().due()
    world.stores.let_pass(hours=1)
    assert world.open().due()


async def test_it_is_not_due_while_the_time_is_suspect(world: World) -> None:
    world.stores.let_pass(hours=23)
    world.stores.journal.clock.advance(30 * 3_600_000)
    world.stores.append([])
    assert not world.open().due()


async def test_an_empty_ledger_is_never_due(tmp_path: Path) -> None:
    stores = Stores(tmp_path)
    stores.journal.open()
    store = Store(connect(stores.paths.ledger))
    reader = SqliteJournalReader.open(stores.paths.journal, KEYRING)
    made = Checkpointing(
        stores.checkpoints, State(store, KEYRING), reader, Submitted(), SteppedClock()
    )
    assert not made.due()
    await made.before_fold()
    made.close()
    reader.close()
    store.close()
    stores.journal.close()


async def test_what_is_due_is_taken_and_recorded(world: World) -> None:
    world.stores.let_pass(hours=24)
    world.submitted.failures = [TransientError("not now")]
    made = world.open()
    assert not await made.step()
    assert world.files() == ["27.db"]
    assert not made.due(), "what is not recorded yet is not taken twice"
    assert await made.step()
    (record,) = world.submitted.records
    assert record.topic == "checkpoint_taken"
    taken = msgspec.json.decode(record.payload, type=Checkpoint)
    assert taken.file == "27.db"
    world.stores.append([record])
    assert world.open().in_force == taken


async def test_a_full_disk_is_tried_again_after_an_hour(world: World) -> None:
    world.stores.let_pass(hours=24)
    paths = world.stores.paths
    world.checkpoints = full = FullDisk(paths.ledger, paths.checkpoints)
    made = world.open()
    for tries in (1, 2):
        await made.step()
        world.clock.advance(3_599_000)
        await made.step()
        assert full.tries == tries
        world.clock.advance(1_000)
    assert world.submitted.records == []


async def test_the_same_version_folds_on_without_a_checkpoint(world: World) -> None:
    await world.open().before_fold()
    assert world.files() == []


async def test_what_another_version_folded_is_kept_before_this_one_folds(
    world: World,
) -> None:
    world.stores.act("gateway_started", {"fold_version": FOLD_VERSION - 1})
    made = world.open()
    await made.before_fold()
    assert world.files() == ["4.db"]
    assert await made.record()
    (record,) = world.submitted.records
    world.stores.append([record])
    world.stores.rate(2)
    again = world.open()
    await again.before_fold()  # its record is folded: one is enough
    assert world.files() == ["4.db"]
    assert world.stores.failed() == []


async def test_a_gateway_that_did_not_tell_its_version_is_another(
    world: World,
) -> None:
    world.stores.act("gateway_started", {"version": "0.0.1"})
    await world.open().before_fold()
    assert world.files() == ["4.db"]


async def test_a_ledger_of_a_newer_version_is_refused(world: World) -> None:
    world.stores.act("gateway_started", {"fold_version": FOLD_VERSION + 1})
    with pytest.raises(PermanentError, match="install the version that wrote it"):
        await world.open().before_fold()
