"""The check without end goes on from pass to pass and survives what it finds."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.journal.damage import Damage
from gateway.journal.rechecking import EndlessCheck
from tests.support.journals import Directory


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[Directory]:
    made = Directory(tmp_path)
    made.write(300)
    yield made
    made.close()


@pytest.fixture
def check(directory: Directory) -> Iterator[EndlessCheck]:
    made = EndlessCheck(directory.file)
    yield made
    made.close()


def test_pass_follows_pass(check: EndlessCheck) -> None:
    steps = [check.step() for _ in range(6)]
    assert [step.blocks for step in steps] == [256, 44, 0, 256, 44, 0]
    assert {step.total for step in steps} == {300}
    assert not any(step.found for step in steps)


def test_bits_that_rot_meanwhile_are_found_by_the_next_pass(
    directory: Directory, check: EndlessCheck
) -> None:
    assert not any(check.step().found for _ in range(3))
    directory.sql("UPDATE block SET body = zeroblob(40) WHERE number = 270")
    assert [check.step().found for _ in range(3)] == [
        [],
        [Damage("body", 270, 270)],
        [],
    ]


def test_a_file_that_cannot_be_read_is_a_finding_and_is_tried_again(
    directory: Directory, check: EndlessCheck
) -> None:
    content = directory.file.read_bytes()
    directory.file.write_bytes(b"\xff" * len(content))
    assert check.step().found == [Damage("unreadable", 0, 0)]
    directory.file.write_bytes(content)
    assert check.step() == ([], 256, 300)
