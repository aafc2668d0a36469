"""The quarantine's counts, the order of what waits."""

from collections.abc import Iterator

import pytest

from gateway.ledger.queues import Queues
from gateway.ledger.store import Store, connect
from tests.support.folding import MEMORY


@pytest.fixture
def queues() -> Iterator[Queues]:
    store = Store(connect(MEMORY))
    yield Queues(store)
    store.close()


def item(place: int, fingerprint: bytes = b"f", **fields: object) -> tuple[object, ...]:
    """A row as the fold writes it."""
    row = {
        "fingerprint": fingerprint,
        "place": place,
        "kind": 0,
        "topic": "t",
        "device_id": "d",
        "event_id": None,
        "reason": "schema",
        "detail": "",
        "payload": b"{}",
        "received_ms": place,
        "last_ms": place,
        "flags": 0,
        "seq": None,
        "count": 1,
        "state": "quarantined",
    }
    return tuple((row | fields).values())


def test_the_same_bytes_again_raise_the_count_of_the_first(queues: Queues) -> None:
    queues.quarantine([item(1), item(2), item(3, count=5)])
    (kept,) = queues.kept([1])
    assert (kept.place, kept.received_ms, kept.elements) == (1, 1, 7)


def test_a_replayed_item_starts_anew(queues: Queues) -> None:
    queues.quarantine([item(1), item(2)])
    queues.leave([1])
    queues.quarantine([item(3, flags=4)])
    (kept,) = queues.kept([1])
    assert (kept.place, kept.received_ms, kept.flags) == (3, 3, 4)
    assert (kept.elements, kept.state) == (1, "quarantined")


def test_a_purged_item_keeps_its_count_and_loses_its_payload(queues: Queues) -> None:
    queues.quarantine([item(1), item(2)])
    queues.purge([1])
    (kept,) = queues.kept([1])
    assert (kept.elements, kept.payload, kept.state) == (2, None, "purged")


def test_held_items_come_in_the_journals_order(queues: Queues) -> None:
    held = {"state": "held"}
    rows = [item(place, bytes([place]), **held) for place in (5, 2, 9)]
    queues.quarantine([*rows, item(1, b"other", device_id="e", **held)])
    assert [kept.place for kept in queues.held("d", 2)] == [2, 5]


def test_only_what_waits_is_listed_by_reason(queues: Queues) -> None:
    queues.quarantine(
        [
            item(1, b"1"),
            item(2, b"2", reason="retained"),
            item(3, b"3", state="held"),
            item(4, b"4"),
        ]
    )
    queues.purge([4])
    assert [kept.id for kept in queues.quarantined("retained", 9)] == [2]
    assert [kept.id for kept in queues.quarantined(None, 9)] == [1, 2]
    assert [kept.id for kept in queues.quarantined(None, 1)] == [1]


def test_deferred_messages_are_taken_once_oldest_first(queues: Queues) -> None:
    queues.defer([(place, 1, 0, "t", b"", place, 0) for place in (3, 1, 2)])
    queues.defer([(9, 2, 0, "t", b"", 9, 0)])
    assert [one.place for one in queues.take_deferred(1, 2)] == [1, 2]
    assert [one.place for one in queues.take_deferred(1, 9)] == [3]
    assert queues.take_deferred(1, 9) == []
