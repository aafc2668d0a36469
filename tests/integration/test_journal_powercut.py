"""A power cut takes nothing that append had returned, and the mutant shows why."""

from tests.support.powercut_trials import run

TRIALS = 200
MUTANT_TRIALS = 40  # each of which loses several blocks
SEED = 1


def test_no_cut_loses_or_damages_an_acknowledged_block() -> None:
    tally = run(TRIALS, SEED)
    assert tally.trials == TRIALS
    assert tally.acknowledged > 5 * TRIALS
    assert (tally.lost, tally.damaged) == (0, 0)
    assert tally.marks_ahead == 0, "the high-water mark led the journal"


def test_without_full_sync_the_same_cuts_lose_acknowledged_blocks() -> None:
    tally = run(MUTANT_TRIALS, SEED, synchronous="NORMAL")
    assert tally.lost > MUTANT_TRIALS
    assert tally.trials_with_loss > MUTANT_TRIALS / 2
