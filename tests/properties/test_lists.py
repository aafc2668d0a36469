"""A list walked by its cursors is the filtered list, however little a page looks at."""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.ledger.queries import SqliteLedgerQueries
from gateway.queries.asking import (
    Page,
    QuarantineFilter,
    RatingFilter,
    SessionFilter,
    Slice,
)
from gateway.queries.rows import RatingRow
from gateway.reading import paging
from tests.support.folding import MEMORY
from tests.support.ledger_file import NOON_MS, LedgerFile

Row = TypeVar("Row")
HOUR_MS = 3_600_000
RATINGS = 60
ALL = Slice(1000)
PAGES_MAX = 200

SITES, EMPLOYEES, FLAGS = ("hall", "annex"), ("e1", "e2", None), ("burst", None)
MOMENTS = st.none() | st.integers(-1, 9).map(lambda hour: NOON_MS + hour * HOUR_MS)
SHARED = {
    "site": st.none() | st.sampled_from((*SITES, "nowhere")),
    "device": st.none() | st.sampled_from(("d-1", "d-2", "nobody")),
    "from_ms": MOMENTS,
    "to_ms": MOMENTS,
}
OF_RATINGS = st.builds(
    RatingFilter,
    **SHARED,
    department=st.none() | st.sampled_from(("taxes", "permits", "none")),
    employee=st.none() | st.sampled_from(("e1", "e2", "e3")),
    session=st.none() | st.sampled_from(("A1", "A2", "A3")),
    level=st.none() | st.integers(1, 5),
    flag=st.none() | st.sampled_from(("burst", "orphan")),
    effective=st.none() | st.booleans(),
)
OF_SESSIONS = st.builds(
    SessionFilter,
    **SHARED,
    session=st.none() | st.sampled_from(("A1", "A2", "A3")),
    state=st.none() | st.sampled_from(("rated", "voided", "closed")),
)
OF_QUARANTINE = st.builds(
    QuarantineFilter,
    state=st.none() | st.sampled_from(("held", "purged")),
    reason=st.none() | st.sampled_from(("not_json", "schema")),
    device=SHARED["device"],
)


@pytest.fixture(scope="module")
def ledger() -> Iterator[LedgerFile]:
    """Ratings of eight hours, some of which came late, and what belongs to them."""
    file, dice = LedgerFile(MEMORY), random.Random(7)
    for number in range(1, RATINGS + 1):
        occurred_ms = NOON_MS + dice.randrange(8) * HOUR_MS
        late_ms = dice.choice((250, 250, 250, 3 * HOUR_MS))
        name = f"event-{number:03}"
        place = file.rating(
            dice.choice(("d-1", "d-2")),
            name,
            place=-number if number % 9 == 0 else number * 7,
            occurred_ms=occurred_ms,
            received_ms=occurred_ms + late_ms,
            site=dice.choice(SITES),
            department=dice.choice(("taxes", "permits")),
            employee_id=dice.choice(EMPLOYEES),
            level=dice.choice((1, 5, 5, None)),
            flags='["burst"]' if dice.random() < 0.2 else None,
            effective=int(dice.random() < 0.8),
            session_no=number,
        )
        state = dice.choice(("rated", "rated", "voided"))
        at_ms, number_of = {"ended_ms": occurred_ms}, f"A{dice.choice((1, 2))}"
        file.session(
            number,
            number_of,
            n=number,
            ratings=[place],
            state=state,
            device_no=1,
            **at_ms,
        )
        state, reason = dice.choice(("held", "purged")), dice.choice(("not_json", "x"))
        file.quarantine(number, state=state, reason=reason)
    yield file
    file.close()


@contextmanager
def looking_at(rows: int) -> Iterator[None]:
    """So many rows a page looks at, the first of them alone."""
    with (
        patch.object(paging, "LOOKED_AT_MAX", rows),
        patch.object(paging, "LOOKED_AT_FIRST", 1),
    ):
        yield


def walked(
    ask: Callable[[Slice], Page[Row]], limit: int, meanwhile: Callable[[], None]
) -> list[Row]:
    """Everything that pages of a list hold."""
    found: list[Row] = []
    cursor = None
    for _ in range(PAGES_MAX):
        page = ask(Slice(limit, cursor))
        assert len(page.items) <= limit
        found += page.items
        cursor = page.next_cursor
        if cursor is None:
            return found
        meanwhile()
    raise AssertionError("the pages do not end")


def nothing() -> None:
    """Nothing comes meanwhile."""


def chosen(one: RatingRow, wanted: RatingFilter) -> bool:
    """Whether a rating is asked for, told by its own fields."""
    named = {
        "device": one.device_id,
        "site": one.site,
        "department": one.department,
        "employee": one.employee_id,
        "session": one.session_id,
        "level": one.level,
        "effective": one.effective,
    }
    asked = {name: getattr(wanted, name) for name in named}
    return (
        all(asked[name] in {None, value} for name, value in named.items())
        and (wanted.flag is None or wanted.flag in one.flags)
        and (wanted.from_ms is None or one.occurred_ms >= wanted.from_ms)
        and (wanted.to_ms is None or one.occurred_ms < wanted.to_ms)
    )


@given(wanted=OF_RATINGS, looked_at=st.integers(1, 20), limit=st.integers(1, 9))
def test_pages_of_ratings_join_into_those_asked_for(
    ledger: LedgerFile, wanted: RatingFilter, looked_at: int, limit: int
) -> None:
    queries = SqliteLedgerQueries(ledger.held)
    every = queries.ratings(RatingFilter(), ALL).items
    with looking_at(looked_at):
        found = walked(lambda part: queries.ratings(wanted, part), limit, nothing)
    assert found == [one for one in every if chosen(one, wanted)]


@given(
    sessions=OF_SESSIONS,
    held=OF_QUARANTINE,
    looked_at=st.integers(1, 20),
    limit=st.integers(1, 9),
)
def test_pages_join_into_what_one_large_page_holds(
    ledger: LedgerFile,
    sessions: SessionFilter,
    held: QuarantineFilter,
    looked_at: int,
    limit: int,
) -> None:
    queries = SqliteLedgerQueries(ledger.held)
    with looking_at(looked_at):
        begun = walked(lambda part: queries.sessions(sessions, part), limit, nothing)
        kept = walked(lambda part: queries.quarantine(held, part), limit, nothing)
    assert begun == queries.sessions(sessions, ALL).items
    assert kept == queries.quarantine(held, ALL).items


def test_what_comes_meanwhile_is_in_no_later_page(ledger: LedgerFile) -> None:
    queries, wanted = SqliteLedgerQueries(ledger.held), RatingFilter(employee="e1")
    before = queries.ratings(wanted, ALL).items
    places = iter(range(10_000, 20_000))

    def more() -> None:
        place = next(places)
        ledger.rating("d-1", f"event-{place}", place=place, employee_id="e1")

    ledger.execute("SAVEPOINT before")
    try:
        with looking_at(5):
            found = walked(lambda part: queries.ratings(wanted, part), 2, more)
    finally:
        ledger.execute("ROLLBACK TO before")
    assert found == before
