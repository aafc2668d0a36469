"""The supervisor's loop: signals and deaths in, starts and stops out."""

import random
import signal
from collections.abc import Callable, Collection
from pathlib import Path

import structlog

from gateway.clock import Clock, SystemClock
from gateway.supervisor.children import Children, Enter
from gateway.supervisor.decisions import (
    Action,
    Kill,
    Limits,
    Start,
    Supervision,
    Terminate,
)
from gateway.supervisor.ownership import directory_lock, pid_file, prepare
from gateway.supervisor.roles import Role
from gateway.supervisor.signals import SignalWaiter, signals_caught

_STOPS = (signal.SIGTERM, signal.SIGINT)
_CAUGHT = (*_STOPS, signal.SIGHUP, signal.SIGCHLD)

Reload = Callable[[], Collection[Role] | None]

log = structlog.get_logger("supervisor")


class Supervisor:
    """Keeps the roles running until told to stop.

    `reload` is asked at SIGHUP. It says which roles have to start afresh, the others
    get the signal; or None, which keeps it from all of them.
    """

    def __init__(
        self,
        children: Children,
        supervision: Supervision,
        reload: Reload,
        clock: Clock,
    ) -> None:
        self._children = children
        self._supervision = supervision
        self._reload = reload
        self._clock = clock

    def run(self, waiter: SignalWaiter) -> None:
        """Return when all roles have ended after a stop was asked for."""
        while not self._supervision.finished:
            self._act()
            for number in waiter.wait(self._wait_ms()):
                self._hear(number)
            self._reap()

    def _wait_ms(self) -> int | None:
        return self._supervision.wait_ms(self._clock.monotonic_ms())

    def _act(self) -> None:
        now_ms = self._clock.monotonic_ms()
        for action in self._supervision.actions(now_ms):
            self._carry_out(action)

    def _carry_out(self, action: Action) -> None:
        match action:
            case Start(role):
                self._start(role)
            case Terminate(role):
                self._children.tell(role, signal.SIGTERM)
            case Kill(role):
                log.warning("role_killed", child=role, reason="stop deadline passed")
                self._children.tell(role, signal.SIGKILL)

    def _start(self, role: Role) -> None:
        try:
            pid = self._children.start(role)
        except OSError as error:  # no memory or processes left: the world's, try later
            self._note_end(role, f"not started: {error.strerror}")
        else:
            self._supervision.started(role, self._clock.monotonic_ms())
            log.info("role_started", child=role, child_pid=pid)

    def _hear(self, number: signal.Signals) -> None:
        if number in _STOPS:
            log.info("stop_requested", signal=number.name)
            self._supervision.stop(self._clock.monotonic_ms())
        elif number is signal.SIGHUP:
            self._hear_reload()

    def _hear_reload(self) -> None:
        afresh = self._reload()
        if afresh is None:
            return
        for role in Role:
            if role in afresh:
                self._supervision.renew(role, self._clock.monotonic_ms())
            else:
                self._children.tell(role, signal.SIGHUP)
        log.info("configuration_reloaded", restarted=sorted(afresh))

    def _reap(self) -> None:
        for role, code in self._children.reap():
            self._note_end(role, code)

    def _note_end(self, role: Role, code: int | str) -> None:
        renewed = self._supervision.renewing(role)
        delay_ms = self._supervision.exited(role, self._clock.monotonic_ms())
        if delay_ms is None or renewed:
            log.info("role_stopped", child=role, exit_code=code)
        else:
            log.error("role_died", child=role, exit_code=code, restart_ms=delay_ms)


def supervise(
    data_dir: Path,
    enter: Enter,
    reload: Reload,
    limits: Limits,
    roles: tuple[Role, ...] = tuple(Role),
) -> None:
    """Own `data_dir` and run `roles` in it until SIGTERM or SIGINT.

    Raises StoreBusyError when another gateway owns the directory.
    """
    prepare(data_dir)
    with directory_lock(data_dir), pid_file(data_dir, "supervisor"):
        supervisor = Supervisor(
            Children(data_dir, enter),
            Supervision(roles, random.random, limits),
            reload,
            SystemClock(),
        )
        with signals_caught(_CAUGHT) as waiter:
            supervisor.run(waiter)
