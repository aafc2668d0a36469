"""Who may dispute, decide and void."""

from gateway.ratings.facts import Dispute
from gateway.ratings.objections import (
    decision_refusal,
    dispute_refusal,
    void_refusal,
)

OPEN = Dispute("d:a", "emma", "not mine", 0)
DECIDED = Dispute("d:a", "emma", "not mine", 0, "kept", "ann", 1)


def test_only_who_is_concerned_disputes_and_once() -> None:
    assert dispute_refusal("d:a", "emma", {"emma"}, []) is None
    refusal = dispute_refusal("d:a", "bob", {"emma"}, [])
    assert refusal is not None
    assert "does not concern bob" in refusal
    assert dispute_refusal("d:a", "emma", {"emma"}, [OPEN]) == (
        "d:a has been disputed before"
    )
    assert dispute_refusal("d:b", "emma", {"emma"}, [OPEN]) is None


def test_somebody_else_decides_once() -> None:
    assert decision_refusal("d:a", "ann", {"emma"}, [OPEN]) is None
    for by in ("emma", "bob"):
        refusal = decision_refusal("d:a", by, {"emma", "bob"}, [OPEN])
        assert refusal == f"{by} is concerned by d:a: somebody else must decide"
    assert decision_refusal("d:b", "ann", (), [OPEN]) == "d:b is not disputed"
    assert decision_refusal("d:a", "ann", (), [DECIDED]) == (
        "the dispute of d:a has been decided: kept"
    )


def test_a_void_needs_a_reason_and_an_author() -> None:
    assert void_refusal("d:a", "ann", "wrong person") is None
    assert void_refusal("d:a", "ann", " ") == "to declare d:a void give a reason"
    assert void_refusal("d:a", "", "wrong") == "to declare d:a void say who does"
