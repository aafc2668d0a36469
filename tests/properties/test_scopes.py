"""A scope folded fact by fact: events and counts add up to the last survey."""

import random
from collections import Counter

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.ratings.cells import add, of_rating, of_session
from gateway.ratings.facts import RatingFact, SessionEvent
from gateway.ratings.scopes import Scope, Survey, compared, survey
from tests.properties.test_sessions import EVENTS, RATINGS
from tests.support.rated import DAY, NINE, RULES, china

WAITING = st.lists(st.booleans(), min_size=6, max_size=6)


def expected(found: Survey) -> dict[int, dict[str, int]]:
    """The counts by moment, worked out from a survey alone."""
    cells: dict[int, dict[str, int]] = {}
    for one in found.sessions:
        at_ms = one.state.counts_ms
        cells[at_ms] = add([cells.get(at_ms, {}), of_session(one.state)])
    for rating in found.alone:
        if found.waited[rating.rating_id].effective:
            at_ms, cell = rating.occurred_ms, of_rating(rating.origin, rating.level)
            cells[at_ms] = add([cells.get(at_ms, {}), cell])
    return {at_ms: cell for at_ms, cell in cells.items() if cell}


@settings(max_examples=150, deadline=None)
@given(EVENTS, RATINGS, WAITING, st.randoms(use_true_random=False))
def test_what_is_told_and_counted_on_the_way_is_what_stands_at_the_end(
    events: list[SessionEvent],
    ratings: list[RatingFact],
    waiting: list[bool],
    dice: random.Random,
) -> None:
    some = [
        msgspec.structs.replace(one, waits=waits)
        for one, waits in zip(ratings, waiting, strict=False)
    ]
    facts: list[SessionEvent | RatingFact] = [*events, *some]
    dice.shuffle(facts)
    now_ms, scope = NINE + 9 * DAY, Scope()
    before = survey(scope, RULES, china(), now_ms)
    cells: dict[int, dict[str, int]] = {}
    recorded: Counter[str] = Counter()
    effective: dict[str, bool] = {}
    for fact in facts:
        if isinstance(fact, RatingFact):
            scope = msgspec.structs.replace(scope, ratings=(*scope.ratings, fact))
        else:
            scope = msgspec.structs.replace(scope, events=(*scope.events, fact))
        after = survey(scope, RULES, china(), now_ms)
        stands = {
            name: stand.effective
            for one in after.sessions
            for name, stand in one.state.stands.items()
        } | {name: stand.effective for name, stand in after.waited.items()}
        told = set()
        for change in compared(before, after):
            for at_ms, cell in (
                (change.counts_ms, change.cell),
                (change.counted_ms, change.taken),
            ):
                cells[at_ms] = add([cells.get(at_ms, {}), cell])
            for news in change.news:
                told.add(news.subject)
                recorded[news.subject] += news.type == "rating.recorded"
        changed = {name for name in stands if effective.get(name) != stands[name]}
        assert changed <= told
        effective = stands
        scope = msgspec.structs.replace(
            scope,
            numbers=after.numbers(),
            fixed={one.n: one.state.fixed for one in after.sessions},
            issued={
                one.n: one.state.issued for one in after.sessions if one.state.issued
            },
        )
        before = after
    assert {name: recorded[name] for name in effective} == dict.fromkeys(effective, 1)
    assert {at: cell for at, cell in cells.items() if cell} == expected(before)
