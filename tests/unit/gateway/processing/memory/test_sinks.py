"""Who is owed what: filters in force from a place on, counts that dispatchers match."""

import pytest

from gateway.events.terms import Terms
from gateway.ledger.outbox import sinks_of
from gateway.ports import Record
from tests.support.folding import START_MS, FoldedLedger, act, element, message

BIRTH = {"v": 1, "state": "online", "capabilities": {"receipts": True}}


def applied(*sinks: tuple[str, str, list[str]]) -> Record:
    specs = [{"name": n, "kind": k, "events": e} for n, k, e in sinks]
    return act("sinks_applied", {"sinks": specs})


POINTS = ("main", "influxdb", ["rating.*"])
HOOK = ("business", "backend", ["*"])
RECEIPTS = ("receipts", "receipts", ["*"])


@pytest.fixture
def ledger() -> FoldedLedger:
    ledger = FoldedLedger()
    ledger.rules()
    ledger.take(message("eval-0001", BIRTH, START_MS, "presence"))
    return ledger


def addressed(ledger: FoldedLedger) -> dict[str, int]:
    return dict(ledger.all("SELECT name, events FROM sink_addressed"))


def selected(ledger: FoldedLedger) -> dict[str, int]:
    """What dispatchers would take, by the terms that they read."""
    changes = sinks_of(ledger.store.connection)
    names = {change.name for change in changes}
    terms = {name: Terms(c for c in changes if c.name == name) for name in names}
    return {
        name: sum(len(term.select(row)[1]) for row in ledger.outbox())
        for name, term in terms.items()
    }


def rating(number: int, **fields: object) -> Record:
    return message("eval-0001", element(f"event-{number:04d}", **fields))


def test_each_sink_is_owed_what_its_filter_names(ledger: FoldedLedger) -> None:
    ledger.take(applied(POINTS, HOOK, RECEIPTS))
    ledger.take(rating(1), rating(2, comment="x"))
    owed = {"main": 2, "business": 3, "receipts": 1}
    assert addressed(ledger) == owed == selected(ledger)


def test_a_sink_applied_within_a_block_is_owed_what_follows(
    ledger: FoldedLedger,
) -> None:
    ledger.take(rating(1), applied(POINTS, HOOK), rating(2), rating(3))
    assert addressed(ledger) == {"main": 2, "business": 2} == selected(ledger)


def test_a_sink_removed_within_a_block_is_owed_what_came_before(
    ledger: FoldedLedger,
) -> None:
    ledger.take(applied(POINTS, HOOK))
    ledger.take(rating(1), applied(HOOK), rating(2))
    ledger.take(rating(3))
    assert addressed(ledger) == {"main": 1, "business": 3} == selected(ledger)


def test_a_filter_changed_twice_within_a_block_counts_each_part(
    ledger: FoldedLedger,
) -> None:
    ledger.take(applied(HOOK))
    only_voids = ("business", "backend", ["rating.voided"])
    ledger.take(rating(1), applied(only_voids), rating(2), applied(HOOK), rating(3))
    assert addressed(ledger) == {"business": 2} == selected(ledger)


@pytest.mark.parametrize("after", [[RECEIPTS], [], [("receipts", "receipts", ["a"])]])
def test_receipts_of_a_block_are_for_the_filter_at_its_end(
    ledger: FoldedLedger, after: list[tuple[str, str, list[str]]]
) -> None:
    ledger.take(applied(RECEIPTS))
    ledger.take(rating(1), applied(*after), rating(2))
    assert addressed(ledger) == selected(ledger)


def test_the_same_sinks_again_change_nothing(ledger: FoldedLedger) -> None:
    ledger.take(applied(POINTS, HOOK))
    ledger.restart()
    ledger.take(rating(1), applied(HOOK, POINTS), rating(2))
    assert ledger.one("SELECT count(*) FROM sink") == 2
    assert addressed(ledger) == {"main": 2, "business": 2} == selected(ledger)
