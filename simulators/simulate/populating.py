"""Who the terminals of a scenario are."""

import random
from typing import Final

from simulators.simulate.presses import Clock
from simulators.simulate.scenario import Scenario
from simulators.simulate.speaker import Traits, World
from simulators.simulate.terminal import Terminal

_EMPLOYEES: Final = 400
_ROUND_TRIP: Final = (
    2_000  # milliseconds there and back make so many one way in seconds
)


def device_id(prefix: str, number: int) -> str:
    return f"{prefix}-{number:05d}"


def populate(scenario: Scenario, dice: random.Random, world: World) -> list[Terminal]:
    """Make the terminals; a clone is one more, which speaks under another's name."""
    population, faults = scenario.population, scenario.faults
    terminals = [
        Terminal(_traits(scenario, number, dice), world)
        for number in range(population.terminals)
    ]
    clones = round(population.terminals * faults.clones)
    for number, original in enumerate(dice.sample(terminals, clones)):
        client_id = f"{original.traits.client_id}-clone{number}"
        terminals.append(Terminal(original.traits._replace(client_id=client_id), world))
    return terminals


def _traits(scenario: Scenario, number: int, dice: random.Random) -> Traits:
    population, faults = scenario.population, scenario.faults
    levels = population.levels
    kind = dice.choices("ABC", (levels.A, levels.B, levels.C))[0]
    name = device_id(population.prefix, number)
    slow = dice.random() < faults.slow
    return Traits(
        device_id=name,
        client_id=name,
        kind=kind,
        clock=_clock(scenario, dice),
        positive=dice.uniform(*scenario.ratings.positive),
        employee_id=f"E{number % _EMPLOYEES:04d}",
        delay_s=dice.uniform(*faults.slow_ms) / _ROUND_TRIP if slow else 0.0,
    )


def _clock(scenario: Scenario, dice: random.Random) -> Clock:
    clocks = scenario.clocks
    shares = {
        Clock.AHEAD: clocks.ahead,
        Clock.BEHIND: clocks.behind,
        Clock.WRONG_ZONE: clocks.wrong_zone,
        Clock.NEVER_SET: clocks.never_set / 2,
        Clock.LOST: clocks.never_set / 2,
    }
    shares[Clock.RIGHT] = max(0.0, 1 - sum(shares.values()))
    return dice.choices(list(shares), list(shares.values()))[0]
