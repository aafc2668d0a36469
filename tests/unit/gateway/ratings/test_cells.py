"""What sessions add to the counts, and how that is taken back."""

from gateway.ratings.cells import (
    Part,
    add,
    difference,
    negative,
    of_rating,
    of_session,
    parts,
)
from gateway.ratings.facts import Issued, Void
from tests.support.rated import NINE, event, rating, state

ENDED = event("ended", 10)
LATER = "2026-11-10 00:00"


def test_an_answered_session_counts_as_rating_and_as_session() -> None:
    found = of_session(state(event("invited", 5), ENDED, rating("a", 12, 5)))
    assert found == {"customer.5": 1, "eligible": 1, "rated": 1, "invited": 1}


def test_a_rating_that_implies_its_session_counts_alone() -> None:
    assert of_session(state(rating("a", 12, 5))) == of_rating("customer", 5)


def test_an_unanswered_session_counts_with_its_reason() -> None:
    waiting = state(event("ended", 10, reason="left"))
    assert of_session(waiting) == {"eligible": 1, "awaiting": 1, "reason.left": 1}
    assert of_session(state(ENDED, now=LATER)) == {
        "eligible": 1,
        "system_default.3": 1,
        "reason.unknown": 1,
    }


def test_what_staff_enter_counts_as_a_rating_but_as_no_response() -> None:
    found = of_session(state(ENDED, rating("a", 12, 5, origin="staff_proxy")))
    assert found == {"staff_proxy.5": 1, "eligible": 1, "reason.unknown": 1}


def test_what_was_not_to_be_rated_is_not_eligible() -> None:
    assert of_session(state(ENDED, event("cancelled", 5))) == {}


def test_a_flag_keeps_a_rating_and_its_answer_apart() -> None:
    found = of_session(state(ENDED, rating("a", 12, 5)), excluded={"d:a"})
    assert found == {"customer.5!": 1, "eligible": 1, "rated!": 1}


def test_a_superseded_default_is_taken_back() -> None:
    issued = Issued(NINE + 600_000, 3, rating_id="d:default-7")
    before = of_session(state(ENDED, now=LATER, issued=issued))
    after = of_session(state(ENDED, rating("a", 12, 2), now=LATER, issued=issued))
    assert difference(after, before) == {
        "system_default.3": -1,
        "reason.unknown": -1,
        "customer.2": 1,
        "rated": 1,
    }


def test_a_void_takes_the_rating_and_leaves_the_session() -> None:
    void = Void("d:a", "wrong person", "ann", NINE)
    found = of_session(state(ENDED, rating("a", 12, 5), voids=(void,)))
    assert found == {"eligible": 1, "reason.unknown": 1, "voided": 1}


def test_what_is_taken_back_leaves_nothing() -> None:
    cell = of_session(state(ENDED, rating("a", 12, 5)))
    assert add([cell, negative(cell)]) == {}
    assert of_session(None) == {}


def test_items_count_with_their_own_level_and_reasons_with_the_ratings() -> None:
    found = parts(rating("a", 0, 4), [("speed", 2)], ["slow", "slow"], excluded=True)
    assert found == [
        Part("item", "speed", {"customer.2!": 1}),
        Part("reason", "slow", {"customer.4!": 1}),
    ]


def test_an_origin_unknown_here_is_a_customers() -> None:
    assert of_rating("kiosk", 4) == of_rating("customer", 4)
