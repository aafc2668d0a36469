"""At start every kind of damage is found, told, and never swallows what follows."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.errors import PermanentError
from gateway.journal.damage import ACTS_MAX, Damage, Gap
from gateway.journal.opening import Known
from gateway.ports import HeaderFlag
from gateway.sealing import Keyring
from tests.support.journals import Directory, acts, message


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[Directory]:
    made = Directory(tmp_path)
    yield made
    made.close()


def test_a_sound_journal_opens_without_a_word(directory: Directory) -> None:
    directory.write(5)
    opened = directory.open()
    assert (opened.gap, opened.damages) == (None, [])
    assert opened.journal.append([]).number == 6


def test_a_new_directory_begins_with_block_one(directory: Directory) -> None:
    opened = directory.open()
    assert (opened.gap, opened.damages, opened.journal.head) == (None, [], None)
    assert opened.journal.append([]).number == 1
    names = {path.name for path in directory.path.iterdir()}
    assert {"journal.db", "journal.mark", "reserve"} <= names


def test_the_head_continues_the_count_of_messages(directory: Directory) -> None:
    directory.write(3)
    assert directory.open().journal.append([message(9)]).first_message == 3


@pytest.mark.parametrize("lost", [1, 4, 9])
def test_missing_last_blocks_leave_a_gap_that_the_first_new_block_tells(
    directory: Directory, lost: int
) -> None:
    directory.write(10)
    directory.sql(f"DELETE FROM block WHERE number > {10 - lost}")
    opened = directory.open()
    gap = Gap(11 - lost, 11, "mark")
    assert opened.gap == gap
    assert opened.damages == []
    newest = directory.read()[-1]
    assert newest.header.number == 11
    assert newest.header.first_message == 10
    assert acts(newest) == [("gap", gap._asdict())]
    assert opened.journal.append([]).number == 12


def test_a_gap_is_told_once(directory: Directory) -> None:
    directory.write(10)
    directory.sql("DELETE FROM block WHERE number > 6")
    directory.open()
    directory.close()
    opened = directory.open()
    assert (opened.gap, opened.damages) == (None, [])


def test_a_vanished_file_leaves_a_gap_of_everything(directory: Directory) -> None:
    directory.write(10)
    directory.file.unlink()
    assert directory.open().gap == Gap(1, 11, "mark")


def test_the_furthest_witness_sets_the_next_number(directory: Directory) -> None:
    directory.write(10)
    known = [Known("ledger", 12, 40), Known("identities", 15), Known("ledger", 3)]
    opened = directory.open(known)
    assert opened.gap == Gap(11, 16, "identities")
    newest = directory.read()[-1].header
    assert (newest.number, newest.first_message) == (16, 40)


def test_witnesses_behind_the_journal_change_nothing(directory: Directory) -> None:
    directory.write(10)
    (directory.path / "journal.mark").unlink()
    assert directory.open([Known("ledger", 10, 10)]).gap is None


def test_a_hole_in_the_middle_is_missing(directory: Directory) -> None:
    directory.write(10)
    directory.sql("DELETE FROM block WHERE number IN (4, 5)")
    opened = directory.open()
    assert opened.damages == [Damage("chain", 6, 6), Damage("missing", 4, 5)]
    assert acts(directory.read()[-1]) == [
        ("journal_damaged", damage._asdict()) for damage in opened.damages
    ]


def test_missing_first_blocks_are_missing(directory: Directory) -> None:
    directory.write(10)
    directory.sql("DELETE FROM block WHERE number < 4")
    assert Damage("missing", 1, 3) in directory.open().damages


@pytest.mark.parametrize(
    "column", ["generation", "first_message", "messages", "records", "appended_ms"]
)
def test_an_altered_header_breaks_the_chain_there(
    directory: Directory, column: str
) -> None:
    directory.write(10)
    directory.sql(f"UPDATE block SET {column} = {column} + 1 WHERE number = 5")
    assert directory.open().damages == [Damage("chain", 5, 5)]


def test_an_altered_chain_breaks_at_it_and_at_the_next(directory: Directory) -> None:
    directory.write(10)
    directory.sql("UPDATE block SET chain = zeroblob(32) WHERE number = 5")
    assert directory.open().damages == [Damage("chain", 5, 6)]


def test_bodies_are_checked_from_the_checkpoint_on(directory: Directory) -> None:
    directory.write(10)
    directory.sql("UPDATE block SET body = zeroblob(40) WHERE number IN (3, 7, 8)")
    opened = directory.open(bodies_after=5)
    assert opened.damages == [Damage("body", 7, 8)]
    damaged = [b.header.number for b in directory.read() if b.records is None]
    assert damaged == [3, 7, 8]


def test_headers_may_be_checked_from_the_checkpoint_on_only(
    directory: Directory,
) -> None:
    directory.write(10)
    directory.sql("UPDATE block SET flags = 1 WHERE number IN (3, 8)")
    assert directory.open(headers_after=5).damages == [Damage("chain", 8, 8)]


def test_another_journal_of_the_same_length_is_replaced(
    directory: Directory, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = Directory(tmp_path_factory.mktemp("other"))
    other.clock.advance(1)
    other.write(10)
    directory.write(10)
    directory.file.write_bytes(other.file.read_bytes())
    assert directory.open().damages == [Damage("replaced", 10, 10)]


def test_a_spoilt_mark_is_told(directory: Directory) -> None:
    directory.write(10)
    (directory.path / "journal.mark").write_bytes(b"x" * 1024)
    assert directory.open().damages == [Damage("mark", 0, 0)]


def test_many_damages_are_told_in_bounds(directory: Directory) -> None:
    directory.write(2 * ACTS_MAX + 20)
    directory.sql("UPDATE block SET messages = messages + 1 WHERE number % 2")
    opened = directory.open()
    told = acts(directory.read()[-1])
    assert len(opened.damages) == ACTS_MAX + 10
    assert len(told) == ACTS_MAX
    assert told[-1][1]["more"] == 10


def test_pruned_blocks_are_not_missed(directory: Directory) -> None:
    directory.write(10)
    directory.open().journal.prune(before=6, limit=100)
    directory.close()
    opened = directory.open()
    assert (opened.gap, opened.damages) == (None, [])
    assert [block.header.number for block in directory.read()] == [6, 7, 8, 9, 10]


def test_a_block_behind_the_anchor_is_missed(directory: Directory) -> None:
    directory.write(10)
    directory.open().journal.prune(before=6, limit=100)
    directory.close()
    directory.sql("DELETE FROM block WHERE number = 6")
    assert Damage("missing", 6, 6) in directory.open().damages


def test_without_the_key_of_the_newest_block_nothing_starts(
    directory: Directory,
) -> None:
    directory.write(1)
    with pytest.raises(PermanentError, match="lacks key 1"):
        directory.open(keyring=Keyring({2: bytes(32)}))


def test_a_suspicion_of_the_clock_survives_a_restart(directory: Directory) -> None:
    directory.write(1)
    journal = directory.open().journal
    directory.clock.set_wall(directory.clock.wall_ms() + 3_600_000)
    assert journal.append([]).flags == HeaderFlag.CLOCK_SUSPECT
    directory.close()
    assert directory.open().journal.append([]).flags == HeaderFlag.CLOCK_SUSPECT


def test_a_new_key_seals_what_follows_and_the_old_blocks_still_open(
    directory: Directory,
) -> None:
    directory.write(2)
    both = Keyring({1: bytes(32), 2: bytes([2]) * 32})
    assert directory.open(keyring=both).journal.append([message(3)]).key_id == 2
    assert [block.header.key_id for block in directory.read()] == [1, 1, 2]
    assert directory.read()[2].records is None, "this reader has the old key only"
