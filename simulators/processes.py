"""Child processes that always end: started with a deadline, gone with their parent."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

_POLL_S: Final = 0.01
_CLOCK_TICKS: Final = os.sysconf("SC_CLK_TCK")


class NotReadyError(RuntimeError):
    """A process ended, or did not do what it was started for, before its deadline."""


def free_port() -> int:
    """Find a TCP port of the loopback that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until(done: Callable[[], bool], deadline_s: float, what: str) -> float:
    """Poll until `done`; returns the seconds it took.

    Raises:
        NotReadyError: `what` did not happen within `deadline_s`.

    """
    begun = time.monotonic()
    while not done():
        if time.monotonic() - begun > deadline_s:
            raise NotReadyError(f"{what}: not within {deadline_s} s")
        time.sleep(_POLL_S)
    return time.monotonic() - begun


def accepts(port: int) -> bool:
    """Whether somebody accepts connections on this port of the loopback."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=0.5):
            return True
    except OSError:
        return False


def cpu_s(pid: int) -> float:
    """CPU seconds of a process and of the children it has reaped; 0 when gone."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("ascii")
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    fields = stat.rpartition(")")[2].split()
    return sum(int(ticks) for ticks in fields[11:15]) / _CLOCK_TICKS


def rss_bytes(pid: int) -> int:
    """Resident memory of a process; 0 when gone."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


class Child:
    """One process in a group of its own; output goes to `log`.

    The kernel kills it when the thread that started it ends, so that nothing is
    left behind by a test runner that was itself killed.
    """

    def __init__(
        self,
        command: Sequence[str],
        log: Path,
        env: Mapping[str, str] | None = None,
        *,
        piped: bool = False,
    ) -> None:
        bound = shutil.which("setpriv")
        tied = [bound, "--pdeathsig", "KILL", "--"] if bound else []
        pipe = subprocess.PIPE if piped else None
        with log.open("ab") as output:
            self._process = subprocess.Popen(  # noqa: S603 - commands are our own
                [*tied, *command],
                stdin=pipe or subprocess.DEVNULL,
                stdout=pipe or output,
                stderr=output,
                env={**os.environ, **(env or {})},
                start_new_session=True,
            )
        self._log = log

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def wait_ready(self, ready: Callable[[], bool], deadline_s: float) -> None:
        """Wait for `ready`.

        Raises:
            NotReadyError: the process ended, or the deadline passed.

        """

        def settled() -> bool:
            if not self.running:
                raise NotReadyError(f"ended early: {self.tail()}")
            return ready()

        wait_until(settled, deadline_s, f"{self._process.args!r} ready")

    def wait(self, deadline_s: float) -> int:
        """Return the exit status.

        Raises:
            NotReadyError: it still runs after `deadline_s`.

        """
        wait_until(lambda: not self.running, deadline_s, "end of process")
        return self._process.returncode

    def tail(self, size: int = 2000) -> str:
        """Return the end of what it wrote to its log."""
        return self._log.read_text("utf-8", errors="replace")[-size:]

    def write_line(self, line: str) -> None:
        """Send one line to its standard input (only if `piped`)."""
        pipe = self._process.stdin
        if pipe is None:
            raise NotReadyError("not started with piped=True")
        pipe.write(line.encode() + b"\n")
        pipe.flush()

    def read_line(self) -> str:
        """One line of its standard output (only if `piped`); blocks until it comes.

        Raises:
            NotReadyError: the process closed its output instead.

        """
        pipe = self._process.stdout
        line = pipe.readline() if pipe else b""
        if not line:
            raise NotReadyError(f"no line: {self.tail()}")
        return line.decode()

    def terminate(self) -> None:
        """Ask it to end, and do not wait."""
        if self.running:
            self._process.send_signal(signal.SIGTERM)

    def stop(self, deadline_s: float = 10.0) -> None:
        """Ask it to end; kill its group when it does not."""
        if self.running:
            self.terminate()
            try:
                self._process.wait(deadline_s)
            except subprocess.TimeoutExpired:
                self.kill()
        self._close()

    def kill(self) -> None:
        """Kill -9 the whole group."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._close()

    def _close(self) -> None:
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
