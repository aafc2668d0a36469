"""The demo's child processes: each with a log, a group, and an end tied to ours."""

import contextlib
import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from gateway.errors import TransientError
from gateway.supervisor import tie_to_parent

_TAIL_CHARS: Final = 400

# Loaded before any fork: a child may not be able to.
ctypes.CDLL(None)


class Child:
    """A command in a group of its own; the kernel kills it when we end.

    What it prints goes to `NAME.out`, its log to `NAME.log` in `directory`. Only the
    main thread may start one: the kernel ties a child to the thread.
    """

    def __init__(self, name: str, command: Sequence[str], directory: Path) -> None:
        self.name = name
        self.out = directory / f"{name}.out"
        self.log = directory / f"{name}.log"
        with self.out.open("wb") as out, self.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 -- commands of our own
                command,
                cwd=directory,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=log,
                start_new_session=True,
                preexec_fn=partial(tie_to_parent, os.getpid()),  # noqa: PLW1509 -- one thread only
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def lines(self) -> list[str]:
        """The whole lines that it has printed so far."""
        text = self.out.read_text("utf-8", errors="replace")
        return [line for line in text.splitlines(keepends=True) if line.endswith("\n")]

    def complaint(self) -> str:
        """The end of its log, for whoever wonders why it did not start."""
        text = self.log.read_text("utf-8", errors="replace").strip()
        return text[-_TAIL_CHARS:] or "it said nothing"

    def terminate(self) -> None:
        """Ask it to end, even if it was halted, and do not wait."""
        self._tell(signal.SIGCONT)
        if self.running:
            self._process.terminate()

    def kill(self) -> None:
        """End the whole group now."""
        self._tell(signal.SIGKILL)
        self._process.wait()

    def resume(self) -> None:
        """Undo a halt (SIGSTOP) of any process of its group."""
        self._tell(signal.SIGCONT)

    def _tell(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)


Pause = Callable[[float], None]
"""Waits so many seconds; raises when the demo is to end meanwhile."""


def wait_until(
    ready: Callable[[], bool], child: Child, deadline_s: float, pause: Pause
) -> None:
    """Wait for `ready`; raises TransientError when `child` ends or the time is up."""
    give_up_s = time.monotonic() + deadline_s
    while not ready():
        if not child.running:
            raise TransientError(f"{child.name} ended: {child.complaint()}")
        if time.monotonic() > give_up_s:
            raise TransientError(
                f"{child.name} was not ready within {deadline_s:.0f} s: "
                f"{child.complaint()}"
            )
        pause(0.02)


def wait_for_ends(children: Sequence[Child], deadline_s: float) -> None:
    """Wait for those who were told to end; kill the groups of those who do not."""
    give_up_s = time.monotonic() + deadline_s
    while any(child.running for child in children) and time.monotonic() < give_up_s:
        time.sleep(0.02)
    for child in children:
        child.kill()
