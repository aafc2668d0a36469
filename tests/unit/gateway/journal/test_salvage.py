"""A file the engine cannot read is kept aside, and what is legible goes on."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.journal.damage import Damage
from tests.support.journals import Directory, message

BLOCKS = 400
SIZE = 900
PAGE_BYTES = 4096


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The files of a journal of some hundred pages, stopped in order."""
    directory = Directory(tmp_path_factory.mktemp("whole"))
    dice = random.Random(1)
    journal = directory.open().journal
    for n in range(1, BLOCKS + 1):
        record = message(n)
        record.payload = dice.randbytes(SIZE)
        journal.append([record])
    directory.close()
    return {path.name: path.read_bytes() for path in directory.path.iterdir()}


@pytest.fixture
def directory(tmp_path: Path, whole: dict[str, bytes]) -> Iterator[Directory]:
    for name, content in whole.items():
        (tmp_path / name).write_bytes(content)
    made = Directory(tmp_path)
    yield made
    made.close()


def accounted(directory: Directory) -> tuple[set[int], set[int]]:
    """Blocks that are there and whole; blocks that were told to be damaged or gone."""
    opened = directory.open()
    told: set[int] = set()
    for damage in opened.damages:
        told.update(range(damage.first, damage.last + 1))
    if opened.gap:
        told.update(range(opened.gap.expected, opened.gap.found))
    whole = {block.header.number for block in directory.read() if block.records}
    assert opened.journal.append([message(0)]).number > BLOCKS
    assert directory.read()[-1].records == [message(0)]
    return whole, told


@pytest.mark.parametrize("kept", [0.0, 0.1, 0.5, 0.99])
def test_a_truncated_file_keeps_its_legible_blocks_and_tells_the_rest(
    directory: Directory, kept: float
) -> None:
    content = directory.file.read_bytes()
    directory.file.write_bytes(content[: int(len(content) * kept)])
    whole, told = accounted(directory)
    assert set(range(1, BLOCKS + 1)) <= whole | told
    assert len(whole) >= BLOCKS * kept * 0.65


def test_a_file_that_is_no_database_is_set_aside(directory: Directory) -> None:
    directory.file.write_bytes(b"x" * 100_000)
    whole, told = accounted(directory)
    assert set(range(1, BLOCKS + 1)) <= told
    assert whole == {BLOCKS + 1}
    assert (directory.path / "journal.db.damaged-1").read_bytes()[:1] == b"x"


def test_a_spoilt_page_costs_its_own_blocks_only(directory: Directory) -> None:
    content = bytearray(directory.file.read_bytes())
    page = len(content) // PAGE_BYTES // 2
    content[page * PAGE_BYTES : (page + 1) * PAGE_BYTES] = b"\xff" * PAGE_BYTES
    directory.file.write_bytes(content)
    whole, told = accounted(directory)
    assert set(range(1, BLOCKS + 1)) <= whole | told
    assert len(whole) > BLOCKS - 20


def test_any_flipped_bit_is_told_or_harmless(directory: Directory) -> None:
    """One bit anywhere in the file: no block is silently gone or altered."""
    dice = random.Random(2)
    original = directory.file.read_bytes()
    told_of = 0
    for _ in range(60):
        content = bytearray(original)
        content[dice.randrange(len(content))] ^= 1 << dice.randrange(8)
        for path in directory.path.iterdir():
            if path.name.startswith("journal.db"):
                path.unlink()
        directory.file.write_bytes(content)
        mark = directory.path / "journal.mark"
        before = mark.read_bytes()
        whole, told = accounted(directory)
        directory.close()
        mark.write_bytes(before)
        assert set(range(1, BLOCKS + 1)) <= whole | told
        told_of += bool(told)
    assert told_of > 30


def test_a_flipped_bit_of_the_log_shortens_nothing_silently(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """The engine stops reading its log at the first bad frame, without a word."""
    running = Directory(tmp_path_factory.mktemp("running"))
    journal = running.open().journal
    for n in range(1, BLOCKS + 1):
        running.clock.advance(1_000)
        journal.append([message(n)])
    files = {path.name: path.read_bytes() for path in running.path.iterdir()}
    running.close()
    assert len(files["journal.db-wal"]) > 1_000_000
    dice = random.Random(3)
    shortened = 0
    for _ in range(20):
        killed = Directory(tmp_path_factory.mktemp("killed"))
        log = bytearray(files["journal.db-wal"])
        log[dice.randrange(len(log))] ^= 1 << dice.randrange(8)
        for name in ("journal.db", "journal.mark"):
            (killed.path / name).write_bytes(files[name])
        (killed.path / "journal.db-wal").write_bytes(log)
        whole, told = accounted(killed)
        killed.close()
        assert set(range(1, BLOCKS + 1)) <= whole | told
        shortened += bool(told)
    assert shortened > 10


def test_a_second_damage_does_not_overwrite_the_first_file(
    directory: Directory,
) -> None:
    for n in (1, 2):
        directory.file.write_bytes(b"x" * 5_000)
        assert Damage("unreadable", 0, 0) in directory.open().damages
        directory.close()
        assert (directory.path / f"journal.db.damaged-{n}").exists()
