"""The fold's own books: counters, timers, versions, one open alert a cause."""

from collections.abc import Iterator
from typing import Any

import apsw
import pytest

from gateway.ledger.books import COUNTERS, Books, Timer
from gateway.ledger.store import Store, connect
from tests.support.folding import MEMORY


@pytest.fixture
def store() -> Iterator[Store]:
    made = Store(connect(MEMORY))
    yield made
    made.close()


@pytest.fixture
def books(store: Store) -> Books:
    return Books(store)


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


@pytest.mark.parametrize("ask", ["drop_timers", "subjects", "waits"])
def test_timers_of_a_kind_are_sought_beside_those_of_sessions(
    store: Store, books: Books, ask: str
) -> None:
    books.set_timers(Timer(n, "session", f"s-{n}") for n in range(100))
    books.set_timers([Timer(7, "look", "d-1"), Timer(8, "look", "d-2")])
    effort: list[dict[str, Any]] = []
    store.connection.trace_v2(apsw.SQLITE_TRACE_PROFILE, effort.append)
    if ask == "drop_timers":
        books.drop_timers("look", "d-1")
    elif ask == "subjects":
        assert books.subjects("look") == ["d-1", "d-2"]
    else:
        assert books.waits("look")
    store.connection.trace_v2(0, None)
    steps = [one["stmt_status"]["SQLITE_STMTSTATUS_FULLSCAN_STEP"] for one in effort]
    assert steps == [0]
    left = ["d-2"] if ask == "drop_timers" else ["d-1", "d-2"]
    assert books.subjects("look") == left


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
