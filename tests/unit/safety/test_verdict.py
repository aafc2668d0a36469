"""A run fails by what it lost, doubled or altered, with counts."""

from typing import Any

from tests.safety.kills import Findings, Outcome
from tests.safety.verdict import failures, percentile, report


def held(**damage: int) -> dict[str, Any]:
    sound = {"missing": 0, "extra": 0, "altered": 0}
    return {"points": {**sound, **damage}, "events": sound}


def outcome(number: int, in_flight: int, delivering_ms: int | None = 100) -> Outcome:
    return Outcome(
        number, "group", "all", "any", in_flight=in_flight, delivering_ms=delivering_ms
    )


def test_a_sound_run_has_no_failures() -> None:
    findings = Findings(outcomes=[outcome(1, 5)], held=held())
    assert failures(findings, in_flight_min=1) == []


def test_damage_is_told_with_its_count() -> None:
    findings = Findings(held=held(missing=3, extra=1), foreign_acks=2)
    assert failures(findings, in_flight_min=0) == [
        "points: 3 missing",
        "points: 1 extra",
        "2 foreign acknowledgements",
    ]


def test_kills_that_met_nothing_in_flight_prove_little() -> None:
    findings = Findings(outcomes=[outcome(1, 0), outcome(2, 4)], held=held())
    (failure,) = failures(findings, in_flight_min=2)
    assert failure.startswith("only 1 kills")


def test_a_gateway_that_never_delivers_again_fails() -> None:
    stuck = Outcome(1, "stuck", "", "", note="events delivered: not within 30 s")
    assert failures(Findings(outcomes=[stuck], held=held()), 0) == [
        "kill 1: events delivered: not within 30 s"
    ]


def test_recovery_is_summed_up_by_nearest_rank() -> None:
    assert percentile(list(range(1, 101)), 0.95) == 95
    assert percentile([], 0.5) is None
    findings = Findings(
        outcomes=[outcome(1, 1, 10), outcome(2, 1, 30), outcome(3, 1, None)],
        held=held(),
    )
    assert report(findings, 0)["delivering_ms_p50"] == 10
