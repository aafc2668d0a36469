"""The quarantine is bounded: the oldest items go, their elements stay counted."""

import pytest

from gateway.processing import quarantine, speakers
from tests.support.folding import FoldedLedger, element, message


@pytest.fixture
def ledger(monkeypatch: pytest.MonkeyPatch) -> FoldedLedger:
    monkeypatch.setattr(quarantine, "ITEMS_MAX", 100)
    return FoldedLedger()


def test_a_full_quarantine_drops_its_oldest_items_and_says_so(
    ledger: FoldedLedger,
) -> None:
    ledger.rules(unknown_devices="approve")
    for number in range(130):
        ledger.publish("dev-0001", b"junk %d" % number)
    items = "SELECT count(*) FROM quarantine WHERE payload IS NOT NULL"
    assert ledger.one(items) <= 100
    assert ledger.one("SELECT max(payload) FROM quarantine") == b"junk 99"
    assert ledger.one("SELECT payload FROM quarantine ORDER BY id DESC") == b"junk 129"
    assert ledger.fates() == {"quarantined:not_json": 130}
    assert ledger.one("SELECT sum(count) FROM quarantine") == 130
    assert ledger.one("SELECT cause FROM alert") == "quarantine_full"
    assert ledger.accounted()


def test_what_is_held_is_dropped_last(ledger: FoldedLedger) -> None:
    ledger.rules(unknown_devices="hold")
    ledger.act("device_put", {"device": {"device_id": "dev-0001"}})
    ledger.publish("new-0001", element("event-0001"))
    for number in range(130):
        ledger.publish("dev-0001", b"junk %d" % number)
    ledger.act("device_approved", {"author": "ann", "device_id": "new-0001"})
    assert ledger.fates()["accepted"] == 1


def test_a_restart_in_between_drops_the_same_items(ledger: FoldedLedger) -> None:
    ledger.rules(unknown_devices="approve")
    for number in range(130):
        ledger.publish("dev-0001", b"junk %d" % number)
        if number % 50 == 0:
            ledger.restart()
    rows = "SELECT id, payload, count, state FROM quarantine ORDER BY id"
    assert ledger.refolded().all(rows) == ledger.all(rows)


def test_beyond_the_bound_of_devices_a_new_one_is_held_without_an_entry(
    ledger: FoldedLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(speakers, "DEVICES_MAX", 2)
    ledger.rules(unknown_devices="approve")
    for number in range(3):
        ledger.take(message(f"dev-{number}", element(f"event-000{number}")))
    assert ledger.one("SELECT count(*) FROM device") == 2
    assert ledger.fates() == {"accepted": 2, "quarantined:unknown_device": 1}
