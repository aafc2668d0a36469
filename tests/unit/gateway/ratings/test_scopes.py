"""One call for all sessions of a number: what a fold has to write and to tell."""

import msgspec

from gateway.ratings.facts import Complaint, Issued, Step, Void
from gateway.ratings.grouping import Lasting
from gateway.ratings.scopes import Change, Scope, Survey, compared, survey
from gateway.ratings.waiting import CHOSEN_MAX, stands_of
from tests.support.rated import MINUTE, NINE, RULES, at, china, event, rating

NOON = at("2026-11-02 12:00")
DEADLINE = at("2026-11-10 00:00")
OPENED, ENDED = event("opened", 0), event("ended", 10)


def surveyed(scope: Scope, now_ms: int = NOON) -> Survey:
    return survey(scope, RULES, china(), now_ms)


def told(found: list[Change]) -> list[tuple[int, list[str]]]:
    return [(one.n, [news.type for news in one.news]) for one in found]


def test_an_answer_that_comes_is_told_and_counted() -> None:
    before = surveyed(Scope(events=(OPENED, ENDED)))
    after = surveyed(
        Scope(
            events=(OPENED, ENDED),
            ratings=(rating("a", 11, 5),),
            numbers=before.numbers(),
        )
    )
    (change,) = compared(before, after)
    assert told([change]) == [(1, ["rating.recorded"])]
    assert change.cell == {
        "awaiting": -1,
        "reason.unknown": -1,
        "customer.5": 1,
        "rated": 1,
    }
    assert compared(after, after) == []


def test_when_the_end_comes_after_the_rating_its_counts_move() -> None:
    before = surveyed(Scope(ratings=(rating("a", 8, 5),)))
    after = surveyed(
        Scope(events=(ENDED,), ratings=(rating("a", 8, 5),), numbers=before.numbers())
    )
    (change,) = compared(before, after)
    assert change.news == []
    assert change.counted_ms == NINE + 8 * MINUTE
    assert change.counts_ms == NINE + 10 * MINUTE
    assert change.taken == {"customer.5": -1}
    assert change.cell == {"customer.5": 1, "eligible": 1, "rated": 1}


def test_a_rating_that_changes_its_session_is_recorded_once() -> None:
    yesterday = (event("opened", -1440), event("ended", -1430))
    before = surveyed(Scope(events=yesterday, ratings=(rating("a", 8, 5),)))
    after = surveyed(
        Scope(
            events=(*yesterday, OPENED),
            ratings=(rating("a", 8, 5),),
            numbers=before.numbers(),
        )
    )
    assert all(
        "rating.recorded" not in types for _, types in told(compared(before, after))
    )
    assert sum(one.state.answered for one in after.sessions) == 1


def test_a_timer_brings_the_default() -> None:
    scope = Scope(events=(OPENED, ENDED))
    assert surveyed(scope).due_ms == DEADLINE
    (change,) = compared(surveyed(scope, DEADLINE - 1), surveyed(scope, DEADLINE))
    assert told([change]) == [(1, ["rating.defaulted"])]
    assert change.cell == {"awaiting": -1, "system_default.3": 1}


def test_acts_reach_the_session_they_are_about() -> None:
    day = 1440
    scope = Scope(
        events=(OPENED, ENDED, event("opened", day), event("ended", day + 10)),
        ratings=(rating("a", 5, 1), rating("b", day + 5, 1)),
        voids=(Void("d:b", "r", "ann", NINE),),
        steps=(Step("d:a", "fixed", NINE + MINUTE),),
        complaints=(Complaint("d:c", NINE + 2 * day * MINUTE),),
    )
    first, second = surveyed(scope, at("2026-11-04 09:00")).sessions
    assert (first.state.state, second.state.state) == ("rated", "voided")
    assert first.state.duty is not None
    assert first.state.duty.closed
    assert [len(one.state.complaints) for one in (first, second)] == [0, 1]


def test_a_device_that_is_silent_holds_its_own_sessions_back() -> None:
    silent = Scope(events=(OPENED, ENDED), offline_since_ms={ENDED.event_id: NINE})
    (one,) = surveyed(silent, DEADLINE).sessions
    assert one.state.state == "awaiting"
    whose = {OPENED.event_id: NINE, ENDED.event_id: None}  # its end knows better
    other = Scope(events=(OPENED, ENDED), offline_since_ms=whose)
    (one,) = surveyed(other, DEADLINE).sessions
    assert one.state.state == "defaulted"


