"""The roles as child processes."""

import os
import signal
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from gateway.crashpoints import VARIABLE as CRASH_POINT
from gateway.supervisor.ownership import ready_file, remove_pid, write_pid
from gateway.supervisor.roles import Role

# The command line of a role, given the supervisor's pid.
CommandFor = Callable[[Role, int], Sequence[str]]


class Children:
    """Starts, signals and reaps the roles; keeps their pid files."""

    def __init__(self, data_dir: Path, command_for: CommandFor) -> None:
        self._data_dir = data_dir
        self._command_for = command_for
        self._running: dict[Role, subprocess.Popen[bytes]] = {}
        self._started_before: set[Role] = set()

    def start(self, role: Role) -> int:
        """Start `role`; its pid."""
        if role is Role.INGEST:
            ready_file(self._data_dir).unlink(missing_ok=True)
        child = subprocess.Popen(  # noqa: S603 -- our own command line
            self._command_for(role, os.getpid()),
            stdin=subprocess.DEVNULL,
            env=self._environment(role),
        )
        self._running[role] = child
        write_pid(self._data_dir, role, child.pid)
        return child.pid

    def tell(self, role: Role, number: signal.Signals) -> None:
        """Send a signal, if the role still runs."""
        if role in self._running:
            self._running[role].send_signal(number)

    def reap(self) -> Iterator[tuple[Role, int]]:
        """The roles that ended: (role, exit code, negative for a signal)."""
        for role, child in list(self._running.items()):
            code = child.poll()
            if code is not None:
                del self._running[role]
                remove_pid(self._data_dir, role)
                if role is Role.INGEST:
                    ready_file(self._data_dir).unlink(missing_ok=True)
                yield role, code

    def _environment(self, role: Role) -> dict[str, str]:
        """A restarted role does not die again at the crash point of a test."""
        environment = dict(os.environ)
        if role in self._started_before:
            environment.pop(CRASH_POINT, None)
        self._started_before.add(role)
        return environment
