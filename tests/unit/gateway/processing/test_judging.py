"""Identity and time: new, duplicate, conflict, too old; and when it happened."""

import pytest

from gateway.ports import RecordFlag
from tests.support.folding import (
    DAY_MS,
    SECOND_MS,
    START_MS,
    FoldedLedger,
    element,
    message,
)


def when(ledger: FoldedLedger, event_id: str) -> tuple[int, str]:
    """The resolved time and what it rests on."""
    (row,) = ledger.all(
        "SELECT occurred_ms, time_quality FROM rating WHERE event_id = ?", event_id
    )
    return row[0], row[1]


def test_a_resend_is_a_duplicate_in_its_block_and_after_a_restart(
    ledger: FoldedLedger,
) -> None:
    body = element("event-0001", seq=1)
    ledger.take(message("eval-0001", body), message("eval-0001", body))
    ledger.restart()
    ledger.take(message("eval-0001", {**body, "retry": 3, "buffered": True, "seq": 7}))
    assert ledger.fates() == {"accepted": 1, "duplicate": 2}
    assert ledger.told() == [("recorded", "event-0001", 1)]
    assert ledger.accounted()


def test_a_buffer_replayed_twice_ten_days_later_adds_nothing(
    ledger: FoldedLedger,
) -> None:
    buffer = [element(f"event-{n:04d}", occurred_at=START_MS) for n in range(300)]
    ledger.take(message("eval-0001", buffer))
    later_ms = START_MS + 10 * DAY_MS
    ledger.clock.advance(10 * DAY_MS)
    for _ in range(2):
        ledger.take(message("eval-0001", buffer, later_ms))
    assert ledger.fates() == {"accepted": 300, "duplicate": 600}


def test_an_array_holding_one_id_twice_counts_once(ledger: FoldedLedger) -> None:
    ledger.take(message("eval-0001", [element("event-0001")] * 2))
    assert ledger.fates() == {"accepted": 1, "duplicate": 1}
    assert ledger.accounted()


def test_two_devices_may_use_the_same_id(ledger: FoldedLedger) -> None:
    body = element("event-0001")
    ledger.take(message("eval-0001", body), message("eval-0002", body))
    assert ledger.fates() == {"accepted": 2}


def test_a_conflict_keeps_the_first_and_raises_one_alert(ledger: FoldedLedger) -> None:
    for level in (5, 1, 2):
        ledger.take(message("eval-0001", element("event-0001", level)))
    assert ledger.fates() == {"accepted": 1, "conflict": 2}
    assert ledger.all("SELECT level FROM rating") == [(5,)]
    reasons = ledger.all("SELECT DISTINCT reason FROM quarantine")
    assert reasons == [("id_conflict",)]
    assert ledger.all("SELECT cause, count FROM alert") == [("id_conflict", 2)]
    assert len(ledger.events("alert.opened")) == 1
    assert ledger.accounted()


def test_what_claims_to_be_older_than_identities_is_asked_about(
    ledger: FoldedLedger,
) -> None:
    old = element("event-0001", occurred_at=START_MS - 91 * DAY_MS)
    ledger.take(message("eval-0001", old))
    assert ledger.fates() == {"quarantined:beyond_horizon": 1}
    placed = {**old, "event_id": "event-0002", "uptime_ms": 0, "sent_uptime_ms": 5_000}
    ledger.take(message("eval-0001", placed))
    assert when(ledger, "event-0002") == (START_MS - 5_000, "uptime")


def test_a_known_one_is_a_duplicate_however_old_it_claims_to_be(
    ledger: FoldedLedger,
) -> None:
    body = element("event-0001", occurred_at=START_MS - 80 * DAY_MS)
    ledger.take(message("eval-0001", body))
    later_ms = START_MS + 20 * DAY_MS
    ledger.clock.advance(20 * DAY_MS)
    ledger.take(message("eval-0001", body, later_ms))
    ledger.take(message("eval-0001", {**body, "level": 1}, later_ms))
    assert ledger.fates() == {"accepted": 1, "conflict": 1, "duplicate": 1}


