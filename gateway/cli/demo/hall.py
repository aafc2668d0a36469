"""Everything that a demo runs: who is started, kept running and stopped, in order."""

import time
from collections.abc import Iterator, Mapping
from typing import Final

from gateway.cli.api import Api
from gateway.cli.demo.commands import Command, environment
from gateway.cli.demo.layout import Layout, accepts
from gateway.cli.demo.processes import Child, Pause, wait_for_ends, wait_until
from gateway.cli.live.figures import Process
from gateway.errors import PermanentError, TransientError
from gateway.observability.processes import (
    RoleProcess,
    read_process,
    role_processes,
)

_READY_S: Final = 20.0
_AGAIN_S: Final = 1.0
"""Who ends is started again, but not more often than this."""
_ROLES: Final = ("supervisor", "ingest", "process", "deliver", "console")
_SERVICES: Final = ("broker", "influxdb", "backend")


class Hall:
    """Broker, pretend sinks, gateway and terminals over one layout."""

    def __init__(
        self, layout: Layout, commands: Mapping[str, Command], pause: Pause
    ) -> None:
        self._layout = layout
        self._commands = commands
        self._pause = pause
        self._environ = environment()
        self._children: dict[str, Child] = {}
        self._started_s: dict[str, float] = {}

    # ----- beginning

    def start(self, api: Api) -> None:
        """Start all, each when it is of use; raises TransientError when one fails."""
        for name in _SERVICES:
            self._start(name)
        for name in _SERVICES:
            self._wait_for(name)
        self._start("gateway")
        child = self._children["gateway"]
        wait_until(lambda: _is_ready(api), child, _READY_S, self._pause)
        self._start("terminals")

    def _start(self, name: str) -> None:
        words = self._commands[name].words
        self._started_s[name] = time.monotonic()
        self._children[name] = Child(name, words, self._layout.directory, self._environ)

    def _wait_for(self, name: str) -> None:
        port: int = getattr(self._layout.ports, name)
        child = self._children[name]
        wait_until(lambda: accepts(port), child, _READY_S, self._pause)

    # ----- meanwhile

    def keep(self) -> None:
        """Start again whoever has ended, but terminals: what they owe is gone."""
        for name in (*_SERVICES, "gateway"):
            long_ago = self._started_s[name] + _AGAIN_S < time.monotonic()
            if long_ago and not self._children[name].running:
                self._children[name].kill()  # what is left of its group
                self._start(name)

    def processes(self) -> tuple[Process, ...]:
        """The gateway's and ours, as the kernel knows them now."""
        return (*self._roles(), *self._neighbours())

    def _roles(self) -> Iterator[Process]:
        found = {one.role: one for one in role_processes(self._layout.run_dir)}
        return (_shown(role, found.get(role)) for role in _ROLES)

    def _neighbours(self) -> Iterator[Process]:
        for name in (*_SERVICES, "terminals"):
            child, note = self._children.get(name), self._commands[name].note
            found = read_process(name, child.pid) if child is not None else None
            yield _shown(name, found, note)

    # ----- end

    def rest(self) -> None:
        """Let terminals press no more; who was halted goes on."""
        for child in self._children.values():
            child.resume()
        if "terminals" in self._children:
            self._children["terminals"].terminate()

    @property
    def resting(self) -> bool:
        """Whether the terminals have ended."""
        child = self._children.get("terminals")
        return child is None or not child.running

    def stop_gateway(self, deadline_s: float) -> None:
        """End it, and terminals that do not want to; its neighbours stay."""
        self._end(("terminals", "gateway"), deadline_s)

    def stop_services(self, deadline_s: float) -> None:
        self._end(_SERVICES, deadline_s)

    def kill(self) -> None:
        """End at once whatever is left."""
        for child in self._children.values():
            child.kill()

    def _end(self, names: tuple[str, ...], deadline_s: float) -> None:
        children = [self._children[name] for name in names if name in self._children]
        for child in children:
            child.terminate()
        wait_for_ends(children, deadline_s)


def _shown(name: str, found: RoleProcess | None, note: str = "") -> Process:
    if found is None:
        return Process(name, None, note=note)
    _, pid, rss_bytes, cpu_s, halted = found
    return Process(name, pid, rss_bytes, cpu_s, note, halted)


def _is_ready(api: Api) -> bool:
    try:
        return bool(api.health()["status"] == "ready")
    except (PermanentError, TransientError):
        return False