def test_what_was_issued_stays_with_its_session() -> None:
    issued = Issued(NINE + 10 * MINUTE, 2, rating_id="q:default-7")
    scope = Scope(
        events=(OPENED, ENDED),
        issued={1: issued},
        voids=(Void("q:default-7", "r", "ann", NINE),),
    )
    (one,) = surveyed(scope, DEADLINE).sessions
    assert one.state.state == "voided"


def test_a_rating_without_the_session_it_requires_waits_an_hour() -> None:
    scope = Scope(ratings=(rating("a", 0, 5, waits=True),))
    waiting = survey(scope, RULES, china(), NINE)
    assert (waiting.sessions, len(waiting.alone), len(waiting.orphans)) == ((), 1, 0)
    assert waiting.due_ms == NINE + 60 * MINUTE
    found = survey(scope, RULES, china(), NINE + 60 * MINUTE)
    assert (list(found.orphans), found.due_ms) == (["d:a"], None)
    nothing = survey(Scope(), RULES, china(), NINE)
    (change,) = compared(nothing, waiting)
    assert told([change]) == [(0, ["rating.recorded"])]
    assert change.cell == {"customer.5": 1}


def test_ratings_that_wait_stand_as_in_the_session_that_they_would_imply() -> None:
    lone = (
        rating("a", 0, 2, waits=True),
        rating("b", 0.05, 3, waits=True),
        rating("c", 30, 4, amends="a", waits=True),
        rating("d", 40, 5, round="followup", waits=True),
        rating("e", 50, 1, waits=True),
    )
    found = survey(Scope(ratings=lone), RULES, china(), NINE)
    assert found.sessions == ()
    assert {
        name[-1]: (one.effective, one.flags) for name, one in found.waited.items()
    } == {
        "a": (False, ()),
        "b": (False, ("double_press",)),
        "c": (True, ()),
        "d": (False, ()),
        "e": (False, ("repeat",)),
    }
    voided = [msgspec.structs.replace(one, voided=one is lone[0]) for one in lone]
    void = Void("d:a", "r", "ann", NINE)
    found = survey(Scope(ratings=tuple(voided), voids=(void,)), RULES, china(), NINE)
    assert ([one.state.state for one in found.sessions], found.alone) == (
        ["voided"],
        (),
    )


def test_only_so_many_presses_that_wait_under_one_number_are_chosen_from() -> None:
    many = [rating(f"{n:02}", n, 5, waits=True) for n in range(CHOSEN_MAX + 4)]
    found = stands_of(many, (), Lasting(RULES, china()), {"d:19"})
    assert [one.flags for one in found.values()][CHOSEN_MAX:] == [
        *[("repeat",)] * 3,
        ("repeat", "orphan"),
    ]
    assert sum(one.effective for one in found.values()) == 1


def test_a_rating_that_waited_is_counted_by_its_session_when_that_comes() -> None:
    lone = rating("a", 0, 5, waits=True)
    waiting = survey(Scope(ratings=(lone,)), RULES, china(), NINE)
    known = Scope(events=(event("opened", -5), ENDED), ratings=(lone,))
    found = compared(waiting, survey(known, RULES, china(), NINE))
    assert told(found) == [(0, []), (1, [])]
    assert found[0].taken == {"customer.5": -1}
    assert found[1].cell == {"customer.5": 1, "eligible": 1, "rated": 1}


def test_a_rating_that_loses_its_effect_in_another_session_is_told() -> None:
    two_weeks = 14 * 1440
    lone = (rating("a", 0, 5, waits=True), rating("b", two_weeks, 4, waits=True))
    before = survey(Scope(ratings=lone), RULES, china(), NINE)
    known = Scope(events=(event("opened", -5),), ratings=lone)
    found = compared(before, survey(known, RULES, china(), NINE))
    assert ("rating.superseded", "d:b") in [
        news[:2] for one in found for news in one.news
    ]


def test_a_session_that_another_absorbs_gives_its_counts_back() -> None:
    lone = surveyed(Scope(events=(ENDED,), numbers={"q:ended-10": 2}))
    (change,) = compared(lone, surveyed(Scope(events=(ENDED,))))[1:]
    assert (change.n, change.cell["eligible"], change.news) == (2, -1, [])
