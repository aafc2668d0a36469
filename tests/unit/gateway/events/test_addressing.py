"""Filters by name, addresses by kind, partitions by session or device."""

import pytest

from gateway.events import EVENTS, RATING_EVENTS, Address, matches, partition_of
from gateway.ports import AnyEvent, OutboxRow
from tests.support.events import other_event, rating_event, receipt


@pytest.mark.parametrize(
    ("pattern", "name", "hit"),
    [
        ("*", "rating.recorded", True),
        ("rating.*", "rating.recorded", True),
        ("rating.*", "rating.voided", True),
        ("rating.*", "ratings.recorded", False),
        ("rating.*", "alert.opened", False),
        ("alert.opened", "alert.opened", True),
        ("alert.opened", "alert.resolved", False),
        ("alert", "alert.opened", False),
    ],
)
def test_a_filter_names_one_event_a_family_or_all(
    pattern: str, name: str, *, hit: bool
) -> None:
    assert matches(pattern, name) is hit


def test_the_registry_has_every_event_of_the_contract() -> None:
    assert EVENTS.keys() == {
        *("rating.recorded", "rating.amended", "rating.superseded"),
        *("rating.defaulted", "rating.voided", "comment.attached", "session.closed"),
        "comment.erased",
        *("followup.required", "followup.overdue", "followup.closed"),
        *("complaint.raised", "complaint.overdue", "device.presence_changed"),
        *("device.health_changed", "device.identity_alert", "device.seq_reset"),
        *("alert.opened", "alert.confirmed", "alert.snoozed", "alert.escalated"),
        *("alert.resolved", "inspection.due", "inspection.overdue"),
        *("inspection.completed", "figure.below_target", "canary.recorded"),
        "reconciliation.daily",
    }
    assert {name for name in EVENTS if name.startswith("rating.")} == RATING_EVENTS


@pytest.fixture
def row() -> OutboxRow:
    events: list[AnyEvent] = [
        rating_event(1),
        other_event(2),
        rating_event(3, type="rating.voided"),
    ]
    return OutboxRow(1, 0, events, [receipt("a", "event-01"), receipt("b")])


@pytest.mark.parametrize(
    ("kind", "patterns", "indexes"),
    [
        ("backend", ["*"], [0, 1, 2]),
        ("backend", ["rating.*"], [0, 2]),
        ("backend", ["alert.opened", "rating.recorded"], [0, 1]),
        ("backend", [], []),
        ("influxdb", ["*"], [0, 2]),
        ("influxdb", ["rating.voided"], [2]),
        ("receipts", ["*"], [0, 1]),
        ("receipts", [], []),
    ],
)
def test_a_sink_takes_what_its_kind_and_filters_say(
    row: OutboxRow, kind: str, patterns: list[str], indexes: list[int]
) -> None:
    address = Address(kind, patterns)
    assert list(address.indexes(row)) == indexes
    assert address.count(row) == len(indexes)
    assert address.units(row) is (row.receipts if kind == "receipts" else row.events)


def test_order_is_kept_within_a_session_else_within_a_device() -> None:
    assert partition_of(rating_event(1)) == "hall-1:T1:0:1"
    without_key = rating_event(1, session_key=None)
    assert partition_of(without_key) == "T1"
    assert partition_of(rating_event(1, session_key=None, session_id=None)) == "dev-1"
    assert partition_of(other_event(2, partition="dev-2")) == "dev-2"
    assert partition_of(receipt("a")) == "a"
