"""Children that always end."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gateway.cli.demo.processes import Child, wait_for_ends, wait_until
from gateway.cli.demo.workspace import workspace
from gateway.errors import TransientError
from gateway.observability.processes import read_process

SLEEPER = (sys.executable, "-c", "import time; time.sleep(60)")
STUBBORN = (
    sys.executable,
    "-c",
    (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        "print('deaf', flush=True); time.sleep(60)"
    ),
)


def start(tmp_path: Path, words: tuple[str, ...] = SLEEPER) -> Child:
    return Child("it", words, tmp_path, dict(os.environ))


def test_one_that_is_asked_ends_even_if_it_was_halted(tmp_path: Path) -> None:
    child = start(tmp_path)
    os.kill(child.pid, signal.SIGSTOP)
    child.terminate()
    wait_for_ends([child], 10)
    assert not child.running


def test_one_that_does_not_want_to_is_killed_at_the_deadline(tmp_path: Path) -> None:
    child = start(tmp_path, STUBBORN)
    wait_until(lambda: "deaf" in child.complaint(), child, 10, time.sleep)
    child.terminate()
    wait_for_ends([child], 0.1)
    assert not child.running


def test_one_that_fails_to_start_says_its_last_words(tmp_path: Path) -> None:
    child = start(tmp_path, (sys.executable, "-c", "raise SystemExit('no luck')"))
    with pytest.raises(TransientError, match="it ended: no luck"):
        wait_until(lambda: False, child, 10, time.sleep)


def test_one_that_is_not_ready_in_time_is_told_of(tmp_path: Path) -> None:
    child = start(tmp_path)
    with pytest.raises(TransientError, match="it was not ready within 0 s"):
        wait_until(lambda: False, child, 0, time.sleep)
    child.kill()


def test_children_die_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    program = (
        "import os, pathlib, sys, time\n"
        "from gateway.cli.demo.processes import Child\n"
        f"words = {SLEEPER!r}\n"
        "child = Child('it', words, pathlib.Path(sys.argv[1]), dict(os.environ))\n"
        "print(child.pid, flush=True); time.sleep(60)\n"
    )
    words = [sys.executable, "-c", program, str(tmp_path)]
    with subprocess.Popen(words, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        parent.kill()
    give_up_s = time.monotonic() + 30
    while read_process("it", pid) is not None:
        assert time.monotonic() < give_up_s
        time.sleep(0.01)


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


def test_the_workspace_is_gone_afterwards(temporary: Path) -> None:
    with workspace(keep=False) as directory:
        (directory / "data").mkdir()
    assert list(temporary.iterdir()) == []


def test_what_a_killed_demo_left_is_removed_and_nothing_else(temporary: Path) -> None:
    abandoned = temporary / "evalgate-demo-dead"
    abandoned.mkdir()
    (abandoned / "in-use").touch()
    with workspace(keep=True) as kept, workspace(keep=False) as other:
        assert sorted(temporary.iterdir()) == sorted([kept, other])
    with workspace(keep=False):
        pass
    assert list(temporary.iterdir()) == [kept]
