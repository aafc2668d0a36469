"""Days of a small fleet: every planted trouble is found once, and nothing else is.

Its sums of availability and its inspections are those that a second computation gets.
"""

import ast
from pathlib import Path

import pytest

from tests.scenarios.month import ailing, dues, reckoning
from tests.scenarios.month.plan import DAYS
from tests.scenarios.month.run import Interruptions, Outcome, fold

SMALL = DAYS._replace(devices=72, sites=12)
SEED = 7


@pytest.fixture(scope="module")
def outcome() -> Outcome:
    return fold(SMALL, SEED)


def test_each_trouble_is_one_alert_and_nothing_else_is(outcome: Outcome) -> None:
    again = [one.cause for one in outcome.scores if one.again]
    assert (outcome.wrong, again) == ([], [])
    assert outcome.speed > 500


def test_what_is_told_of_terminals_and_alerts_is_as_its_schema_says(
    outcome: Outcome,
) -> None:
    assert set(outcome.told) >= {
        "device.presence_changed",
        "device.health_changed",
        "device.identity_alert",
        "alert.opened",
        "alert.resolved",
    }
    assert outcome.told.total() > 400


def test_availability_and_inspections_equal_a_second_computation(
    outcome: Outcome,
) -> None:
    assert [line for line in outcome.proof if line.differ] == []
    assert [line.what for line in outcome.proof if not line.script] == []


def test_the_second_computation_shares_no_code() -> None:
    for module in (ailing, dues, reckoning):
        assert not {
            name
            for name in _imported(Path(str(module.__file__)))
            if name.split(".")[0] in {"device_protocol", "fleet", "gateway"}
            or name.startswith("tests.support")
        }


def test_restarts_and_other_transactions_give_the_same_ledger(
    outcome: Outcome,
) -> None:
    often = Interruptions(restarts=0.05, blocks=(1, 16), seed=2)
    again = fold(SMALL, SEED, often)
    assert again.digest == outcome.digest
    assert again.wrong == []


def _imported(path: Path) -> set[str]:
    found = set[str]()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {one.name for one in node.names}
        if isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
    return found
