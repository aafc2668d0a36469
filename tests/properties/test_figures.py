"""Roll-ups are the recomputation; a second implementation of each figure agrees.

The second implementation is written from the rules alone, over lists of ratings and
sessions, in plain Python with `decimal`; it shares no code with the first.
"""

import random
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, localcontext

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.ratings.cells import add, difference, negative, of_session
from gateway.ratings.facts import Facts, Issued, Void
from gateway.ratings.figures import Asked, Figures, figures
from gateway.ratings.scoring import score_map
from gateway.ratings.state import SessionState, state_of
from tests.properties.test_sessions import Fact, added
from tests.support.rated import DAY, NINE, RULES, china, event, rating

LEVELS = (1, 2, 3, 4, 5)


@dataclass(frozen=True)
class Seen:
    """One session as a reader of the rules would note it down."""

    level: int | None  # of the answer in effect
    by_customer: bool
    default: int | None
    eligible: bool
    invited: bool
    flagged: bool
    voided: bool
    waiting: bool


def quotient(part: Decimal, whole: int, places: int) -> str | None:
    if whole == 0:
        return None
    with localcontext() as context:
        context.prec = 60
        step = Decimal(1).scaleb(-places)
        return str((part / whole).quantize(step, rounding=ROUND_HALF_UP))


def percent(part: int, whole: int) -> str | None:
    return quotient(Decimal(part * 100), whole, 2)


def second_opinion(
    sessions: list[Seen],
    satisfied: set[int],
    scores: dict[int, Decimal],
    *,
    include_flagged: bool,
    min_n: int,
) -> dict[str, object]:
    heard = [
        one
        for one in sessions
        if one.level is not None and (include_flagged or not one.flagged)
    ]
    answers = [one.level for one in heard if one.level is not None]
    defaults = [one.default for one in sessions if one.default is not None]
    both = answers + defaults
    eligible = [one for one in sessions if one.eligible]
    unrated = [one for one in eligible if one not in heard or not one.by_customer]
    found: dict[str, object] = {
        "n": {str(level): answers.count(level) for level in LEVELS},
        "rated": len(answers),
        "defaulted": len(defaults),
        "eligible": len(eligible),
        "unrated": len(unrated),
        "awaiting": sum(one.waiting for one in eligible),
        "voided": sum(one.voided for one in sessions),
        "unrated_share": percent(len(unrated), len(eligible)),
        "overdue_share": percent(len(defaults), len(both)),
        "response_rate": percent(len(eligible) - len(unrated), len(eligible)),
        "invitation_rate": percent(sum(one.invited for one in eligible), len(eligible)),
        "min_n_met": len(answers) >= min_n,
    }
    for levels, suffix in ((answers, ""), (both, "_with_defaults")):
        n = len(levels) if len(levels) >= min_n else 0
        happy = sum(level in satisfied for level in levels)
        points = sum((scores[level] for level in levels), Decimal(0))
        found[f"share{suffix}"] = {
            str(level): percent(levels.count(level), n) for level in LEVELS
        }
        found[f"satisfaction_rate{suffix}"] = percent(happy, n)
        found[f"mean_level{suffix}"] = quotient(Decimal(sum(levels)), n, 4)
        found[f"mean_score{suffix}"] = quotient(points, n, 4)
    return found


NAMES = [f"{letter}" for letter in "abc"]
SESSIONS = st.builds(
    Facts,
    events=st.lists(
        st.builds(
            event,
            st.sampled_from(["opened", "invited", "ended", "ended", "cancelled"]),
            st.sampled_from([0, 5, 10]),
        ),
        max_size=3,
        unique_by=lambda one: one.event_id,
    ).map(tuple),
    ratings=st.lists(
        st.builds(
            rating,
            st.sampled_from(NAMES),
            st.sampled_from([4, 11, 30, 9 * 1440]),
            st.integers(1, 5),
            origin=st.sampled_from(["customer", "staff_proxy", "device_timeout"]),
        ),
        min_size=1,
        max_size=3,
        unique_by=lambda one: one.rating_id,
    ).map(tuple),
    voids=st.sampled_from(
        [(), (), (), *((Void(f"d:{name}", "r", "ann", NINE),) for name in NAMES)]
    ),
)
NOWS = st.sampled_from([NINE, NINE + DAY, NINE + 9 * DAY])
SCORES = st.dictionaries(
    st.sampled_from(LEVELS),
    st.decimals(-100, 100, places=2, allow_nan=False),
    min_size=5,
)


