"""Checkpoints: whole or not at all, few, and what they say about themselves."""

from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from gateway.errors import DiskFullError, PermanentError
from gateway.ledger import checkpoints
from gateway.ledger.checkpoints import (
    Checkpoints,
    InterruptedCheckpointError,
    file_digest,
    is_sound,
)
from gateway.ledger.comparison import compare, digest
from tests.support.stores import Stores


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[Stores]:
    made = Stores(tmp_path)
    made.start()
    made.rate(10, blocks=2)
    made.fold()
    yield made
    made.journal.close()


def names(stores: Stores) -> set[str]:
    return {path.name for path in stores.paths.checkpoints.iterdir()}


def opened(path: Path) -> apsw.Connection:
    return apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)


def test_a_checkpoint_equals_the_ledger_and_names_its_block(stores: Stores) -> None:
    taken = stores.checkpoint(recorded=False)
    path = stores.paths.checkpoints / taken.file
    assert (taken.block, taken.file) == (4, "4.db")
    assert taken.at_ms == stores.journal.read()[-1].header.appended_ms
    assert taken.digest == file_digest(path)
    assert is_sound(taken, stores.paths.checkpoints)
    copy, ledger = opened(path), opened(stores.paths.ledger)
    assert compare(copy, ledger) == []
    assert digest(copy) == digest(ledger)
    copy.close()
    ledger.close()


def test_a_ledger_in_the_middle_of_a_transaction_is_copied_as_committed(
    stores: Stores,
) -> None:
    writer = apsw.Connection(str(stores.paths.ledger))
    writer.execute("BEGIN IMMEDIATE")
    writer.execute("DELETE FROM rating")
    taken = stores.checkpoint(recorded=False)
    writer.execute("ROLLBACK")
    writer.close()
    copy = opened(stores.paths.checkpoints / taken.file)
    assert copy.execute("SELECT count(*) FROM rating").get == 20
    copy.close()


def test_what_a_crash_left_behind_goes_with_the_next(stores: Stores) -> None:
    stores.paths.checkpoints.mkdir()
    (stores.paths.checkpoints / "unfinished").write_bytes(b"half of it")
    (stores.paths.checkpoints / "unfinished-journal").write_bytes(b"")
    stores.checkpoint(recorded=False)
    assert names(stores) == {"4.db"}


def test_only_the_last_ones_are_kept(stores: Stores) -> None:
    for _ in range(3):
        stores.checkpoint()
    assert names(stores) == {"5.db", "6.db"}


def test_the_one_in_force_is_kept_whatever_comes_after(stores: Stores) -> None:
    stores.checkpoint()
    for _ in range(3):
        stores.rate(1)
        stores.fold()
        stores.checkpoint(recorded=False)
    assert names(stores) == {"4.db", "7.db", "8.db"}


def test_the_same_block_again_replaces_its_file(stores: Stores) -> None:
    first = stores.checkpoint(recorded=False)
    assert stores.checkpoint(recorded=False) == first


def test_an_altered_or_absent_file_is_not_sound(stores: Stores) -> None:
    taken = stores.checkpoint(recorded=False)
    path = stores.paths.checkpoints / taken.file
    path.write_bytes(path.read_bytes() + b"x")
    assert not is_sound(taken, stores.paths.checkpoints)
    path.unlink()
    assert not is_sound(taken, stores.paths.checkpoints)


def test_a_disk_without_room_is_left_to_the_intake(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoints, "_ROOM", 1 << 40)
    with pytest.raises(DiskFullError):
        stores.checkpoint(recorded=False)
    assert names(stores) == set()


def test_after_an_interrupt_nothing_is_taken(stores: Stores) -> None:
    stores.checkpoints.interrupt()
    with pytest.raises(InterruptedCheckpointError):
        stores.checkpoint(recorded=False)
    assert names(stores) == set()


def test_a_ledger_that_cannot_be_read_is_an_operator_s_matter(tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.db"
    ledger.write_bytes(b"not a database, but long enough to be taken for one" * 100)
    with pytest.raises(PermanentError, match="cannot take a checkpoint"):
        Checkpoints(ledger, tmp_path / "checkpoints").take(1)
