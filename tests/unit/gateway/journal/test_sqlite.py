"""What a disk may do to the journal: fill up, fail, or be held by a reader."""

import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import apsw
import pytest

from gateway.errors import DiskFullError, JournalBrokenError, PermanentError
from gateway.journal import table
from gateway.journal.sqlite import SqliteJournalReader
from tests.support.journals import KEYRING, Directory, message
from tests.support.powercut import PowerCutVFS


class Disk:
    """Refuses operations of a kind on files of a kind, once told to."""

    def __init__(self) -> None:
        self.refuse: Callable[[str, str], Exception | None] = lambda *_: None

    def __call__(self, operation: str, name: str) -> None:
        if error := self.refuse(operation, name):
            raise error


@pytest.fixture
def disk() -> Disk:
    return Disk()


@pytest.fixture
def directory(tmp_path: Path, disk: Disk) -> Iterator[Directory]:
    vfs = PowerCutVFS("faulty", disk)
    made = Directory(tmp_path)
    yield made
    disk.refuse = lambda *_: None
    made.close()
    vfs.unregister()


def full(operation: str, _: str) -> Exception | None:
    return apsw.FullError("full") if operation == "write" else None


def full_file(operation: str, name: str) -> Exception | None:
    return full(operation, name) if name.endswith(".db") else None


def failing_sync(operation: str, _: str) -> Exception | None:
    return apsw.IOError("EIO") if operation == "sync" else None


def numbers(directory: Directory) -> list[int]:
    return [block.header.number for block in directory.read()]


def test_a_full_disk_keeps_nothing_and_the_same_records_go_in_later(
    directory: Directory, disk: Disk
) -> None:
    journal = directory.open(vfs="faulty").journal
    journal.append([message(1)])
    disk.refuse = full
    for _ in range(3):
        with pytest.raises(DiskFullError):
            journal.append([message(2)])
    assert journal.full
    assert numbers(directory) == [1]
    disk.refuse = lambda *_: None
    assert journal.append([message(2)]).number == 2
    assert not journal.full
    assert directory.read()[1].records == [message(2)]


def test_a_stop_on_a_full_disk_gives_its_reserve_back(
    directory: Directory, disk: Disk
) -> None:
    journal = directory.open(vfs="faulty").journal
    reserve = directory.path / "reserve"
    assert reserve.stat().st_blocks * 512 >= 65_536
    disk.refuse = full
    with pytest.raises(DiskFullError):
        journal.append([message(1)])
    assert reserve.exists()
    journal.free_reserve()
    assert not reserve.exists()
    disk.refuse = lambda *_: None
    journal.append([message(1)])
    assert reserve.exists()


def test_a_failing_sync_breaks_the_journal(directory: Directory, disk: Disk) -> None:
    journal = directory.open(vfs="faulty").journal
    journal.append([message(1)])
    disk.refuse = failing_sync
    with pytest.raises(JournalBrokenError, match="appending"):
        journal.append([message(2)])


def test_a_broken_journal_stays_broken_and_closes_without_a_write(
    directory: Directory, disk: Disk
) -> None:
    journal = directory.open(vfs="faulty").journal
    journal.append([message(1)])
    disk.refuse = failing_sync
    with pytest.raises(JournalBrokenError):
        journal.append([message(2)])
    written: list[str] = []

    def noted(operation: str, name: str) -> None:
        written.append(f"{operation} {name}")

    disk.refuse = noted
    with pytest.raises(JournalBrokenError, match="before"):
        journal.append([message(2)])
    directory.close()
    assert written == []
    assert numbers(directory)[0] == 1  # what was not acknowledged may stand or not


def test_a_mark_that_cannot_be_written_breaks_the_journal(
    directory: Directory, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = directory.open().journal

    def failing(*_: object) -> int:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "pwrite", failing)
    with pytest.raises(JournalBrokenError, match="Input/output"):
        journal.append([message(1)])
    assert journal.broken