@pytest.mark.parametrize("together", [True, False])
def test_the_order_of_an_old_and_a_placed_copy_decides_not_their_block(
    ledger: FoldedLedger, *, together: bool
) -> None:
    old = element("event-0001", occurred_at=START_MS - 91 * DAY_MS)
    placed = {**old, "uptime_ms": 0, "sent_uptime_ms": 5_000}
    records = [message("eval-0001", body) for body in (old, placed, old)]
    for block in [records] if together else [[one] for one in records]:
        ledger.take(*block)
    fates = {"accepted": 1, "duplicate": 1, "quarantined:beyond_horizon": 1}
    assert ledger.fates() == fates


@pytest.mark.parametrize(
    ("fields", "occurred_ms", "quality"),
    [
        ({}, START_MS, "gateway"),
        ({"occurred_at": START_MS - SECOND_MS}, START_MS - SECOND_MS, "device"),
        ({"occurred_at": START_MS + 5 * 60_000}, START_MS + 5 * 60_000, "device"),
        ({"occurred_at": START_MS + 5 * 60_000 + 1}, START_MS, "gateway"),
        ({"occurred_at": "2014-12-31T23:59:59Z"}, START_MS, "gateway"),
        ({"occurred_at": "20261121195959"}, START_MS - SECOND_MS, "device"),
        ({"uptime_ms": 1_000, "sent_uptime_ms": 61_000}, START_MS - 60_000, "uptime"),
        ({"uptime_ms": 61_000, "sent_uptime_ms": 1_000}, START_MS, "gateway"),
    ],
)
def test_a_time_rests_on_the_best_there_is(
    ledger: FoldedLedger, fields: dict[str, object], occurred_ms: int, quality: str
) -> None:
    ledger.take(message("eval-0001", element("event-0001", **fields)))
    assert when(ledger, "event-0001") == (occurred_ms, quality)


@pytest.mark.parametrize(
    ("fields", "flags"),
    [({}, '["time_uncertain"]'), ({"occurred_at": START_MS}, None)],
)
def test_only_what_waited_in_the_brokers_queue_without_a_time_is_uncertain(
    ledger: FoldedLedger, fields: dict[str, object], flags: str | None
) -> None:
    backlog = RecordFlag.BACKLOG.value
    body = element("event-0001", **fields)
    ledger.take(message("eval-0001", body, flags=backlog))
    assert ledger.one("SELECT flags FROM rating") == flags


def test_local_digits_follow_the_zone_in_force(ledger: FoldedLedger) -> None:
    ledger.rules(time_zone="UTC")
    body = element("event-0001", occurred_at="20261121115959")
    ledger.take(message("eval-0001", body))
    assert when(ledger, "event-0001") == (START_MS - SECOND_MS, "device")


@pytest.mark.parametrize(
    ("digits", "claimed_ms"),
    [("20261121195959", START_MS - SECOND_MS), ("20141231235959", 1_420_041_599_000)],
)
@pytest.mark.parametrize("fields", [{}, {"session_id": "A1"}, {"comment": "good"}])
def test_local_digits_are_kept_as_the_instant_they_claim(
    ledger: FoldedLedger, digits: str, claimed_ms: int, fields: dict[str, object]
) -> None:
    """Whether or not it is believed."""
    body = element("event-0001", occurred_at=digits, **fields)
    ledger.take(message("eval-0001", body))
    assert ledger.one("SELECT claimed_ms FROM rating") == claimed_ms


def test_a_key_without_a_map_is_no_level(ledger: FoldedLedger) -> None:
    ledger.take(message("eval-0001", element("event-0001", ..., key=3)))
    assert ledger.fates() == {"quarantined:unknown_level": 1}
