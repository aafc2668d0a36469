"""Faults apply to what they match, for as long as they are asked to."""

import pytest

from simulators.pretend.faults import (
    FAULTS_MAX,
    Conduct,
    Fault,
    FaultPlan,
    decode_faults,
)


def test_without_faults_nothing_goes_wrong() -> None:
    assert FaultPlan().take(["a"]) is None


def test_a_fault_without_a_match_means_every_request() -> None:
    plan = FaultPlan([Fault(status=503)])
    assert plan.take([]) is plan.take(["a"]) is not None


def test_a_fault_runs_out() -> None:
    plan = FaultPlan([Fault(status=503, count=2)])
    assert [bool(plan.take([])) for _ in range(3)] == [True, True, False]


def test_the_first_that_matches_is_taken_and_used_up_alone() -> None:
    one, two = Fault(match="a", status=400, count=1), Fault(status=503, count=1)
    plan = FaultPlan([one, two])
    assert plan.take(["b"]) is two
    assert plan.take(["b"]) is None
    assert plan.take(["b", "xay"]) is one


def test_new_faults_replace_the_old() -> None:
    plan = FaultPlan([Fault(status=503)])
    plan.replace([])
    assert plan.take([]) is None


def test_faults_are_read_from_json() -> None:
    (fault,) = decode_faults(b'[{"conduct":"black_hole","match":"^a","delay_ms":5}]')
    assert fault == Fault(conduct=Conduct.BLACK_HOLE, match="^a", delay_ms=5)


@pytest.mark.parametrize(
    "bad",
    [b"{}", b'[{"conduct":"dance"}]', b'[{"match":"["}]', b'[{"other":1}]'],
)
def test_what_is_no_list_of_faults_is_refused(bad: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        decode_faults(bad)


def test_faults_are_bounded() -> None:
    with pytest.raises(ValueError, match="more than"):
        decode_faults(b"[" + b",".join([b"{}"] * (FAULTS_MAX + 1)) + b"]")
