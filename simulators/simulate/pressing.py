"""Which key is pressed where, and what is to be expected of it."""

import random
import time
from typing import Final, NamedTuple

from device_protocol.messages import Mode
from simulators.population import uuid7
from simulators.simulate import presses
from simulators.simulate.book import Book, Event
from simulators.simulate.presses import PRACTICE, Clock
from simulators.simulate.scenario import Scenario
from simulators.simulate.speaker import now_ms
from simulators.simulate.terminal import Terminal

_SECOND_S: Final = (0.8, 3.0)  # well within the response interval of five seconds


def dice_for(seed: int, what: str) -> random.Random:
    """One row of numbers for each purpose, so that none shifts another."""
    return random.Random(f"{seed} {what}")  # noqa: S311 - repeatable, not secret


class Press(NamedTuple):
    """A press; `second_s` after it the key is pressed again, if ever."""

    event: Event
    extra: str
    text: bool
    second_s: float | None = None


class Pressing:
    """Makes presses in the order of the plan and takes them down in the book."""

    def __init__(
        self, scenario: Scenario, seed: int, dice: random.Random, book: Book
    ) -> None:
        self._scenario = scenario
        self._seed = seed
        self._dice = dice
        self._book = book
        self._number = 0
        # What hangs on the moment draws from rows of its own, and shifts no plan.
        self._junk = dice_for(seed, "junk")
        self._again = dice_for(seed, "again")

    def choose(self, terminals: int) -> int:
        return self._dice.randrange(terminals)

    def is_junk(self) -> bool:
        return self._junk.random() < self._scenario.faults.junk

    def press(self, terminal: Terminal) -> Press:
        """A press of a session of its own."""
        ratings, dice = self._scenario.ratings, self._dice
        level = presses.choose_level(terminal.traits.positive, dice)
        practice = dice.random() < ratings.practice
        twice = dice.random() < ratings.double_press
        text = dice.random() < ratings.as_text
        mode = dice.choice(PRACTICE)
        gap_s = dice.uniform(*_SECOND_S)
        moment_ms = now_ms()
        told = terminal.obedience.mode(moment_ms)
        if told is not Mode.LIVE:
            practice, mode = True, told.value
        self._number += 1
        event = self._event(terminal, level, moment_ms, dice)
        event.live = not practice
        extra = f',"mode":"{mode}"' if practice else ""
        steady = terminal.traits.clock in {Clock.RIGHT, Clock.BEHIND}
        twice = twice and steady and event.live and terminal.traits.kind != "C"
        return Press(event, extra, text, gap_s if twice else None)

    def second(self, terminal: Terminal, first: Event) -> Press:
        """The same customer presses once more: kept, and without effect."""
        moment_ms = first.pressed_ms + int(_SECOND_S[0] * 1000)
        level = 5 if first.level != 5 else 4  # noqa: PLR2004 - another one
        event = self._event(terminal, level, moment_ms, self._again)
        event.session_id, event.pair = first.session_id, first
        return Press(event, "", text=False)

    def _event(
        self, terminal: Terminal, level: int, moment_ms: int, dice: random.Random
    ) -> Event:
        traits = terminal.traits
        heartbeats = self._scenario.channels.heartbeat
        event = Event(
            device_id=traits.device_id,
            event_id=uuid7(moment_ms, dice),
            level=level,
            session_id=f"S{self._seed}-{self._number:08d}",
            employee_id=traits.employee_id,
            kind=traits.kind,
            pressed_ms=moment_ms,
            claimed_ms=presses.claim(traits.clock, moment_ms, terminal.boot_ms),
            qualities=presses.qualities(traits.clock, heartbeats=heartbeats),
            exact=traits.clock in {Clock.RIGHT, Clock.BEHIND, Clock.WRONG_ZONE},
            pressed_ns=time.monotonic_ns(),
        )
        if traits.clock is Clock.NEVER_SET:
            event.uptime_ms = moment_ms - terminal.boot_ms
        self._book.enter(event)
        return event
