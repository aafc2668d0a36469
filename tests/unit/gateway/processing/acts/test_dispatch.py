"""Acts: at most once for each key, outcomes for whoever asked, never an exception."""

import msgspec
import pytest

from gateway.acts import KEY_LIFE_MS, KEY_REUSED, REQUEST
from gateway.processing.acts import dispatch as acts
from gateway.processing.acts.dispatch import HANDLERS
from tests.support.folding import FoldedLedger, act, element, message

ANNA = {"author": "anna"}


def test_a_repeat_under_the_same_key_changes_nothing(ledger: FoldedLedger) -> None:
    ledger.take(message("eval-0001", element("event-0001", 9)))
    purge = {**ANNA, "idempotency_key": "k1", "ids": [1]}
    assert ledger.settle("quarantine_purged", purge)["purged"] == 1
    ledger.take(message("eval-0001", element("event-0001", 9)))
    ledger.restart()
    assert ledger.settle("quarantine_purged", purge) == {"repeated": True}
    assert ledger.one("SELECT state FROM quarantine") == "quarantined"


def test_another_author_may_use_the_same_key(ledger: FoldedLedger) -> None:
    for author in ("anna", "bert"):
        data = {"author": author, "idempotency_key": "k1", "sink": "a"}
        assert ledger.settle("sink_enabled", data)["passed_on"] is True


def test_a_key_without_an_author_is_kept_as_well(ledger: FoldedLedger) -> None:
    data = {"idempotency_key": "k1"}
    assert set(ledger.settle("link_drained", data)) == {REQUEST}
    assert ledger.settle("link_drained", data) == {"repeated": True}


def test_a_key_that_came_with_another_request_is_refused(ledger: FoldedLedger) -> None:
    first = {**ANNA, "idempotency_key": "k1", "sink": "a"}
    ledger.settle("sink_enabled", first)
    other = ledger.settle("sink_enabled", {**first, "sink": "b"})
    assert other["error"] == KEY_REUSED
    named = ledger.settle("deadletters_purged", first)
    assert named["error"] == KEY_REUSED
    assert ledger.settle("sink_enabled", first) == {"repeated": True}
    assert len(ledger.controls()) == 1


def test_a_key_is_forgotten_after_a_day(ledger: FoldedLedger) -> None:
    data = {**ANNA, "idempotency_key": "k1", "sink": "a"}
    ledger.settle("sink_enabled", data)
    ledger.clock.advance(KEY_LIFE_MS)
    assert ledger.settle("sink_enabled", {**data, "sink": "b"})["passed_on"] is True
    assert ledger.settle("sink_enabled", {**data, "sink": "b"}) == {"repeated": True}


def test_of_too_many_keys_the_oldest_are_forgotten(
    ledger: FoldedLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(acts, "KEYS_MAX", 20)
    for number in range(50):
        key = {**ANNA, "idempotency_key": f"k{number}", "sink": "a"}
        assert ledger.settle("sink_enabled", key)["passed_on"] is True
    kept = ledger.one("SELECT count(*) FROM act WHERE idempotency_key IS NOT NULL")
    assert kept <= 20
    again = {**ANNA, "idempotency_key": "k49", "sink": "a"}
    assert ledger.settle("sink_enabled", again) == {"repeated": True}


@pytest.mark.parametrize("name", HANDLERS)
@pytest.mark.parametrize("payload", [b"", b"[]", b"\xff", b"[" * 100_000, b'{"a":'])
def test_no_act_is_carried_out_that_cannot_be_read(
    ledger: FoldedLedger, name: str, payload: bytes
) -> None:
    assert ledger.settle(name, payload)["error"] == "invalid"


def test_an_act_of_another_version_is_kept_and_ignored(ledger: FoldedLedger) -> None:
    assert ledger.settle("coffee_brewed", {}) == {"ignored": "unknown act"}


@pytest.mark.parametrize(
    "name",
    ["device_approved", "device_refused", "device_retired", "device_maintenance"],
)
def test_an_unknown_device_is_not_moved(ledger: FoldedLedger, name: str) -> None:
    outcome = ledger.settle(name, {**ANNA, "device_id": "eval-0009"})
    assert outcome["error"] == "not_found"


def test_controls_go_to_the_dispatcher_in_their_order(ledger: FoldedLedger) -> None:
    ledger.take(
        act("deadletters_replayed", {**ANNA, "sink": "a"}),
        act("deadletters_purged", {**ANNA, "ids": [3]}),
        act("sink_enabled", {**ANNA, "sink": "b"}),
        act("sink_enabled", {**ANNA, "sink": ["not", "a", "name"]}),
    )
    told = [(one.name, msgspec.json.decode(one.data)) for one in ledger.controls()]
    assert told == [
        ("deadletters_replayed", {**ANNA, "sink": "a"}),
        ("deadletters_purged", {**ANNA, "ids": [3]}),
        ("sink_enabled", {**ANNA, "sink": "b"}),
    ]


def test_acts_are_no_elements(ledger: FoldedLedger) -> None:
    ledger.take(act("link_up", {}), act("nonsense", b"\xff"))
    assert ledger.fates() == {}
    assert ledger.accounted()
