"""Pages of any size join into the whole list, newest first."""

import apsw
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.queries.asking import CursorError, Slice
from gateway.reading import paging
from gateway.reading.paging import Conditions, Listing, page


def numbers(keys: set[int]) -> apsw.Connection:
    connection = apsw.Connection(":memory:")
    connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY)")
    connection.executemany("INSERT INTO t VALUES (?)", [(key,) for key in keys])
    return connection


def key_of(row: tuple[int, ...]) -> int:
    return row[0]


LISTING = Listing("SELECT id FROM t", "t", "id", key_of)
KEYS = st.sets(st.integers(0, (1 << 63) - 2), max_size=40)


@given(KEYS, st.integers(1, 12))
def test_pages_join_into_the_whole_list(keys: set[int], limit: int) -> None:
    connection = numbers(keys)
    seen: list[int] = []
    cursor = None
    while True:
        found = page(connection, LISTING, Conditions(), Slice(limit, cursor))
        assert len(found.items) <= limit
        seen += found.items
        cursor = found.next_cursor
        if cursor is None:
            break
    assert seen == sorted(keys, reverse=True)


def test_what_arrives_meanwhile_does_not_shift_the_pages() -> None:
    connection = numbers({1, 2, 3, 4})
    first = page(connection, LISTING, Conditions(), Slice(2))
    connection.execute("INSERT INTO t VALUES (5)")
    rest = page(connection, LISTING, Conditions(), Slice(2, first.next_cursor))
    assert first.items + rest.items == [4, 3, 2, 1]


def test_conditions_without_a_value_ask_for_nothing() -> None:
    conditions = Conditions()
    conditions.where("id > ?", 2)
    conditions.where("id < ?", None)
    assert page(numbers({1, 2, 3, 4}), LISTING, conditions, Slice(9)).items == [4, 3]


@pytest.mark.parametrize("cursor", ["x", "--1", "1.5", "", "\u0663", "1 OR 1"])
def test_a_cursor_never_given_out_is_refused(cursor: str) -> None:
    with pytest.raises(CursorError):
        page(numbers({1}), LISTING, Conditions(), Slice(3, cursor))


def test_a_cursor_beyond_every_key_is_harmless() -> None:
    found = page(numbers({1}), LISTING, Conditions(), Slice(3, "9" * 30))
    assert found.items == [1]


def test_a_page_that_looked_at_enough_is_short_and_says_where_to_go_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(paging, "LOOKED_AT_MAX", 20)
    connection, conditions = numbers(set(range(1, 26))), Conditions()
    conditions.where("id = ?", 12)
    heavy = LISTING._replace(weight=2)
    pages = [page(connection, heavy, conditions, Slice(5))]
    while (cursor := pages[-1].next_cursor) is not None:
        pages.append(page(connection, heavy, conditions, Slice(5, cursor)))
    found = [(one.items, one.next_cursor) for one in pages]
    assert found == [([], "16"), ([12], "6"), ([], None)]


def test_what_an_index_finds_is_told_at_once_however_far_back_it_lies(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(paging, "LOOKED_AT_MAX", 10)
    conditions = Conditions()
    conditions.seek("id = ?", 3)
    found = page(numbers(set(range(1, 100))), LISTING, conditions, Slice(5))
    assert (found.items, found.next_cursor) == ([3], None)


def test_nothing_is_looked_at_for_what_belongs_to_nobody() -> None:
    conditions = Conditions()
    conditions.among("id", [])
    broken = Listing("no SQL", "t", "id", key_of)
    assert page(numbers({1}), broken, conditions, Slice(5)).items == []
    with pytest.raises(CursorError):
        page(numbers({1}), broken, conditions, Slice(5, "x"))
