"""Any order and any grouping of a session's events gives the same end state."""

import random

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.ratings.facts import Facts, RatingFact, SessionEvent, Void
from gateway.ratings.grouping import Lasting, group
from gateway.ratings.news import changes, renewed
from gateway.ratings.policy import SessionRules
from gateway.ratings.state import SessionState, state_of
from tests.support.rated import DAY, NINE, china, event, rating

MINUTES = st.sampled_from(
    [-1500, -5, 0, 0.02, 0.05, 1, 5, 9, 11, 20, 300, 1440, 1500, 7 * 1440, 9 * 1440]
)
NAMES = "abcdefgh"
EVENTS = st.lists(
    st.builds(
        event,
        st.sampled_from(["opened", "invited", "ended", "cancelled", "not_eligible"]),
        MINUTES,
        source=st.sampled_from(["terminal", "http"]),
        reason=st.sampled_from([None, "left"]),
    ),
    max_size=6,
    unique_by=lambda one: one.event_id,
)
RATINGS = st.lists(
    st.builds(
        rating,
        st.sampled_from(NAMES),
        MINUTES,
        st.integers(1, 5),
        amends=st.none() | st.sampled_from(NAMES),
        origin=st.sampled_from(["customer", "customer", "device_timeout"]),
        round=st.sampled_from(["initial", "initial", "followup"]),
    ),
    max_size=6,
    unique_by=lambda one: one.rating_id,
)
VOIDS = st.lists(
    st.builds(
        Void,
        st.sampled_from([f"d:{name}" for name in NAMES]),
        st.just("reason"),
        st.just("ann"),
        st.integers(NINE, NINE + 3),
    ),
    max_size=1,
)
RULES = st.builds(
    SessionRules,
    default_enabled=st.booleans(),
    late_rating=st.sampled_from(["record_only", "replace", "reject"]),
    multi_press=st.sampled_from(["first", "last"]),
    amendments_max=st.integers(0, 2),
    amend_window_days=st.integers(0, 5),
    day_unit=st.sampled_from(["working", "natural"]),
)
NOWS = st.sampled_from([NINE, NINE + DAY, NINE + 8 * DAY, NINE + 40 * DAY])

Fact = SessionEvent | RatingFact | Void


def added(facts: Facts, part: list[Fact]) -> Facts:
    return msgspec.structs.replace(
        facts,
        events=facts.events
        + tuple(one for one in part if isinstance(one, SessionEvent)),
        ratings=facts.ratings
        + tuple(one for one in part if isinstance(one, RatingFact)),
        voids=facts.voids + tuple(one for one in part if isinstance(one, Void)),
    )


def folded(
    parts: list[list[Fact]], rules: SessionRules, now_ms: int
) -> SessionState | None:
    """The state after one part after the other, each told in its own block."""
    facts, before = Facts(), None
    versions: dict[str, int] = {}
    for part in parts:
        facts = added(facts, part)
        if not facts.events and not facts.ratings:
            continue
        after = state_of(facts, rules, china(), now_ms)
        told = renewed(changes(before, after), versions)
        assert all(
            told[name] > versions.get(name, 0) for name in told if name != "default"
        )
        versions |= told
        facts = msgspec.structs.replace(facts, fixed=after.fixed, issued=after.issued)
        before = after
    return before


def compared(state: SessionState | None) -> object:
    """All of a state but what became of defaults on the way."""
    if state is None:
        return None
    shown = msgspec.structs.asdict(state)
    for name in ("default", "issued", "fixed"):
        del shown[name]
    return shown, state.default if state.default and state.default.effective else None


@settings(max_examples=300, deadline=None)
@given(
    st.tuples(EVENTS, RATINGS, VOIDS), RULES, NOWS, st.randoms(use_true_random=False)
)
def test_any_order_and_grouping_ends_in_the_same_state(
    known: tuple[list[SessionEvent], list[RatingFact], list[Void]],
    rules: SessionRules,
    now_ms: int,
    dice: random.Random,
) -> None:
    facts: list[Fact] = [one for part in known for one in part]
    whole = folded([facts], rules, now_ms)
    dice.shuffle(facts)
    parts: list[list[Fact]] = [[]]
    for fact in facts:
        if dice.random() < 0.5:
            parts.append([])
        parts[-1].append(fact)
    assert compared(folded(parts, rules, now_ms)) == compared(whole)


@settings(max_examples=100, deadline=None)
@given(EVENTS, RATINGS, RULES, st.randoms(use_true_random=False))
def test_any_order_groups_a_scope_alike(
    events: list[SessionEvent],
    ratings: list[RatingFact],
    rules: SessionRules,
    dice: random.Random,
) -> None:
    lasting = Lasting(rules, china())
    whole = group(events, ratings, lasting, {})
    shuffled, others = list(events), list(ratings)
    dice.shuffle(shuffled)
    dice.shuffle(others)
    numbers: dict[str, int] = {}
    known_events: list[SessionEvent] = []
    known_ratings: list[RatingFact] = []
    for one in [*shuffled, *others]:
        if isinstance(one, SessionEvent):
            known_events.append(one)
        elif isinstance(one, RatingFact):
            known_ratings.append(one)
        found = group(known_events, known_ratings, lasting, numbers)
        numbers = {
            name: each.n
            for each in found
            for name in [e.event_id for e in each.events]
            + [r.rating_id for r in each.ratings]
        }
        assert len({each.n for each in found}) == len(found)
    if not events and not ratings:
        return
    assert [each[1:] for each in found] == [each[1:] for each in whole]


@settings(max_examples=100, deadline=None)
@given(EVENTS, RATINGS, RULES, NOWS)
def test_each_rating_stands_and_at_most_one_is_in_effect(
    events: list[SessionEvent],
    ratings: list[RatingFact],
    rules: SessionRules,
    now_ms: int,
) -> None:
    if not events and not ratings:
        return
    facts = Facts(events=tuple(events), ratings=tuple(ratings))
    found = state_of(facts, rules, china(), now_ms)
    assert set(found.stands) == {one.rating_id for one in ratings}
    in_effect = [name for name, stand in found.stands.items() if stand.effective]
    assert in_effect == ([found.effective.rating_id] if found.effective else [])
    assert found.due_ms is None or found.due_ms > now_ms
