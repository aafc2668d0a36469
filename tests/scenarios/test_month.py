"""Days of a small fleet: every planted trouble is found once, and nothing else is."""

import pytest

from tests.scenarios.month.plan import DAYS
from tests.scenarios.month.run import Interruptions, Outcome, fold

SMALL = DAYS._replace(devices=120)
SEED = 7


@pytest.fixture(scope="module")
def outcome() -> Outcome:
    return fold(SMALL, SEED)


def test_each_trouble_is_one_alert_and_nothing_else_is(outcome: Outcome) -> None:
    again = [one.cause for one in outcome.scores if one.again]
    assert (outcome.wrong, again) == ([], [])
    assert outcome.speed > 500


def test_restarts_and_other_transactions_give_the_same_ledger(
    outcome: Outcome,
) -> None:
    often = Interruptions(restarts=0.05, blocks=(1, 16), seed=2)
    assert fold(SMALL, SEED, often).digest == outcome.digest
