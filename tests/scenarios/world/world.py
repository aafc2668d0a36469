"""A whole gateway and its surroundings in one thread, everything decided by one seed.

The world takes one step at a time: a callback of one of the processes, bytes that
arrive, a request that is answered, a moment that passes. Meanwhile processes are
killed between any two callbacks or at a named crash point, the power is cut, lines
break, the broker dies. Then all trouble ends, and what is left must be right.
"""

import heapq
import random
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NoReturn

import apsw

from gateway import crashpoints
from gateway.clock import SteppedClock
from gateway.errors import PermanentError, TransientError
from tests.scenarios.world.audit import Audit
from tests.scenarios.world.broker import Broker
from tests.scenarios.world.disk import SimulatedDisk
from tests.scenarios.world.network import End, Network
from tests.scenarios.world.operator import Operator
from tests.scenarios.world.process import Process, told
from tests.scenarios.world.processes import ROLES, settings
from tests.scenarios.world.sinks import Backend, Influx, Server
from tests.scenarios.world.terminals import (
    CarefulTerminal,
    Rogue,
    Surroundings,
    Terminal,
)

START_MS: Final = 1_795_000_000_000
RESTART_MS_MAX: Final = 400
STARTS_MAX: Final = 100
STOP_MS: Final = 30_000
STEPS_MAX: Final = 400_000
# A role may end with these, to be started again: the disk is full or failed, a store
# is not there yet or has no tables.
EXCUSED: Final = (
    apsw.CantOpenError,
    apsw.FullError,
    apsw.SQLError,
    PermanentError,
    TransientError,
)
TRACE_MAX: Final = 4_000


class KilledError(BaseException):
    """SIGKILL, in the middle of a callback."""


