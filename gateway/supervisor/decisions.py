"""Which role to start, stop or kill, and when: pure, on monotonic milliseconds."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from gateway.backoff import full_jitter_ms
from gateway.supervisor.roles import Role


@dataclass(frozen=True, slots=True)
class Limits:
    """How patient the supervisor is, in milliseconds."""

    restart_base_ms: int = 100  # of the second in a row; the first is at once
    restart_cap_ms: int = 10_000
    steady_ms: int = 5_000  # who lived so long did not fail at starting
    stop_timeout_ms: int = 20_000
    console_delay_ms: int = 1000  # who delivers comes first


@dataclass(slots=True)
class _Watch:
    due_ms: int | None
    running_since_ms: int | None = None
    failures: int = 0
    renew_by_ms: int | None = None  # asked to end, so that it starts afresh
    told: Literal["nothing", "end", "die"] = "nothing"


@dataclass(frozen=True, slots=True)
class Start:
    role: Role


@dataclass(frozen=True, slots=True)
class Terminate:
    role: Role


@dataclass(frozen=True, slots=True)
class Kill:
    role: Role


Action = Start | Terminate | Kill


class Supervision:
    """What is known of the roles, and what follows from it.

    Roles start together (the others load while ingest recovers the journal for all,
    and wait for it), the console a little after who delivers, so that it takes no
    time from them. They stop one after the other along the data path, so that each
    can finish what it was given.
    """

    def __init__(
        self,
        roles: Iterable[Role],
        dice: Callable[[], float],
        limits: Limits = Limits(),
    ) -> None:
        self._watches = {role: _Watch(due_ms=0) for role in Role if role in set(roles)}
        self._console_waits = {Role.DELIVER, Role.CONSOLE} <= self._watches.keys()
        if self._console_waits:
            self._watches[Role.CONSOLE].due_ms = None
        self._dice = dice
        self._limits = limits
        self._stop_by_ms: int | None = None
        self._terminated: set[Role] = set()
        self._killed = False

    def started(self, role: Role, now_ms: int) -> None:
        watch = self._watches[role]
        watch.due_ms, watch.running_since_ms = None, now_ms
        if role is Role.DELIVER and self._console_waits:
            self._console_waits = False
            console = self._watches[Role.CONSOLE]
            console.due_ms = now_ms + self._limits.console_delay_ms

    def exited(self, role: Role, now_ms: int) -> int | None:
        """Note the end of `role`; its restart is due in so many ms, None: never."""
        watch = self._watches[role]
        since_ms, watch.running_since_ms = watch.running_since_ms, None
        lived_ms = 0 if since_ms is None else now_ms - since_ms
        renewed = watch.renew_by_ms is not None
        watch.renew_by_ms, watch.told = None, "nothing"
        if self._stop_by_ms is not None:
            return None
        if renewed:
            watch.due_ms = now_ms
            return 0
        watch.failures = 1 if lived_ms >= self._limits.steady_ms else watch.failures + 1
        delay_ms = self._delay_ms(watch.failures)
        watch.due_ms = now_ms + delay_ms
        return delay_ms

    def _delay_ms(self, failures: int) -> int:
        """None after a first death: whoever waits is served again the sooner."""
        if failures == 1:
            return 0
        base_ms, cap_ms = self._limits.restart_base_ms, self._limits.restart_cap_ms
        return full_jitter_ms(failures - 1, base_ms, cap_ms, self._dice)

    def stop(self, now_ms: int) -> None:
        """Begin an orderly stop; asking again changes nothing."""
        if self._stop_by_ms is None:
            self._stop_by_ms = now_ms + self._limits.stop_timeout_ms

    def renew(self, role: Role, now_ms: int) -> None:
        """Have `role`, if it runs, end in order and start again at once."""
        watch = self._watches.get(role)
        if watch is not None and watch.running_since_ms is not None:
            watch.renew_by_ms = now_ms + self._limits.stop_timeout_ms

    def renewing(self, role: Role) -> bool:
        """Whether the end of `role` was asked for, and its start will follow."""
        return self._watches[role].renew_by_ms is not None and not self.stopping

    @property
    def stopping(self) -> bool:
        return self._stop_by_ms is not None

    @property
    def finished(self) -> bool:
        return self.stopping and not self._running()

    def actions(self, now_ms: int) -> list[Action]:
        """What to do now. Each start must be answered by `started` or `exited`."""
        if self._stop_by_ms is not None:
            return self._stopping(now_ms, self._stop_by_ms)
        return [*self._renewals(now_ms), *self._starts(now_ms)]

    def _starts(self, now_ms: int) -> list[Action]:
        return [
            Start(role)
            for role, watch in self._watches.items()
            if watch.due_ms is not None and watch.due_ms <= now_ms
        ]

    def wait_ms(self, now_ms: int) -> int | None:
        """Time until `actions` may give something new by itself; None: never."""
        if self._stop_by_ms is not None:
            return None if self._killed else max(0, self._stop_by_ms - now_ms)
        watches = self._watches.values()
        dues = [w.due_ms for w in watches if w.due_ms is not None]
        # Who was killed already is only waited for.
        dues += [w.renew_by_ms for w in watches if w.renew_by_ms and w.told != "die"]
        return max(0, min(dues) - now_ms) if dues else None

    def _renewals(self, now_ms: int) -> list[Action]:
        found: list[Action] = []
        for role, watch in self._watches.items():
            if watch.renew_by_ms is None:
                continue
            if watch.told == "nothing":
                watch.told = "end"
                found.append(Terminate(role))
            elif watch.told == "end" and now_ms >= watch.renew_by_ms:
                watch.told = "die"
                found.append(Kill(role))
        return found

    def _running(self) -> list[Role]:
        return [r for r, w in self._watches.items() if w.running_since_ms is not None]

    def _stopping(self, now_ms: int, stop_by_ms: int) -> list[Action]:
        running = self._running()
        if now_ms >= stop_by_ms:
            first_time, self._killed = not self._killed, True
            return [Kill(role) for role in running] if first_time else []
        if not running or running[0] in self._terminated:
            return []
        self._terminated.add(running[0])
        return [Terminate(running[0])]
