"""Presses follow stages and the hours of a day, and the seed alone."""

import random

import pytest

from simulators.simulate.arrivals import (
    arrivals,
    occurrences,
    rate_at,
    shape_at,
    stage_at,
)
from simulators.simulate.scenario import Day, Scenario, Stage

RAMP = Scenario(
    stages=(
        Stage(duration_s=10, rate=100),
        Stage(duration_s=10, rate=300),
        Stage(duration_s=20, rate=0),
    )
)


@pytest.mark.parametrize(
    ("at_s", "rate"), [(0, 100), (9, 100), (15, 200), (20, 300), (30, 150), (41, 0)]
)
def test_rate_goes_in_straight_lines_from_stage_to_stage(
    at_s: float, rate: float
) -> None:
    assert rate_at(RAMP, at_s) == pytest.approx(rate)


def test_stage_is_found_by_time() -> None:
    assert [stage_at(RAMP, at_s) for at_s in (0, 10, 19.9, 20, 99)] == [0, 1, 1, 2, 2]


def test_day_has_a_peak_a_lunch_and_a_close() -> None:
    day = Day(start_hour=0, time_factor=3600)  # an hour a second
    shape = [shape_at(day, hour) for hour in (3, 9, 10, 12.5, 15, 17, 20)]
    assert shape == [0.0, 2.0, 1.0, 0.3, 1.0, 1.5, 0.0]


def test_number_of_presses_is_the_area_below_the_rate() -> None:
    times = list(arrivals(RAMP, random.Random(1)))
    assert times == sorted(times)
    assert len(times) == pytest.approx(1000 + 2000 + 3000, rel=0.05)


def test_same_seed_presses_at_the_same_moments() -> None:
    first = list(arrivals(RAMP, random.Random(7)))
    assert first == list(arrivals(RAMP, random.Random(7)))
    assert first != list(arrivals(RAMP, random.Random(8)))


def test_nothing_happens_every_never() -> None:
    assert not list(occurrences(float("inf"), 100, random.Random(1)))
    assert len(list(occurrences(1.0, 1000, random.Random(1)))) == pytest.approx(
        1000, rel=0.1
    )
