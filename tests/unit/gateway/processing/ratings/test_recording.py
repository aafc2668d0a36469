"""What an accepted rating leaves behind: sequence, life, flags, what no sink sees."""

import msgspec
import pytest

from tests.support.folding import START_MS, FoldedLedger, element, message


def press(seq: int, event: int | None = None, **fields: object) -> dict[str, object]:
    number = seq if event is None else event
    return element(f"event-{number:04d}", seq=seq, **fields)


def test_gaps_are_reported_until_late_arrivals_fill_them(ledger: FoldedLedger) -> None:
    for seq in (1, 2, 6):
        ledger.take(message("eval-0001", press(seq)))
    assert ledger.one("SELECT missing_count FROM device_activity") == 3
    ledger.take(*(message("eval-0001", press(seq)) for seq in (5, 3, 4)))
    assert ledger.one("SELECT missing_count FROM device_activity") == 0


def test_a_used_seq_is_flagged_and_accepted(ledger: FoldedLedger) -> None:
    again = message("eval-0001", press(1, event=2), START_MS + 60_000)
    ledger.take(message("eval-0001", press(1)), again)
    assert ledger.fates() == {"accepted": 2}
    flags = ledger.all("SELECT flags FROM rating ORDER BY place")
    assert flags == [(None,), ('["seq_reused"]',)]


def test_a_new_boot_that_counts_anew_is_told(ledger: FoldedLedger) -> None:
    ledger.take(message("eval-0001", press(9, boot_id="b1")))
    ledger.take(message("eval-0001", press(1, boot_id="b2")))
    (event,) = ledger.events("device.seq_reset")
    data = msgspec.json.decode(event.data)
    assert data == {"device_id": "eval-0001", "seq": 1, "boot_id": "b2"}


def test_late_presses_of_an_epoch_that_is_over_are_neither_reused_nor_a_gap(
    ledger: FoldedLedger,
) -> None:
    """Beside it the new epoch loses a number that the old one lost, too."""
    presses = [(1, "b1"), (9, "b1"), (1, "b2"), (4, "b2"), (10, "b1"), (2, "b1")]
    presses += [(2, "b2"), (3, "b2"), *((seq, "b1") for seq in range(3, 8)), (5, "b2")]
    for number, (seq, boot_id) in enumerate(presses):
        body = press(seq, event=number, boot_id=boot_id, session_id=f"s{number}")
        ledger.take(message("eval-0001", body))
        ledger.restart()
    assert ledger.fates() == {"accepted": len(presses)}
    assert ledger.one("SELECT count(*) FROM rating WHERE flags IS NOT NULL") == 0
    assert ledger.all("SELECT low, high, former FROM loss") == [(8, 8, 1)]
    kept = "SELECT last_seq, missing_count FROM device_activity"
    assert ledger.all(kept) == [(5, 1)]
    assert len(ledger.events("device.seq_reset")) == 1


@pytest.mark.parametrize("mode", ["test", "training", "maintenance"])
def test_what_is_not_live_is_kept_and_never_told(
    ledger: FoldedLedger, mode: str
) -> None:
    body = element("event-0001", mode=mode, comment="x", session_id="A1")
    ledger.take(message("eval-0001", body))
    assert ledger.fates() == {"accepted": 1}
    assert ledger.all("SELECT mode, effective FROM rating") == [(mode, 0)]
    assert ledger.ratings_told() == []
    assert ledger.one("SELECT count(*) FROM session") == 0


def test_what_is_folded_late_never_turns_life_back(ledger: FoldedLedger) -> None:
    ledger.take(message("eval-0001", element("event-0001", 9)))
    ledger.take(message("eval-0001", element("event-0002"), START_MS + 60_000))
    ledger.take(message("eval-0001", element("event-0003"), START_MS + 30_000))
    seen = "SELECT last_seen_ms, last_rating_ms FROM device_activity"
    assert ledger.all(seen) == [(START_MS + 60_000, START_MS + 60_000)]


def test_every_rating_has_its_ordinal_and_its_point(ledger: FoldedLedger) -> None:
    bodies = [element(f"event-{n:04d}", occurred_at=START_MS) for n in range(3)]
    ledger.take(*(message("eval-0001", body) for body in bodies))
    told = ledger.ratings_told()
    assert [event.ordinal for event in told] == [1, 2, 3]
    assert len({event.point_ns for event in told}) == 3
    assert {event.point_ns // 1_000_000 for event in told} == {START_MS}


def test_evidence_and_items_survive_a_restatement(ledger: FoldedLedger) -> None:
    items = [{"code": "speed", "level": 4}]
    body = element("event-0001", 2, items=items, reasons=["slow"], session_id="A1")
    ledger.take(message("eval-0001", body, START_MS))
    later = element("event-0002", 5, session_id="A1")
    ledger.take(message("eval-0001", later, START_MS + 60_000))
    first, *_, superseded = [
        event for event in ledger.ratings_told() if event.event_id == "event-0001"
    ]
    assert superseded.items == first.items == (("speed", 4),)
    assert superseded.reasons == first.reasons == ("slow",)
    assert (superseded.point_ns, superseded.tags) == (first.point_ns, first.tags)
    assert (first.effective, superseded.effective) == (True, False)


def test_a_binding_change_moves_what_comes_after_it(ledger: FoldedLedger) -> None:
    ledger.take(message("eval-0001", element("event-0001", employee_id="007")))
    ledger.rules(employee_tag=False)
    ledger.take(message("eval-0001", element("event-0002", employee_id="007")))
    before, after = ledger.ratings_told()
    assert "employee=007" in before.tags
    assert "employee" not in after.tags
