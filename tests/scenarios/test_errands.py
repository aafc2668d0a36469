"""A command has one outcome and is done once, whatever breaks on its way."""

from functools import cache

import pytest

from tests.scenarios.errands.mutants import MUTANTS
from tests.scenarios.errands.world import run

SEEDS = 6
MUTANT_SEEDS_MAX = 40


shipped = cache(run)


def test_every_promise_about_commands_holds_through_kills_and_outages() -> None:
    for seed in range(1, SEEDS + 1):
        assert not shipped(seed), f"seed {seed}"


@pytest.mark.parametrize("name", MUTANTS)
def test_a_hall_notices_the_lack_of_a_mechanism(name: str) -> None:
    """The same hall keeps every promise with it."""
    mutant = MUTANTS[name]
    for seed in (mutant.seed, *range(1, MUTANT_SEEDS_MAX + 1)):
        if run(seed, mutant.without)[mutant.promise]:
            assert not shipped(seed), f"seed {seed}"
            return
    pytest.fail(f"{MUTANT_SEEDS_MAX} halls without it noticed nothing")
