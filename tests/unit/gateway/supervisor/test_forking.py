"""What a forked child has of its parent, and what it has not."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[4]


def program(text: str) -> subprocess.CompletedProcess[str]:
    """Run `text`; what it forks ends in `code`, as the parent sees it."""
    script = f"""
import os, signal, sys
from gateway.supervisor.forking import fork
{text}
code = os.waitstatus_to_exitcode(os.waitpid(fork(work), 0)[1])
print("parent", code)
"""
    return subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        check=False,
        cwd=ROOT,
        text=True,
        timeout=60,
    )


def test_the_exit_code_is_what_the_work_gives_and_the_parent_goes_on() -> None:
    done = program("def work(): print('child'); return 7")
    assert done.stdout.splitlines() == ["child", "parent 7"]


def test_work_that_raises_ends_the_child_alone_and_is_reported() -> None:
    done = program("def work(): raise ValueError('ours')")
    assert done.stdout.splitlines() == ["parent 1"]
    assert "ValueError: ours" in done.stderr


def test_files_and_locks_of_the_parent_are_closed() -> None:
    done = program(
        """
held = os.open(os.devnull, os.O_RDONLY)
def work():
    return 9 if held > 2 and not os.path.exists(f"/proc/self/fd/{held}") else 1
"""
    )
    assert done.stdout.splitlines() == ["parent 9"]


def test_standard_input_is_empty() -> None:
    done = program("def work(): return 5 if sys.stdin.read() == '' else 1")
    assert done.stdout.splitlines() == ["parent 5"]


def test_handlers_of_the_parent_are_gone_and_signals_arrive() -> None:
    done = program(
        """
signal.signal(signal.SIGTERM, lambda *_: print("handled"))
def work():
    os.kill(os.getpid(), signal.SIGTERM)
    return 1
"""
    )
    assert done.stdout.splitlines() == ["parent -15"]
