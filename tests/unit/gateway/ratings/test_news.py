"""The events that lead from one state of a session to another."""

import msgspec

from gateway.ratings.facts import Complaint, Issued, Step, Void
from gateway.ratings.news import News, changes, renewed
from gateway.ratings.state import SessionState
from tests.support.rated import NINE, RULES, at, event, rating, state

ENDED = event("ended", 10)
LATER = "2026-11-10 00:00"
DUE = at("2026-11-04 00:00")


def told(before: SessionState | None, after: SessionState) -> list[tuple[str, ...]]:
    """Each event as its type, its subject and, when there is one, what it is about."""
    return [
        tuple(one for one in news[:3] if one is not None)
        for news in changes(before, after)
    ]


def test_a_rating_is_recorded_once() -> None:
    before, after = state(ENDED), state(ENDED, rating("a", 12, 5))
    assert told(before, after) == [("rating.recorded", "d:a")]
    assert told(after, after) == []


def test_an_amendment_says_what_it_amends_and_the_old_one_loses_its_effect() -> None:
    before = state(rating("a", 0, 5))
    after = state(rating("a", 0, 5), rating("b", 30, 4))
    assert told(before, after) == [
        ("rating.recorded", "d:b"),
        ("rating.superseded", "d:a", "d:b"),
        ("rating.amended", "d:b", "d:a"),
    ]


def test_an_amendment_that_came_before_its_target_is_told_when_that_comes() -> None:
    before = state(rating("b", 30, 4, amends="a"))
    after = state(rating("a", 0, 5), rating("b", 30, 4, amends="a"))
    assert told(before, after) == [
        ("rating.recorded", "d:a"),
        ("rating.amended", "d:b", "d:a"),
    ]


def test_a_default_is_issued_and_superseded() -> None:
    waiting, issued = state(ENDED), state(ENDED, now=LATER)
    assert changes(waiting, issued) == [
        News("rating.defaulted", "default", due_ms=at("2026-11-10 00:00"))
    ]
    kept = Issued(NINE + 600_000, 3, rating_id="d:default-7")
    numbered = state(ENDED, now=LATER, issued=kept)
    answered = state(ENDED, rating("a", 12, 5), now=LATER, issued=kept)
    assert told(numbered, answered) == [
        ("rating.recorded", "d:a"),
        ("rating.superseded", "d:default-7", "d:a"),
    ]


def test_a_void_is_told_of_every_version() -> None:
    both = (rating("a", 0, 5), rating("b", 30, 4))
    void = Void("d:a", "wrong person", "ann", NINE)
    assert told(state(*both), state(*both, voids=(void,))) == [
        ("rating.voided", "d:a", "d:b"),
        ("rating.voided", "d:b"),
    ]


def test_a_void_default_is_told() -> None:
    issued = Issued(NINE + 600_000, 3, rating_id="d:default-7")
    void = Void("d:default-7", "closed", "ann", NINE)
    before = state(ENDED, now=LATER, issued=issued)
    after = state(ENDED, now=LATER, issued=issued, voids=(void,))
    assert told(before, after) == [("rating.voided", "d:default-7")]


def test_a_session_closes_with_its_reason() -> None:
    closing = event("not_eligible", 5, reason="exempt")
    assert changes(state(event("opened", 0)), state(event("opened", 0), closing)) == [
        News("session.closed", "", reason="exempt")
    ]
    rules = msgspec.structs.replace(RULES, default_enabled=False)
    expired = state(ENDED, now=LATER, rules=rules)
    assert changes(state(ENDED), expired) == [
        News("session.closed", "", reason="expired")
    ]


def test_a_followup_is_required_overdue_and_closed() -> None:
    bad = rating("a", 0, 1)
    fresh = state(bad)
    assert changes(None, fresh)[1:] == [News("followup.required", "d:a", due_ms=DUE)]
    overdue = state(bad, now="2026-11-04 00:00")
    assert changes(fresh, overdue) == [
        News("followup.overdue", "d:a", clock="contact", due_ms=DUE)
    ]
    steps = (Step("d:a", "fixed", at("2026-11-05 09:00"), "ann"),)
    closed = state(bad, now="2026-11-05 09:00", steps=steps)
    assert changes(overdue, closed) == [News("followup.closed", "d:a", reason="fixed")]
    assert changes(closed, closed) == []


def test_an_improved_answer_closes_its_followup() -> None:
    before, after = (
        state(rating("a", 0, 1)),
        state(rating("a", 0, 1), rating("b", 9, 5)),
    )
    assert changes(before, after)[-1] == News(
        "followup.closed", "d:a", reason="amended"
    )


def test_a_complaint_is_raised_and_overdue() -> None:
    complaints = (Complaint("d:c", NINE),)
    before = state(ENDED)
    raised = state(ENDED, complaints=complaints)
    due_ms = at("2026-11-10 00:00")
    assert changes(before, raised) == [News("complaint.raised", "d:c", due_ms=due_ms)]
    late = state(ENDED, complaints=complaints, now=LATER, issued=Issued(0, 3))
    assert News("complaint.overdue", "d:c", clock="reply", due_ms=due_ms) in changes(
        raised, late
    )


def test_versions_grow_once_an_act() -> None:
    before = state(rating("a", 0, 5))
    after = state(rating("a", 0, 5), rating("b", 30, 4))
    news = changes(before, after)
    assert renewed(news, {"d:a": 1}) == {"d:b": 1, "d:a": 2}
