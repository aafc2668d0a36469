"""A population at work: connects, presses as planned, goes wrong as planned, drains.

What is pressed follows from the seed alone; what the network makes of it does not.
"""

import asyncio
import heapq
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import count
from typing import Final

from simulators.population import uuid7
from simulators.simulate import junk
from simulators.simulate.arrivals import arrivals, occurrences, stage_at
from simulators.simulate.book import Book, Event
from simulators.simulate.extras import heartbeat, session_ended
from simulators.simulate.junk import Sender
from simulators.simulate.meter import Meter
from simulators.simulate.populating import populate
from simulators.simulate.pressing import Pressing, dice_for
from simulators.simulate.scenario import NEEDS_REGISTRY, Scenario
from simulators.simulate.speaker import Speaker, State, now_ms
from simulators.simulate.terminal import Terminal
from simulators.simulate.wire import Wire

_TICK_S: Final = 0.005
_BURST_MAX: Final = 200  # presses or timers between two looks at the network
_CONNECT_S: Final = 10.0
_CONNECTED_S: Final = 60.0  # beyond what the ramp takes
_GOODBYE_S: Final = 20.0
_RESEND_S: Final = (0.2, 5.0)
_HOUR_S: Final = 3600.0


class UnreachableError(RuntimeError):
    """The broker takes no terminal."""


@dataclass(frozen=True, kw_only=True)
class Order:
    """Where a population works, and how; `registry`: retired and unknown terminals.

    `username` and `password` are one account for all; `drain_s` is how long it may
    take to get rid of what it keeps.
    """

    host: str = "127.0.0.1"
    port: int = 1883
    username: str | None = None
    password: bytes | None = None
    root: str = "evaluators"
    seed: int = 1
    registry: bool = False
    drain_s: float = 120.0


