"""The roles as child processes."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

from gateway import crashpoints
from gateway.supervisor.forking import fork
from gateway.supervisor.ownership import ready_file, remove_pid, write_pid
from gateway.supervisor.roles import Role

# Becomes a role, in its process; given the supervisor's pid, it gives the exit code.
Enter = Callable[[Role, int], int]


class Children:
    """Starts, signals and reaps the roles; keeps their pid files."""

    def __init__(self, data_dir: Path, enter: Enter) -> None:
        self._data_dir = data_dir
        self._enter = enter
        self._running: dict[Role, int] = {}
        self._started_before: set[Role] = set()

    def start(self, role: Role) -> int:
        """Start `role`; its pid."""
        if role is Role.INGEST:
            ready_file(self._data_dir).unlink(missing_ok=True)
        supervisor = os.getpid()
        pid = fork(lambda: self._become(role, supervisor))
        self._started_before.add(role)
        self._running[role] = pid
        return pid

    def tell(self, role: Role, number: signal.Signals) -> None:
        """Send a signal, if the role still runs."""
        if role in self._running:
            os.kill(self._running[role], number)

    def reap(self) -> Iterator[tuple[Role, int]]:
        """The roles that ended: (role, exit code, negative for a signal)."""
        for role, pid in list(self._running.items()):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                del self._running[role]
                remove_pid(self._data_dir, role)
                if role is Role.INGEST:
                    ready_file(self._data_dir).unlink(missing_ok=True)
                yield role, os.waitstatus_to_exitcode(status)

    def _become(self, role: Role, supervisor: int) -> int:
        """A restarted role does not die again at the crash point of a test."""
        write_pid(self._data_dir, role, os.getpid())
        if role in self._started_before:
            crashpoints.disarm()
        return self._enter(role, supervisor)
