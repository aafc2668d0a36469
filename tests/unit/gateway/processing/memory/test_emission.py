"""Receipts: what is kept, what is refused for good, to whoever waits for them."""

import hashlib

import msgspec
import pytest

from gateway.ports import Receipt
from tests.support.folding import START_MS, FoldedLedger, act, element, message

BIRTH = {"v": 1, "state": "online", "conn_id": "c1", "capabilities": {"receipts": True}}


@pytest.fixture
def ledger() -> FoldedLedger:
    ledger = FoldedLedger()
    ledger.rules(unknown_devices="hold")
    ledger.act("device_put", {"device": {"device_id": "eval-0001"}})
    ledger.take(message("eval-0001", BIRTH, START_MS, "presence"))
    return ledger


def test_a_block_settles_each_device_with_one_receipt(ledger: FoldedLedger) -> None:
    ledger.take(
        *(message("eval-0001", element(f"event-{n:04d}")) for n in range(3)),
        message("eval-0001", [element("event-0001"), element("event-0009", 9)]),
    )
    ids = ["event-0000", "event-0001", "event-0002", "event-0001"]
    (receipt,) = ledger.receipts()
    assert receipt.device_id == "eval-0001"
    assert sorted(receipt.event_ids) == sorted(ids)
    assert receipt.rejected == [("event-0009", "unknown_level")]


def test_a_duplicate_is_receipted_again(ledger: FoldedLedger) -> None:
    for _ in range(2):
        ledger.take(message("eval-0001", element("event-0001")))
    assert ledger.receipts() == [Receipt("eval-0001", ["event-0001"], [])] * 2


def test_what_is_held_is_kept(ledger: FoldedLedger) -> None:
    ledger.take(
        message("new-0001", BIRTH, START_MS, "presence"),
        message("new-0001", element("event-0001")),
    )
    assert ledger.receipts() == [Receipt("new-0001", ["event-0001"], [])]


def test_a_conflict_is_rejected_by_its_id(ledger: FoldedLedger) -> None:
    ledger.take(message("eval-0001", element("event-0001")))
    header = ledger.take(message("eval-0001", element("event-0001", 1)))
    (receipt,) = ledger.receipts(header.number - 1)
    assert receipt == Receipt("eval-0001", [], [("event-0001", "id_conflict")])


def test_what_has_no_id_is_rejected_by_the_hash_of_its_bytes(
    ledger: FoldedLedger,
) -> None:
    ledger.take(message("eval-0001", b"{nothing"))
    digest = hashlib.sha256(b"{nothing").hexdigest()
    (receipt,) = ledger.receipts()
    assert receipt.rejected == [(f"sha256:{digest}", "not_json")]


@pytest.mark.parametrize("told", [False, None, "yes"])
def test_nobody_is_told_who_did_not_ask(ledger: FoldedLedger, told: object) -> None:
    changed = {**BIRTH, "capabilities": {"receipts": told}}
    ledger.take(message("eval-0001", changed, START_MS, "presence"))
    ledger.take(message("eval-0001", element("event-0001")))
    assert ledger.receipts() == []


def test_an_act_has_no_receipt_and_a_control_its_own_list(ledger: FoldedLedger) -> None:
    ledger.take(act("sink_enabled", {"author": "anna", "sink": "business"}))
    (control,) = ledger.controls()
    assert control.name == "sink_enabled"
    assert msgspec.json.decode(control.data)["sink"] == "business"
    assert ledger.receipts() == []


@pytest.mark.parametrize("restarted", [False, True])
def test_receipts_stand_in_the_same_order_whenever_the_fold_restarts(
    ledger: FoldedLedger,
    restarted: bool,  # noqa: FBT001 -- parametrized
) -> None:
    ledger.act("device_put", {"device": {"device_id": "eval-0002"}})
    ledger.take(message("eval-0002", BIRTH, START_MS, "presence"))
    ledger.take(message("eval-0002", element("event-0001")))
    if restarted:
        ledger.restart()
    header = ledger.take(
        message("eval-0001", element("event-0001"), START_MS + 1),
        # A duplicate is told first.
        message("eval-0002", element("event-0001"), START_MS + 1),
    )
    names = [one.device_id for one in ledger.receipts(header.number - 1)]
    assert names == ["eval-0002", "eval-0001"]
