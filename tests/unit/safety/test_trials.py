"""The schedule of kills follows from its seed and leaves nothing out."""

from gateway.crashpoints import NAMES
from tests.safety.trials import PHASES, ROLES, UNDER_LOAD, Kind, schedule


def test_the_same_seed_gives_the_same_kills() -> None:
    assert list(schedule(50, 7)) == list(schedule(50, 7))
    assert list(schedule(50, 7)) != list(schedule(50, 8))


def test_fifty_trials_reach_every_point_and_every_role() -> None:
    trials = list(schedule(50, 1))
    assert len(trials) == 50
    points = {trial.target for trial in trials if trial.kind is Kind.POINT}
    roles = {trial.target for trial in trials if trial.kind is Kind.ROLE}
    assert points == set(UNDER_LOAD)
    assert roles == set(ROLES)


def test_three_trials_hold_a_point_a_cut_and_a_role() -> None:
    kinds = [trial.kind for trial in schedule(3, 1)]
    assert kinds == [Kind.POINT, Kind.CUT, Kind.ROLE]


def test_every_named_crash_point_has_a_phase() -> None:
    assert set(PHASES) == NAMES
