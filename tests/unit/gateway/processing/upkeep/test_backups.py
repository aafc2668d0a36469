"""When a backup is due, and what becomes known of it."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import msgspec
import pytest

from gateway.clock import SteppedClock
from gateway.errors import PermanentError, TransientError
from gateway.ledger.store import Store, connect
from gateway.ports import Record
from gateway.processing.state import State
from gateway.processing.upkeep.backups import HOUR_MS, Backups, TakenBackup, last_backup
from tests.support.journals import KEYRING
from tests.support.stores import Stores


class World:
    """A gateway's `process`, started anew for each `open`."""

    def __init__(self, root: Path) -> None:
        self.stores = Stores(root)
        self.stores.act(
            "gateway_started", {"fold_version": 1, "settings_digest": "now"}
        )
        self.clock = SteppedClock()
        self.tries = 0
        self.failure: Exception | None = None
        self.unheard = 0
        self.records: list[Record] = []
        self._opened: list[tuple[Store, Backups]] = []

    def take(self) -> TakenBackup:
        self.tries += 1
        if self.failure is not None:
            raise self.failure
        now_ms = self.stores.journal.clock.wall_ms()
        return TakenBackup(f"hall-{self.tries}", now_ms, 1, 5)

    async def submit(self, records: Sequence[Record]) -> tuple[int, int, int]:
        if self.unheard:
            self.unheard -= 1
            raise TransientError("ingest does not answer")
        self.records += records
        self.stores.append(records)
        return 1, 1, 0

    def open(self, every_hours: int = 24) -> Backups:
        self.stores.fold()
        store = Store(connect(self.stores.paths.ledger))
        state = State(store, KEYRING)
        made = Backups(self.take, lambda: None, every_hours, state, self, self.clock)
        self._opened.append((store, made))
        return made

    def alerts(self) -> list[tuple[object, ...]]:
        self.stores.fold()
        return self.stores.ask("SELECT cause, text FROM alert WHERE state = 'open'")

    def close(self) -> None:
        for store, made in self._opened:
            made.close()
            store.close()
        self.stores.journal.close()


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    made = World(tmp_path)
    yield made
    made.close()


async def test_the_first_is_due_at_once_and_the_next_after_its_hours(
    world: World,
) -> None:
    made = world.open()
    assert made.due()
    assert await made.step()
    made = world.open()
    assert made.last is not None
    assert made.last.name == "hall-1"
    assert not made.due()
    world.stores.let_pass(hours=23)
    assert not world.open().due()
    world.stores.let_pass(hours=1)
    assert world.open().due()


async def test_none_is_due_while_time_is_suspect(world: World) -> None:
    world.stores.journal.clock.advance(30 * HOUR_MS)
    world.stores.append([])
    assert not world.open().due()


async def test_a_good_one_that_could_not_be_told_is_told_later_not_taken_again(
    world: World,
) -> None:
    made = world.open()
    world.unheard = 1
    assert not await made.step()
    assert await made.step()
    assert world.tries == 1
    (record,) = world.records
    assert msgspec.json.decode(record.payload, type=TakenBackup).name == "hall-1"


async def test_a_failure_is_an_alert_until_the_next_good_one_an_hour_later(
    world: World,
) -> None:
    made = world.open()
    world.failure = PermanentError("key 1 was never exported")
    assert await made.step()
    assert world.alerts() == [
        ("backup_failed", "no backup could be made: key 1 was never exported")
    ]
    world.failure = None
    assert await made.step()
    assert world.tries == 1
    world.clock.advance(HOUR_MS)
    assert await made.step()
    assert world.tries == 2
    assert world.alerts() == []


async def test_a_gateway_without_backups_says_so_until_it_makes_them(
    world: World,
) -> None:
    world.stores.act("backups_applied", {"backups": False})
    ((cause, _),) = world.alerts()
    assert cause == "backup_off"
    world.stores.act("backups_applied", {"backups": True})
    assert world.alerts() == []


async def test_the_last_good_one_survives_a_start(world: World) -> None:
    await world.open().step()
    world.stores.fold()
    store = Store(connect(world.stores.paths.ledger))
    last = last_backup(State(store, KEYRING))
    store.close()
    assert last is not None
    assert last.bytes == 5
