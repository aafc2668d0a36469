"""Desired settings against those that a terminal says it has."""

import pytest

from fleet.presence import Known
from fleet.twin import SETTLE_MS, State, Twin, next_revision, reported_by, state_of
from fleet.vitals import Vitals


def twin(revision: int = 5, desired: dict[str, object] | None = None) -> Twin:
    wanted = {"volume": 40} if desired is None else desired
    return Twin(
        device_id="d-1", revision=revision, desired=wanted, author="ann", at_ms=1_000
    )


@pytest.mark.parametrize(
    ("reported", "now_ms", "state"),
    [
        (None, 2_000, "unknown"),
        (5, 2_000, "applied"),
        (4, 2_000, "pending"),
        (4, 1_000 + SETTLE_MS, "drifted"),
        (6, 2_000, "drifted"),
    ],
)
def test_what_it_reports_says_how_it_stands(
    reported: int | None, now_ms: int, state: State
) -> None:
    assert state_of(twin(), reported, now_ms) == state


def test_nothing_wanted_is_no_drift() -> None:
    gone = Twin(device_id="d-1", revision=6, desired=None, author=None, at_ms=0)
    assert state_of(None, 3, 0) == state_of(gone, 3, 0) == "unset"


def test_a_revision_is_above_all_that_a_terminal_may_know() -> None:
    assert next_revision(None, None) == 1
    assert next_revision(twin(5), 4) == 6
    assert next_revision(twin(5), 9) == 10


def test_the_latest_word_of_a_terminal_counts() -> None:
    born = Known(state="online", config_revision=3, received_ms=100)
    beat = Vitals(received_ms=200, config_revision=4)
    assert reported_by(born, None) == 3
    assert reported_by(born, beat) == 4
    reset = Known(state="online", config_revision=1, received_ms=300)
    assert reported_by(reset, beat) == 1
    gone = Known(state="offline", config_revision=3, received_ms=300)
    assert reported_by(gone, beat) == 4
    assert reported_by(born, Vitals(received_ms=200)) == 3
