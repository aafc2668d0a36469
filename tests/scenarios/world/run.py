"""One seed from the first press to the last check."""

import gc
import os
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final
from unittest.mock import patch

import structlog
from structlog.typing import EventDict

from tests.scenarios.world.final import check
from tests.scenarios.world.mutants import Mutant, unchanged
from tests.scenarios.world.processes import surroundings
from tests.scenarios.world.terminals import Terminal
from tests.scenarios.world.world import World

TROUBLE_MS_MIN: Final = 1_000
TROUBLE_MS_MAX: Final = 6_000
PRESS_MS_MAX: Final = 700
SEND_MS_MAX: Final = 300
LOOK_MS: Final = 500
CALM_MS: Final = 300_000
TROUBLE_EVERY_MS_MAX: Final = 900


@dataclass
class Outcome:
    """What became of one world."""

    seed: int
    violations: Counter[str] = field(default_factory=Counter)
    details: list[str] = field(default_factory=list)
    facts: Counter[str] = field(default_factory=Counter)
    trace: list[str] = field(default_factory=list)


def run(seed: int, mutant: Mutant = unchanged) -> Outcome:
    """Let a world happen; a mutant lacks one of its safeguards."""
    outcome = Outcome(seed)
    with ExitStack() as stack:
        directory = stack.enter_context(tempfile.TemporaryDirectory(prefix="world-"))
        stack.enter_context(_quiet())
        world = World(Path(directory), seed)
        stack.callback(world.close)
        stack.enter_context(surroundings(world))
        stack.enter_context(mutant(world))
        stack.enter_context(_logging_to(world))
        _happen(world)
        outcome.violations = world.audit.violations
        outcome.details = world.audit.details
        outcome.facts = world.facts
        outcome.trace = list(world.trace)
    return outcome


def _happen(world: World) -> None:
    world.start_all()
    for terminal in world.terminals:
        _press(world, terminal)
        _send(world, terminal)
    _make_trouble(world)
    trouble_ms = world.dice.randint(TROUBLE_MS_MIN, TROUBLE_MS_MAX)
    world.run_until(lambda: False, trouble_ms)
    world.calm_down()
    _become_quiet(world)
    if world.dice.random() < 1 / 4:
        world.stop_all()
        world.start_again()
        _become_quiet(world)
    world.facts["steps"] = world.steps
    world.facts["virtual ms"] = world.clock.monotonic_ms()
    world.facts["presses"] = sum(len(one.presses) for one in world.terminals)
    if world.dice.random() < 1 / 2:
        world.stop_all()
    check(world)


def _become_quiet(world: World) -> None:
    calm = _Calm(world)
    if not world.run_until(lambda: calm.reached, CALM_MS):
        world.audit.never_quiet()
    calm.over = True


class _Calm:
    """Looks now and then whether nobody owes anybody anything."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.reached = self.over = False
        world.later(LOOK_MS, self._look)

    def _look(self) -> None:
        if not self.over:
            self.reached = self._world.audit.is_quiet()
            self._world.later(LOOK_MS, self._look)


def _press(world: World, terminal: Terminal) -> None:
    """A customer now and then, while there is trouble."""

    def once() -> None:
        if world.troubled:
            terminal.press()
            world.later(world.dice.randint(1, PRESS_MS_MAX), once)

    world.later(world.dice.randint(1, PRESS_MS_MAX), once)


def _send(world: World, terminal: Terminal) -> None:
    def once() -> None:
        terminal.send()
        world.later(world.dice.randint(1, SEND_MS_MAX), once)

    world.later(world.dice.randint(1, SEND_MS_MAX), once)


def _make_trouble(world: World) -> None:
    def once() -> None:
        if world.troubled:
            world.dice.choice(troubles)()
            world.later(world.dice.randint(1, TROUBLE_EVERY_MS_MAX), once)

    troubles: list[Callable[[], None]] = [
        *(partial(world.kill, name, "at random") for name in world.processes),
        *[world.arm_crash_point] * 4,
        *[world.break_line] * 2,
        world.kill_broker,
        world.cut_power,
        world.fill_disk,
        world.fail_syncs,
        world.jump_clock,
    ]
    world.later(world.dice.randint(1, TROUBLE_EVERY_MS_MAX), once)


@contextmanager
def _logging_to(world: World) -> Iterator[None]:
    """What the roles log stands in the world's trace."""

    def keep(_: object, level: str, event: EventDict) -> EventDict:
        if level != "debug":
            world.note(f"{event}")
        raise structlog.DropEvent

    before = structlog.get_config()
    structlog.configure(processors=[keep], cache_logger_on_first_use=False)
    try:
        yield
    finally:
        structlog.configure(**before)


@contextmanager
def _quiet() -> Iterator[None]:
    """No real syncs; what a killed process leaves open is no news."""
    with ExitStack() as stack:
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore", ResourceWarning)
        stack.enter_context(patch.object(os, "fsync"))
        stack.enter_context(patch.object(os, "fdatasync"))
        stack.enter_context(patch.object(sys, "unraisablehook", lambda _: None))
        gc.disable()
        gc.freeze()  # so that only what the world leaves behind is collected
        try:
            yield
        finally:
            gc.collect()
            gc.unfreeze()
            gc.enable()