def noted(state: SessionState, excluded: set[str]) -> Seen:
    answer = state.effective
    timeout = answer is not None and answer.origin == "device_timeout"
    default = answer.level if answer is not None and timeout else None
    if state.default is not None and state.default.effective:
        default = state.default.level
    return Seen(
        level=None if answer is None or timeout else answer.level,
        by_customer=answer is not None and answer.origin == "customer",
        default=default,
        eligible=state.eligible and state.service.ended_ms is not None,
        invited=state.service.invited_ms is not None,
        flagged=answer is not None and answer.rating_id in excluded,
        voided=state.state == "voided",
        waiting=state.state == "awaiting",
    )


def shown(found: Figures, names: dict[str, object]) -> dict[str, object]:
    return {name: getattr(found, name) for name in names}


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(SESSIONS, NOWS), max_size=12),
    st.sets(st.sampled_from([f"d:{name}" for name in NAMES]), max_size=1),
    st.tuples(st.sets(st.sampled_from(LEVELS)), SCORES),
    st.booleans(),
    st.integers(0, 4),
)
def test_a_second_implementation_agrees(
    sessions: list[tuple[Facts, int]],
    excluded: set[str],
    maps: tuple[set[int], dict[int, Decimal]],
    include_flagged: bool,  # noqa: FBT001 -- drawn by position
    min_n: int,
) -> None:
    satisfied, scores = maps
    states = [state_of(facts, RULES, china(), now) for facts, now in sessions]
    # A device's timeout is a default: no flag keeps it out of these.
    kept_out = [
        excluded
        if state.effective and state.effective.origin != "device_timeout"
        else set()
        for state in states
    ]
    cell = add(map(of_session, states, kept_out))
    expected = second_opinion(
        [noted(state, out) for state, out in zip(states, kept_out, strict=True)],
        satisfied,
        scores,
        include_flagged=include_flagged,
        min_n=min_n,
    )
    asked = Asked(
        satisfied_levels=tuple(satisfied),
        scores=score_map(scores),
        include_flagged=include_flagged,
        min_n=min_n,
    )
    assert shown(figures(cell, asked), expected) == expected


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(SESSIONS, NOWS), max_size=5), st.randoms(use_true_random=False)
)
def test_roll_ups_of_differences_are_the_recomputation(
    sessions: list[tuple[Facts, int]], dice: random.Random
) -> None:
    """Facts come one by one, sessions interleaved; each writes what it changed."""
    arriving: list[tuple[int, Fact]] = [
        (number, fact)
        for number, (facts, _) in enumerate(sessions)
        for part in (facts.events, facts.ratings, facts.voids)
        for fact in part
    ]
    dice.shuffle(arriving)
    known = [Facts() for _ in sessions]
    states: list[SessionState | None] = [None for _ in sessions]
    total: dict[str, int] = {}
    for number, fact in arriving:
        facts = known[number] = added(known[number], [fact])
        if not facts.events and not facts.ratings:
            continue
        before, now = states[number], dice.choice([NINE, sessions[number][1]])
        after = state_of(facts, RULES, china(), now)
        issued, kept = after.issued, msgspec.structs.replace
        known[number] = kept(facts, fixed=after.fixed, issued=issued)
        total = add([total, difference(of_session(after), of_session(before))])
        states[number] = after
    assert total == add(map(of_session, states))
    assert add([total, negative(total)]) == {}


CELLS = st.dictionaries(
    st.sampled_from(["customer.5", "customer.1!", "eligible", "rated", "reason.left"]),
    st.integers(-3, 3).filter(bool),
)


@settings(max_examples=100, deadline=None)
@given(CELLS, CELLS, CELLS)
def test_cells_add_up_in_any_order_and_grouping(
    a: dict[str, int], b: dict[str, int], c: dict[str, int]
) -> None:
    assert add([a, b, c]) == add([c, add([b, a])]) == add([add([c, a]), b])
    assert add([a, {}]) == a
    assert difference(add([a, b]), b) == a


def test_a_default_that_was_issued_counts_once() -> None:
    facts = Facts(events=(event("ended", 10),), issued=Issued(NINE + 600_000, 2))
    state = state_of(facts, RULES, china(), NINE + 9 * DAY)
    assert of_session(state)["system_default.2"] == 1
