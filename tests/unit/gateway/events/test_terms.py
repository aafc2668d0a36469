"""Which filter was in force where."""

from gateway.events import Terms
from gateway.ports import OutboxRow, SinkSince
from tests.support.events import outbox_row, receipt


def since(block: int, index: int, *events: str, kind: str = "backend") -> SinkSince:
    return SinkSince("s", kind, events, block, index)


def taken(terms: Terms, row: OutboxRow) -> list[int]:
    units, indexes = terms.select(row)
    assert not indexes or len(units) > max(indexes)
    return list(indexes)


def test_a_sink_begins_where_it_came_into_force() -> None:
    terms = Terms([since(5, 2, "*")])
    assert terms.since == (5, 2)
    assert taken(terms, outbox_row(4, range(4))) == []
    assert taken(terms, outbox_row(5, range(4))) == [2, 3]
    assert taken(terms, outbox_row(6, range(4))) == [0, 1, 2, 3]


def test_a_changed_filter_holds_from_its_place_on() -> None:
    terms = Terms([since(1, 0, "alert.*"), since(5, 2, "rating.*"), since(7, 0)])
    assert taken(terms, outbox_row(4, range(4))) == []
    assert taken(terms, outbox_row(5, range(4))) == [2, 3]
    assert taken(terms, outbox_row(6, range(4))) == [0, 1, 2, 3]
    assert taken(terms, outbox_row(7, range(4))) == []


def test_several_changes_within_one_block_each_hold_for_their_events() -> None:
    terms = Terms([since(1, 0, "*"), since(5, 1), since(5, 3, "*")])
    assert taken(terms, outbox_row(5, range(5))) == [0, 3, 4]


def test_receipts_count_by_whole_blocks() -> None:
    terms = Terms([since(5, 2, "*", kind="receipts")])
    row = outbox_row(5, range(4), receipts=[receipt("a"), receipt("b")])
    assert taken(terms, row) == [0, 1]