class Crowd:
    """All terminals of a scenario, on one event loop."""

    def __init__(
        self, scenario: Scenario, order: Order, tell: Callable[[], None]
    ) -> None:
        self.scenario = scenario
        self.root = order.root
        self.credential = (order.username, order.password)
        self.deaf = scenario.faults.deaf
        self.keep_alive_s = scenario.population.keep_alive_s
        self.dice = dice_for(order.seed, "network")
        self.book = Book()
        self.meter = Meter()
        self.phase = "connecting"
        self.changed: Callable[[str], None] = lambda _phase: None
        self._order = order
        self._tell = tell
        self._stopped = False
        self._abandoned = False
        self._timers: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = count()
        self._tasks: asyncio.TaskGroup | None = None
        self._pinged = 0
        self.terminals: list[Terminal] = populate(
            scenario, dice_for(order.seed, "terminals"), self
        )
        self._pressing = Pressing(
            scenario, order.seed, dice_for(order.seed, "presses"), self.book
        )
        self._misfortune = dice_for(order.seed, "misfortune")
        reasons = scenario.faults.junk_reasons
        self._reasons = [
            one for one in reasons if order.registry or one not in NEEDS_REGISTRY
        ]

    # ----- what terminals ask of it

    def later(self, delay_s: float, call: Callable[[], None]) -> None:
        entry = (time.monotonic() + delay_s, next(self._numbers), call)
        heapq.heappush(self._timers, entry)

    def connect(self, wire: Wire) -> None:
        assert self._tasks is not None
        self._tasks.create_task(self._open(wire))

    def taken(self, terminal: Speaker, event: Event, payload: bytes) -> None:
        """Misfortune after the fact: the same again, or its id for something else."""
        assert isinstance(terminal, Terminal)
        faults, dice = self.scenario.faults, self._misfortune
        if dice.random() < faults.resend and payload:
            dup = dice.random() < faults.resend_dup
            again = partial(terminal.resend, event, payload, dup=dup)
            self.later(dice.uniform(*_RESEND_S), again)
        if dice.random() < faults.id_reuse:
            event.reused = True
            self.later(dice.uniform(*_RESEND_S), partial(terminal.reuse, event))

    # ----- the run

    def stop(self) -> None:
        """Press no more; what is kept is still sent, unless it is said twice."""
        self._abandoned = self._stopped
        self._stopped = True

    async def run(self) -> None:
        """Connect, press, drain, say goodbye.

        Raises:
            UnreachableError: no terminal could connect.

        """
        self.book.began_ms = now_ms()
        async with asyncio.TaskGroup() as self._tasks:
            self.meter.begin_stage()  # of connecting; left out of the report
            await self._connect_all()
            self.meter.stages.clear()
            self._enter("pressing")
            await self._press_all()
            self.meter.end_stage()
            self._enter("draining")
            await self._until(lambda: not self.owing, self._order.drain_s)
            self.book.ended_ms = now_ms()
            self._enter("leaving")
            await self._leave()

    def _enter(self, phase: str) -> None:
        self.phase = phase
        self.changed(phase)

    @property
    def owing(self) -> int:
        """Terminals that still keep something, or wait for an acknowledgement."""
        return sum(terminal.busy for terminal in self.terminals)

    @property
    def kept(self) -> int:
        """Events that terminals still keep."""
        return sum(terminal.owes for terminal in self.terminals)

    async def _open(self, wire: Wire) -> None:
        loop, order = asyncio.get_running_loop(), self._order
        try:
            async with asyncio.timeout(_CONNECT_S):
                await loop.create_connection(lambda: wire, order.host, order.port)
        except OSError as error:  # a timeout is one, too
            self.meter.refusals[f"connect {type(error).__name__}"] += 1
            wire.connection_lost(error)

    async def _connect_all(self) -> None:
        per_s = self.scenario.population.connect_per_s
        for number, terminal in enumerate(self.terminals):
            self.later(number / per_s, terminal.switch_on)
        whole = len(self.terminals)
        deadline_s = whole / per_s + _CONNECTED_S
        await self._until(
            lambda: (
                self.meter.counts["connections"] >= whole
                or self._hopeless
                or self._stopped
            ),
            deadline_s,
        )
        if not (self.meter.connected or self._stopped):
            self._timers.clear()
            place = f"{self._order.host}:{self._order.port}"
            why = ", ".join(self.meter.refusals) or "no answer"
            raise UnreachableError(
                f"no terminal could connect to {place} ({why}): "
                "is a broker there? Name another with --broker HOST:PORT"
            )

    @property
    def _hopeless(self) -> bool:
        failed = sum(self.meter.refusals.values())
        return not self.meter.connected and failed >= min(len(self.terminals), 3)

    async def _press_all(self) -> None:
        began_s = time.monotonic()
        planned = arrivals(self.scenario, dice_for(self._order.seed, "arrivals"))
        due_s = next(planned, None)
        self._plan_misfortune()
        self.meter.begin_stage()
        stage, end_s = 0, self.scenario.duration_s
        while not self._stopped and (at_s := time.monotonic() - began_s) < end_s:
            if stage_at(self.scenario, at_s) != stage:
                stage += 1
                self.meter.begin_stage()
            due_s = self._press_due(planned, due_s, at_s)
            behind_s = at_s - due_s if due_s is not None else 0.0
            self.meter.stage.behind.add(max(behind_s, 0.0) * 1000)
            await self._tick()

    def _press_due(
        self, planned: Iterator[float], due_s: float | None, at_s: float
    ) -> float | None:
        """Make the presses that are due; returns when the next one is."""
        for _ in range(_BURST_MAX):
            if due_s is None or due_s > at_s:
                break
            self._press_one()
            due_s = next(planned, None)
        return due_s

    def _press_one(self) -> None:
        pressing, meter = self._pressing, self.meter
        terminal = self.terminals[pressing.choose(len(self.terminals))]
        press = pressing.press(terminal)
        meter.pressed()
        if self.scenario.channels.session:
            terminal.publish(*session_ended(self.root, press.event))
        terminal.press(press.event, press.extra, text=press.text)
        if press.second_s is not None:
            self.later(
                press.second_s, partial(self._press_twice, terminal, press.event)
            )
        if self._reasons and pressing.is_junk():
            self._send_junk(terminal)

    def _press_twice(self, terminal: Terminal, first: Event) -> None:
        press = self._pressing.second(terminal, first)
        self.meter.pressed()
        terminal.press(press.event, press.extra, text=press.text)

    def _send_junk(self, terminal: Terminal) -> None:
        dice, moment_ms = self._misfortune, now_ms()
        sender = Sender(
            self.root, self.scenario.population.prefix, terminal.traits.device_id
        )
        made = junk.make(
            dice.choice(self._reasons), sender, uuid7(moment_ms, dice), moment_ms, dice
        )
        terminal.publish(made.topic, made.payload, made.verdict)

    def _plan_misfortune(self) -> None:
        faults, dice = self.scenario.faults, self._misfortune
        self._plan("offline", faults.offline_per_hour, self._go_offline)
        self._plan("unclean", faults.unclean_per_hour, self._stop_uncleanly)
        self._plan("reset", faults.seq_reset_per_hour, self._reboot)
        if self.scenario.channels.heartbeat:
            every_s = self.scenario.channels.heartbeat_s
            for terminal in self.terminals:
                beat = partial(self._beat, terminal, every_s)
                self.later(dice.uniform(0, every_s), beat)

    def _plan(
        self, what: str, per_hour: float, act: Callable[[Terminal], None]
    ) -> None:
        """Let it happen to one terminal or another, each so often on average."""
        if not per_hour:
            return
        dice = dice_for(self._order.seed, what)
        mean_s = _HOUR_S / per_hour / len(self.terminals)
        for at_s in occurrences(mean_s, self.scenario.duration_s, dice):
            self.later(at_s, partial(self._befall, act, dice.choice(self.terminals)))

    def _befall(self, act: Callable[[Terminal], None], terminal: Terminal) -> None:
        """Nothing goes wrong any more once the pressing was ended early."""
        if self.phase == "pressing":
            act(terminal)

    def _go_offline(self, terminal: Terminal) -> None:
        for_s = self._misfortune.uniform(*self.scenario.faults.offline_s)
        terminal.go_offline(for_s, clean=self._misfortune.random() < 0.5)  # noqa: PLR2004 - either way

    def _stop_uncleanly(self, terminal: Terminal) -> None:
        terminal.go_offline(self._misfortune.uniform(0.1, 3.0), clean=False)

    def _reboot(self, terminal: Terminal) -> None:
        terminal.reboot(self._misfortune.uniform(0.5, 3.0))

    def _beat(self, terminal: Terminal, every_s: float) -> None:
        if self.phase == "pressing":
            terminal.publish(*heartbeat(self.root, terminal))
            self.later(every_s, partial(self._beat, terminal, every_s))

    async def _leave(self) -> None:
        """Everybody says goodbye, as slowly as they came."""
        per_tick = max(1, int(self.scenario.population.connect_per_s * _TICK_S * 4))
        for start in range(0, len(self.terminals), per_tick):
            for terminal in self.terminals[start : start + per_tick]:
                terminal.switch_off()
            await self._tick()
        self._timers.clear()
        await self._until(lambda: self.meter.connected <= 0, _GOODBYE_S)

    # ----- time

    async def _until(self, done: Callable[[], bool], deadline_s: float) -> None:
        end_s = time.monotonic() + deadline_s
        look_s = 0.0
        while time.monotonic() < end_s and not self._abandoned:
            if time.monotonic() >= look_s:
                if done():
                    return
                look_s = time.monotonic() + 0.1
            await self._tick()

    async def _tick(self) -> None:
        """Run what is due, then let the network have its turn."""
        for _ in range(_BURST_MAX):
            if not self._timers or self._timers[0][0] > time.monotonic():
                break
            heapq.heappop(self._timers)[2]()
        self._ping_some()
        self._tell()
        slept_s = time.monotonic()
        await asyncio.sleep(_TICK_S)
        if self.meter.stages:
            lag_s = time.monotonic() - slept_s - _TICK_S
            self.meter.stage.lag.add(max(lag_s, 0.0) * 1000)

    def _ping_some(self) -> None:
        """Every terminal in turn, twice within its keep-alive time."""
        whole = len(self.terminals)
        due = int(time.monotonic() * whole * 2 / self.keep_alive_s)
        self._pinged = max(self._pinged, due - whole)
        while self._pinged < due:
            terminal = self.terminals[self._pinged % whole]
            self._pinged += 1
            if terminal.state is State.ON:
                terminal.ping()
