"""The kernel is asked, and where it may not be, systemd-timesyncd."""

import ctypes
from pathlib import Path

import pytest

from gateway.journal import kernelclock


class Kernel:
    def __init__(self, state: int) -> None:
        self.state = state

    def adjtimex(self, buffer: object) -> int:
        return self.state


@pytest.mark.parametrize(
    ("state", "file", "expected"),
    [
        (0, False, True),
        (1, False, True),
        (5, True, False),
        (-1, True, True),
        (-1, False, False),
    ],
)
def test_synchronised(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    *,
    state: int,
    file: bool,
    expected: bool,
) -> None:
    sign = tmp_path / "synchronized"
    if file:
        sign.touch()
    monkeypatch.setattr(kernelclock, "_TIMESYNC", sign)
    monkeypatch.setattr(ctypes, "CDLL", lambda _: Kernel(state))
    assert kernelclock.is_synchronised() is expected


def test_this_kernel_answers() -> None:
    assert kernelclock.is_synchronised() in (True, False)