def test_a_log_that_cannot_be_folded_for_lack_of_space_costs_no_block(
    directory: Directory, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table, "CHECKPOINT_PAGES", 4)
    journal = directory.open(vfs="faulty").journal
    disk.refuse = full_file
    for n in range(50):
        journal.append([message(n)])
    grown_bytes = journal.log_bytes
    disk.refuse = lambda *_: None
    for n in range(50):
        journal.append([message(n)])
    assert journal.log_bytes < grown_bytes
    assert numbers(directory) == list(range(1, 101))


def test_the_log_stays_within_its_step(
    directory: Directory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table, "CHECKPOINT_PAGES", 16)
    journal = directory.open().journal
    for n in range(300):
        journal.append([message(n, 2_000)])
        assert journal.log_bytes <= 20 * table.PAGE_BYTES


def test_a_reader_in_a_transaction_holds_the_log_only_while_it_lasts(
    directory: Directory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table, "CHECKPOINT_PAGES", 16)
    monkeypatch.setattr(table, "CHECKPOINT_BUSY_MS_MAX", 1)
    journal = directory.open().journal
    journal.append([message(0)])
    reader = apsw.Connection(str(directory.file))
    held = reader.execute("SELECT number FROM block")
    for n in range(100):
        journal.append([message(n, 2_000)])
    assert journal.log_bytes > 64 * table.PAGE_BYTES
    held.close()
    reader.close()
    for n in range(20):
        journal.append([message(n, 2_000)])
    assert journal.log_bytes <= 20 * table.PAGE_BYTES


def test_pruned_bodies_leave_the_file(directory: Directory) -> None:
    directory.write(20)
    secret = directory.read()[4].header.chain
    journal = directory.open().journal
    assert journal.prune(before=10, limit=100) == 9
    directory.close()
    assert secret not in directory.file.read_bytes()


def test_a_full_disk_refuses_to_prune_and_breaks_nothing(
    directory: Directory, disk: Disk
) -> None:
    journal = directory.open(vfs="faulty").journal
    for n in range(5):
        journal.append([message(n)])
    disk.refuse = full
    with pytest.raises(DiskFullError):
        journal.prune(before=3, limit=100)
    assert numbers(directory) == [1, 2, 3, 4, 5]
    disk.refuse = failing_sync
    with pytest.raises(JournalBrokenError, match="pruning"):
        journal.prune(before=3, limit=100)


def test_there_is_nothing_to_read_where_no_journal_is(tmp_path: Path) -> None:
    with pytest.raises(PermanentError, match="cannot read the journal"):
        SqliteJournalReader.open(tmp_path / "journal.db", KEYRING)


def test_a_read_stops_at_a_bound_of_bytes_but_gives_at_least_one_block(
    directory: Directory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.journal.sqlite.READ_BYTES_MAX", 10)
    directory.write(3)
    assert numbers(directory) == [1]


def test_an_unreadable_journal_is_an_error_of_the_reader(directory: Directory) -> None:
    directory.write(3)
    reader = SqliteJournalReader.open(directory.file, KEYRING)
    directory.sql("DROP TABLE block")
    with pytest.raises(JournalBrokenError, match="reading"):
        reader.blocks(0, 10)
    with pytest.raises(JournalBrokenError, match="reading"):
        reader.last_number()
    reader.close()


def test_a_start_on_a_full_disk_takes_the_reserve(
    directory: Directory, disk: Disk
) -> None:
    directory.write(3)
    reserve = directory.path / "reserve"

    def full_while_reserved(operation: str, name: str) -> Exception | None:
        return full(operation, name) if reserve.exists() else None

    directory.sql("DELETE FROM block WHERE number = 3")
    disk.refuse = full_while_reserved
    opened = directory.open(vfs="faulty")
    assert opened.gap is not None
    assert opened.journal.head is not None
    assert opened.journal.head.number == 4


def test_a_start_without_any_space_says_so(directory: Directory, disk: Disk) -> None:
    disk.refuse = full
    with pytest.raises(DiskFullError, match="open"):
        directory.open(vfs="faulty")


def test_a_start_on_a_failing_disk_says_so(directory: Directory, disk: Disk) -> None:
    disk.refuse = failing_sync
    with pytest.raises(JournalBrokenError):
        directory.open(vfs="faulty")
