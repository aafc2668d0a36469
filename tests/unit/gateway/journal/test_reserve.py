"""Space is really set aside, and really given back."""

import errno
import os
from pathlib import Path

import pytest

from gateway.journal.reserve import Reserve


def test_it_allocates_and_frees(tmp_path: Path) -> None:
    reserve = Reserve(tmp_path / "reserve", 100_000)
    assert not reserve.held
    assert reserve.hold()
    assert reserve.held
    assert (tmp_path / "reserve").stat().st_blocks * 512 >= 100_000
    assert reserve.hold(), "holding twice changes nothing"
    reserve.free()
    reserve.free()
    assert not reserve.held


def test_without_space_it_holds_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_space(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "posix_fallocate", no_space)
    reserve = Reserve(tmp_path / "reserve", 100_000)
    assert not reserve.hold()
    assert not reserve.held
