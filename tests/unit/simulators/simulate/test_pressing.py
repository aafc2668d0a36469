"""Who presses what follows from the seed; what to expect of it is in the book."""

import json
import random
from dataclasses import dataclass, field

from simulators.simulate.book import Book, Event
from simulators.simulate.meter import Meter
from simulators.simulate.populating import populate
from simulators.simulate.pressing import Pressing
from simulators.simulate.scenario import (
    Clocks,
    Faults,
    Levels,
    Population,
    Ratings,
    Scenario,
    Stage,
)
from simulators.simulate.speaker import Speaker
from simulators.simulate.wire import Wire

SCENARIO = Scenario(
    population=Population(terminals=200, levels=Levels(A=0.5, B=0.3, C=0.2)),
    stages=(Stage(duration_s=1, rate=1),),
    ratings=Ratings(practice=0.1, double_press=0.5),
    clocks=Clocks(ahead=0.1, behind=0.1, never_set=0.1),
    faults=Faults(clones=0.1, slow=0.5),
)


@dataclass
class Nowhere:
    """A world in which nothing is sent."""

    root: str = "evaluators"
    dice: random.Random = field(default_factory=random.Random)
    book: Book = field(default_factory=Book)
    meter: Meter = field(default_factory=Meter)
    deaf: float = 0.0
    keep_alive_s: int = 300
    credential: tuple[str | None, bytes | None] = (None, None)

    def later(self, delay_s: float, call: object) -> None: ...

    def connect(self, wire: Wire) -> None: ...

    def taken(self, terminal: Speaker, event: Event, payload: bytes) -> None: ...


def pressed(seed: int) -> list[tuple[str, int, str, bool]]:
    world = Nowhere()
    terminals = populate(SCENARIO, random.Random(seed), world)
    pressing = Pressing(SCENARIO, seed, random.Random(seed), world.book)
    found = []
    for _ in range(300):
        press = pressing.press(terminals[pressing.choose(len(terminals))])
        event = press.event
        found.append((event.device_id, event.level, event.session_id, event.live))
    return found


def test_same_seed_presses_the_same() -> None:
    assert pressed(1) == pressed(1)
    assert pressed(1) != pressed(2)


def test_a_terminal_told_a_mode_marks_its_presses() -> None:
    world = Nowhere()
    terminal = populate(SCENARIO, random.Random(1), world)[0]
    pressing = Pressing(SCENARIO, 1, random.Random(1), world.book)
    body = {
        "command_id": "1.2.0.0",
        "name": "set_mode",
        "args": {"mode": "maintenance", "until": "2999-01-01T00:00:00Z"},
        "expires_at": "2999-01-01T00:00:00Z",
    }
    list(terminal.obedience.command(json.dumps(body).encode(), 0))
    press = pressing.press(terminal)
    assert (press.event.live, press.extra) == (False, ',"mode":"maintenance"')


def test_population_has_its_shares_and_its_clones() -> None:
    terminals = populate(SCENARIO, random.Random(1), Nowhere())
    names = [one.traits.device_id for one in terminals]
    assert (len(terminals), len(set(names))) == (220, 200)
    assert len({one.traits.client_id for one in terminals}) == 220
    slow = sum(one.traits.delay_s > 0 for one in terminals)
    assert 80 < slow < 140
    assert {one.traits.kind for one in terminals} == {"A", "B", "C"}


def test_second_press_shares_the_session_and_has_no_effect() -> None:
    world = Nowhere()
    terminal = populate(SCENARIO, random.Random(1), world)[0]
    pressing = Pressing(SCENARIO, 1, random.Random(1), world.book)
    first = pressing.press(terminal).event
    second = pressing.second(terminal, first).event
    first.taken = second.taken = 1
    first.live = True
    assert (second.session_id, second.effective) == (first.session_id, 0)
    first.taken = 0
    assert second.effective is None
