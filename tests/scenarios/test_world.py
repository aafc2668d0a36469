"""A simulated world keeps every promise, whatever the dice do to it."""

from collections import Counter
from functools import cache

import pytest

from tests.scenarios.world.mutants import MUTANTS
from tests.scenarios.world.run import Outcome, run

SEEDS = 50
MUTANT_SEEDS_MAX = 40
NOTICED_BY = {"acknowledge_old_packet_ids": (19, 25), "no_identity": (29, 36)}
"""Seeds of worlds that noticed at the last look: they are tried first."""

TROUBLES = {
    "broken lines",
    "broker kills",
    "exits of a failed disk",
    "failed syncs",
    "full disks",
    "kills at crash points",
    "kills with messages in flight",
    "power cuts",
    "webhooks repeated",
}

PROMISES = {
    "acknowledge_before_append": "acknowledged is journaled",
    "acknowledge_old_packet_ids": "no foreign acknowledgement",
    "cursor_before_answer": "one exact point a rating",
    "no_identity": "one event, one effect",
    "receipts_before_commit": "receipted is kept",
    "synchronous_normal": "acknowledged survives a power cut",
}


def story(outcome: Outcome) -> str:
    """What a failed seed has to tell; run it alone to see its whole trace."""
    details = "\n".join(outcome.details)
    return f"seed {outcome.seed}: {dict(outcome.violations)}\n{details}"


@cache
def shipped(seed: int) -> Outcome:
    """The world of a seed, with every safeguard."""
    return run(seed)


@pytest.mark.parametrize("start", range(1, SEEDS + 1, 10))
def test_every_promise_holds_through_kills_power_cuts_and_outages(start: int) -> None:
    for seed in range(start, start + 10):
        outcome = shipped(seed)
        assert not outcome.violations, story(outcome)
        assert outcome.facts["fate accepted"] > 0


def test_worlds_meet_every_kind_of_trouble() -> None:
    met: Counter[str] = Counter()
    for seed in range(1, SEEDS + 1):
        met += shipped(seed).facts
        if met.keys() >= TROUBLES:
            return
    pytest.fail(f"never met: {TROUBLES - met.keys()}")


@pytest.mark.parametrize("name", MUTANTS)
def test_a_world_notices_the_lack_of_a_safeguard(name: str) -> None:
    for seed in (*NOTICED_BY.get(name, ()), *range(1, MUTANT_SEEDS_MAX + 1)):
        outcome = run(seed, MUTANTS[name])
        if outcome.violations[PROMISES[name]] > 0:
            return
    pytest.fail(f"{MUTANT_SEEDS_MAX} worlds without a safeguard noticed nothing")


def test_the_same_seed_gives_the_same_world() -> None:
    first, second = run(3), shipped(3)
    assert first.trace == second.trace
    assert first.facts == second.facts
