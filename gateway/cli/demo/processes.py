"""The demo's child processes: each with a log, a group, and an end tied to ours."""

import contextlib
import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from gateway.errors import TransientError
from gateway.supervisor import tie_to_parent

_TAIL_CHARS: Final = 400
_POLL_S: Final = 0.02

# Loaded before any fork: a child may not be able to.
ctypes.CDLL(None)

Pause = Callable[[float], None]
"""Waits so many seconds; raises when the demo is to end meanwhile."""


class Child:
    """A command in a group of its own; the kernel kills it when we end.

    What it prints and logs goes to `NAME.log` in `directory`. Only the main thread
    may start one: the kernel ties a child to the thread.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        directory: Path,
        environ: Mapping[str, str],
    ) -> None:
        self.name = name
        self.log = directory / f"{name}.log"
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 -- commands of our own
                command,
                cwd=directory,
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=log,
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

    def complaint(self) -> str:
        """The end of its log, for whoever wonders why it did not start."""
        text = self.log.read_text("utf-8", errors="replace").strip()
        return text[-_TAIL_CHARS:] or "it said nothing"

    def terminate(self) -> None:
        """Ask it to end, even if it was halted, and do not wait."""
        if self.running:
            self.resume()
            self._process.terminate()

    def resume(self) -> None:
        """Undo a halt (SIGSTOP) of any process of its group."""
        self._tell(signal.SIGCONT)

    def kill(self) -> None:
        """End what is left of its group now."""
        self._tell(signal.SIGKILL)
        self._process.wait()

    def _tell(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)


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
        pause(_POLL_S)


def wait_for_ends(children: Sequence[Child], deadline_s: float) -> None:
    """Wait for those who were told to end; kill the groups of those who do not."""
    give_up_s = time.monotonic() + deadline_s
    while any(child.running for child in children) and time.monotonic() < give_up_s:
        time.sleep(_POLL_S)
    for child in children:
        child.kill()
