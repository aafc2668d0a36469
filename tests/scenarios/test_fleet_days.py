"""Three days of a small fleet: every planted trouble is found, and nothing else."""

from tests.scenarios.fleet_days import run
from tests.support.folding import snapshot


def test_each_trouble_is_one_alert_and_nothing_else_is() -> None:
    outcome = run(devices=20, sites=4, days=3, seed=7)
    assert outcome.found == outcome.planted


def test_the_days_folded_again_otherwise_cut_give_the_same_ledger() -> None:
    ledger = run(devices=8, sites=2, days=2, seed=3).ledger
    again = ledger.refolded(13)
    assert snapshot(again.store) == snapshot(ledger.store)
