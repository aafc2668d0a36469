"""A check of a journal in use finds what is wrong and nothing else."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.journal.damage import Damage
from gateway.journal.verifying import Verification
from tests.support.journals import Directory, message


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[Directory]:
    made = Directory(tmp_path)
    made.write(30)
    yield made
    made.close()


def verified(directory: Directory, limit: int = 7) -> list[Damage]:
    check = Verification.open(directory.file)
    damages = []
    while not check.done:
        damages += check.step(limit)
    check.close()
    return damages


def test_a_sound_journal_passes(directory: Directory) -> None:
    check = Verification.open(directory.file)
    while not check.done:
        assert check.step(7) == []
    assert check.blocks == 30
    check.close()


@pytest.mark.parametrize("limit", [1, 7, 100])
def test_damage_is_found_across_steps(directory: Directory, limit: int) -> None:
    directory.sql("UPDATE block SET flags = 1 WHERE number = 7")
    directory.sql("UPDATE block SET body = zeroblob(9) WHERE number = 8")
    directory.sql("DELETE FROM block WHERE number = 15")
    assert sorted(verified(directory, limit)) == [
        Damage("body", 8, 8),
        Damage("chain", 7, 7),
        Damage("chain", 16, 16),
        Damage("missing", 15, 15),
    ]


def test_a_declared_gap_is_no_damage(directory: Directory) -> None:
    directory.sql("DELETE FROM block WHERE number > 25")
    directory.open()
    directory.close()
    assert verified(directory) == []


def test_blocks_appended_and_pruned_meanwhile_do_not_disturb(
    directory: Directory,
) -> None:
    journal = directory.open().journal
    check = Verification.open(directory.file)
    assert check.step(5) == []
    journal.prune(before=20, limit=100)
    journal.append([message(1)])
    while not check.done:
        assert check.step(5) == []
    check.close()
