"""The fold's own books: counters, timers, versions, one open alert a cause."""

from collections.abc import Iterator

import pytest

from gateway.ledger.books import COUNTERS, Books, Timer
from gateway.ledger.store import Store, connect
from tests.support.folding import MEMORY


@pytest.fixture
def books() -> Iterator[Books]:
    store = Store(connect(MEMORY))
    yield Books(store)
    store.close()


def test_counters_start_at_zero_and_are_kept(books: Books) -> None:
    assert books.counters() == dict.fromkeys(COUNTERS, 0)
    books.save_counters({"block": 7, "ordinal": 2**62})
    assert books.counters()["block"] == 7
    assert books.counters()["ordinal"] == 2**62


def test_timers_come_due_once_in_their_order(books: Books) -> None:
    timers = [Timer(5, "deferral", "b"), Timer(5, "deferral", "a"), Timer(3, "x", "c")]
    for timer in (*timers, timers[0], Timer(9, "x", "later")):
        books.set_timer(timer)
    assert books.next_due() == 3
    assert books.due(5, 2) == [timers[2], timers[1]]
    assert books.due(5, 2) == [timers[0]]
    assert books.due(5, 2) == []
    assert books.next_due() == 9


def test_versions_count_for_each_type_and_subject(books: Books) -> None:
    assert [books.next_version("a", "x") for _ in range(3)] == [1, 2, 3]
    assert books.next_version("a", "y") == books.next_version("b", "x") == 1


def test_a_key_belongs_to_its_author(books: Books) -> None:
    books.save_act(1, "a", "anna", 0, "k", "{}")
    known = books.act_of_key("anna", "k")
    assert known is not None
    assert known.place == 1
    assert books.act_of_key("bert", "k") is None
    for place in (2, 3):
        books.save_act(place, "a", "anna", 0, None, "{}")