class World:
    """All parts, and the order in which they move."""

    def __init__(self, directory: Path, seed: int) -> None:
        self.directory = directory / "data"
        (self.directory / "run").mkdir(parents=True)
        self.dice = random.Random(seed)
        self.settings = settings(self.directory, self.dice)
        self.clock = SteppedClock(START_MS)
        self.network = Network(self.clock, self.dice)
        self.trace: deque[str] = deque(maxlen=TRACE_MAX)
        self.facts: Counter[str] = Counter()
        self.troubled = True
        self.armed: dict[str, int] = {}  # crash points, by how often they are passed
        self.stopping = False
        self.steps = 0
        self._moments: list[tuple[int, int, Callable[[], None]]] = []
        self._moments_made = 0
        self._current: Process | None = None
        self._dying = ""
        self.disk = SimulatedDisk(self.directory, self._opener)
        self.audit = Audit(self)
        self.broker = Broker(
            self.network,
            self.audit.acknowledged,
            self.audit.acknowledged_foreign,
            self._told,
        )
        dice, later, mishap = self.dice, self.later, self.mishap
        self.influx = Influx(dice, later, mishap)
        self.backend = Backend(dice, later, mishap)
        self.servers: list[Server] = [self.influx, self.backend]
        clock = self.clock
        around = Surroundings(
            self.broker, dice, clock.wall_ms, clock.monotonic_ms, mishap
        )
        kinds = [CarefulTerminal, CarefulTerminal, CarefulTerminal, Terminal, Terminal]
        self.terminals: list[Terminal] = [
            kind(f"d{number}", around) for number, kind in enumerate([*kinds, Rogue])
        ]
        roles = {**ROLES, "operator": Operator(self).run}
        self.processes = {name: Process(self, name, roles[name]) for name in roles}

    def close(self) -> None:
        for process in self.processes.values():
            process.kill()
        self.audit.close()
        self.disk.close()

    # ----- what parts may ask

    def later(self, delay_ms: int, happen: Callable[[], None]) -> None:
        self._moments_made += 1
        at_ms = self.clock.monotonic_ms() + delay_ms
        heapq.heappush(self._moments, (at_ms, self._moments_made, happen))

    def mishap(self, chance: float) -> bool:
        """Whether something goes wrong now."""
        return self.troubled and self.dice.random() < chance

    def note(self, what: str) -> None:
        """Keep it for whoever asks what happened; the same words for a seed."""
        what = what.replace(str(self.directory), "DIR")
        self.trace.append(f"{self.clock.monotonic_ms():>7} {self.steps:>6} {what}")

    def die_here(self, status: int | None = None) -> NoReturn:
        """End this process at once, in the middle of what it does."""
        crashed, exited = "kills at crash points", "exits of a failed disk"
        self._dying = crashed if status is None else exited
        raise KilledError

    @contextmanager
    def outside(self) -> Iterator[None]:
        """What is done here is not done by the process whose step this is."""
        current, self._current = self._current, None
        try:
            yield
        finally:
            self._current = current

    def _opener(self) -> str | None:
        return self._current.name if self._current else None

    def _told(self, topic: str, payload: bytes) -> None:
        """The gateway publishes something for a terminal."""
        if self.mishap(0.1):
            return  # lost behind the broker
        for terminal in self.terminals:
            if topic == f"evaluators/v1/{terminal.device_id}/receipt":
                terminal.hear(payload)

    # ----- trouble

    def kill(self, name: str, why: str) -> None:
        self.note(f"{name} is killed: {why}")
        self.facts["kills"] += 1
        self.facts["kills with messages in flight"] += self.broker.unacknowledged > 0
        self.processes[name].kill()
        self._start_later(name)

    def cut_power(self) -> None:
        self.note("the power is cut")
        self.facts["power cuts"] += 1
        for process in self.processes.values():
            process.kill()
        self.audit.close()
        self.disk.cut_power(self.dice)
        self.audit.check_journal_after_cut()
        for name in self.processes:
            self._start_later(name)

    def kill_broker(self) -> None:
        fate = self.dice.random()
        self.broker.kill(loses_queue=fate < 0.4, loses_session=fate < 0.2)
        self.note(f"the broker is killed, {fate:.2f}")
        self.facts["broker kills"] += 1
        self.later(self.dice.randrange(500), self.broker.start)

    def fill_disk(self) -> None:
        """No store can grow for a while."""
        self.note("the disk is full")
        self.facts["full disks"] += 1
        self.disk.full = True
        self.later(self.dice.randrange(1_500), self._free_disk)

    def _free_disk(self) -> None:
        self.note("the disk has room")
        self.disk.full = False

    def fail_syncs(self) -> None:
        """The next sync of the journal fails, and perhaps another one."""
        self.note("the journal's syncs fail")
        self.facts["failed syncs"] += 1
        self.disk.syncs_to_fail = self.dice.randint(1, 2)

    def jump_clock(self) -> None:
        """Somebody sets the wall clock; it goes right again when trouble ends."""
        jump_ms = self.dice.choice([-3_600_000, -20_000, -500, 3_000, 7_200_000])
        self.note(f"the wall clock jumps by {jump_ms} ms")
        self.facts["clock jumps"] += 1
        self.clock.set_wall(self.clock.wall_ms() + jump_ms)

    def break_line(self) -> None:
        ingest = self.processes["ingest"].loop

        def chosen(end: End) -> bool:
            return end.owner is not None and end.owner is ingest

        self.facts["broken lines"] += self.network.break_all(chosen) > 0
        self.note("the lines of ingest break")

    def arm_crash_point(self) -> None:
        name = self.dice.choice(sorted(crashpoints.NAMES))
        self.armed[name] = self.dice.randint(1, 4)
        self.note(f"armed: {name}")

    def calm_down(self) -> None:
        """No trouble from here on."""
        self.note("trouble ends")
        self.troubled = False
        self.armed.clear()
        self.clock.set_wall(START_MS + self.clock.monotonic_ms())
        self.disk.full, self.disk.syncs_to_fail = False, 0

    # ----- time goes on

    def start_all(self) -> None:
        self.broker.start()
        self.start_again()

    def start_again(self) -> None:
        """Start all roles, after `stop_all`, too."""
        self.stopping = False
        for name in self.processes:
            self._start_later(name)

    def stop_all(self) -> None:
        """Stop all roles in good order."""
        self.stopping = True
        for process in self.processes.values():
            process.stop()
        if not self.run_until(self._all_stopped, STOP_MS):
            self.audit.violate("roles stop in good order", "they did not")

    def _all_stopped(self) -> bool:
        return all(process.loop is None for process in self.processes.values())

    def _start_later(self, name: str) -> None:
        def start() -> None:
            process = self.processes[name]
            if process.loop is None:
                self.facts["starts"] += 1
                process.start()

        self.later(self.dice.randrange(1, RESTART_MS_MAX), start)

    def run_until(self, done: Callable[[], bool], deadline_ms: int) -> bool:
        """Go on until `done`; False when the time, or the patience, is over."""
        end_ms = self.clock.monotonic_ms() + deadline_ms
        while not done():
            if self.clock.monotonic_ms() >= end_ms or self.steps >= STEPS_MAX:
                return False
            self._step()
        return True

    def _step(self) -> None:
        self.steps += 1
        now = self.clock.monotonic_ms()
        while self._moments and self._moments[0][0] <= now:
            heapq.heappop(self._moments)[2]()
        runnable: list[Process | End] = [
            process
            for process in self.processes.values()
            if process.loop is not None and process.loop.runnable()
        ]
        runnable += self.network.deliverable()
        if not runnable:
            self._pass_time()
            return
        if self.dice.random() < 0.02:
            self.clock.advance(self.dice.randint(1, 3))
        chosen = self.dice.choice(runnable)
        if isinstance(chosen, End):
            self.network.deliver(chosen)
        else:
            self._step_process(chosen)

    def _pass_time(self) -> None:
        due = [self._moments[0][0]] if self._moments else []
        loops = [one.loop for one in self.processes.values() if one.loop is not None]
        timers = [loop.next_timer_ms() for loop in loops]
        due += [at_ms for at_ms in timers if at_ms is not None]
        if due:
            self.clock.advance(max(1, min(due) - self.clock.monotonic_ms()))
        else:
            self.clock.advance(1_000)

    def _step_process(self, process: Process) -> None:
        self._current = process
        try:
            process.step()
        except KilledError:
            pass
        finally:
            self._current = None
        if self._dying:
            cause, self._dying = self._dying, ""
            self.facts[f"{cause}"] += 1
            self.kill(process.name, cause)
        elif process.ended:
            self._ended(process)

    def _ended(self, process: Process) -> None:
        error = process.last_words()
        failures = process.loop.failures if process.loop else []
        self.note(f"{process.name} ended: {told(error)} {failures}")
        process.kill()
        if error is None:
            if not self.stopping:
                self.audit.violate("a role failed", f"{process.name} just ended")
            return
        if not isinstance(error, EXCUSED):
            self.audit.violate("a role failed", f"{process.name}: {told(error)}")
        self.facts["starts in vain"] += 1
        if self.facts["starts in vain"] > STARTS_MAX:
            text = f"{process.name}: {told(error)}"
            self.audit.violate("a role cannot start", text)
            return
        self._start_later(process.name)
