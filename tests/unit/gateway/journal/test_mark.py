"""The mark may lag and never lead, whatever is torn."""

import errno
import os
from pathlib import Path

import pytest

from gateway.journal.mark import SLOT_BYTES, HighWaterMark, Mark
from gateway.ports import Header


def header(number: int) -> Header:
    return Header(
        number, 2, 10 * number, 5, 6, 0, 0, 1, bytes(32), bytes([number]) * 32
    )


def written(path: Path, *numbers: int) -> None:
    mark = HighWaterMark.open(path)
    mark.read()
    for number in numbers:
        mark.write(header(number))
    mark.close()


def read(path: Path) -> Mark | None:
    mark = HighWaterMark.open(path)
    found = mark.read()
    mark.close()
    return found


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.mark"


def test_a_new_mark_says_nothing_and_is_not_spoilt(path: Path) -> None:
    mark = HighWaterMark.open(path)
    assert mark.read() is None
    assert not mark.is_spoilt()
    mark.close()


def test_the_newest_mark_is_read_with_its_counts(path: Path) -> None:
    written(path, 1, 2, 3)
    assert read(path) == Mark(3, 2, 35, bytes([3]) * 32)


def test_a_torn_write_leaves_the_mark_before_it(path: Path) -> None:
    for size in range(0, SLOT_BYTES, 7):
        path.unlink(missing_ok=True)
        written(path, 1, 2)
        before = path.read_bytes()
        written(path, 3)
        torn = path.read_bytes()[:size] + before[size:]
        path.write_bytes(torn)
        found = read(path)
        assert found is not None
        assert found.number in (2, 3)


def test_after_a_tear_the_spoilt_slot_is_written_next(path: Path) -> None:
    written(path, 1, 2)
    content = bytearray(path.read_bytes())
    content[SLOT_BYTES + 20] ^= 1
    path.write_bytes(content)
    written(path, 3)
    content = bytearray(path.read_bytes())
    content[SLOT_BYTES + 20] ^= 1
    path.write_bytes(content)
    found = read(path)
    assert found is not None
    assert found.number == 1


def test_a_mark_without_a_whole_slot_is_spoilt(path: Path) -> None:
    written(path, 1)
    path.write_bytes(bytes([1]) + path.read_bytes()[1:])
    mark = HighWaterMark.open(path)
    assert mark.read() is None
    assert mark.is_spoilt()
    mark.close()


def test_it_follows_at_most_once_a_second(path: Path) -> None:
    mark = HighWaterMark.open(path)
    seen = []
    for number, now_ms in ((1, 0), (2, 999), (3, 1_000), (4, 1_500), (5, 2_000)):
        mark.advance(header(number), now_ms)
        found = mark.read()
        assert found is not None
        seen.append(found.number)
    mark.close()
    assert seen == [1, 1, 3, 3, 5]


def test_a_full_disk_lets_it_lag_and_a_failing_one_does_not(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark = HighWaterMark.open(path)
    mark.write(header(1))

    def refusing(code: int) -> None:
        def pwrite(*_: object) -> int:
            raise OSError(code, os.strerror(code))

        monkeypatch.setattr(os, "pwrite", pwrite)

    refusing(errno.ENOSPC)
    mark.write(header(2))
    refusing(errno.EIO)
    with pytest.raises(OSError, match="Input/output"):
        mark.write(header(3))
    found = mark.read()
    mark.close()
    assert found is not None
    assert found.number == 1
