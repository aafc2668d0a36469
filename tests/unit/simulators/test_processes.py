"""Children start, are asked, end, and can be measured."""

import os
import sys
from pathlib import Path

import pytest

from simulators.processes import (
    Child,
    NotReadyError,
    accepts,
    cpu_s,
    free_port,
    rss_bytes,
    wait_until,
)

ECHO = "import sys\nfor line in sys.stdin: print(line.strip().upper(), flush=True)"
STUBBORN = (
    "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    "print('on', flush=True)\ntime.sleep(60)"
)


def child(tmp_path: Path, code: str) -> Child:
    return Child([sys.executable, "-c", code], tmp_path / "log", piped=True)


def test_a_child_answers_and_ends(tmp_path: Path) -> None:
    with child(tmp_path, ECHO) as one:
        one.write_line("hello")
        assert one.read_line() == "HELLO\n"
        assert one.running
    assert not one.running


def test_a_child_that_ended_says_why(tmp_path: Path) -> None:
    with child(tmp_path, "raise SystemExit('no such luck')") as one:
        with pytest.raises(NotReadyError, match="no such luck"):
            one.wait_ready(lambda: False, deadline_s=10)
        with pytest.raises(NotReadyError, match="no line"):
            one.read_line()


def test_a_stubborn_child_is_killed(tmp_path: Path) -> None:
    one = child(tmp_path, STUBBORN)
    one.read_line()
    one.stop(deadline_s=0.1)
    assert not one.running


def test_waiting_has_a_deadline() -> None:
    with pytest.raises(NotReadyError, match="the moon"):
        wait_until(lambda: False, 0.02, "the moon")


def test_processes_are_measured_while_they_live() -> None:
    assert cpu_s(os.getpid()) > 0
    assert rss_bytes(os.getpid()) > 1_000_000
    assert (cpu_s(2**22 + 1), rss_bytes(2**22 + 1)) == (0.0, 0)


def test_a_free_port_accepts_nobody() -> None:
    assert not accepts(free_port())
