"""When people press: stages of a rate, shaped by the hours of a day. No clock here."""

import random
from collections.abc import Iterator
from typing import Final

from simulators.simulate.scenario import Day, Scenario

_PEAK_HOURS: Final = 1.0  # the opening peak lasts so long
_LUNCH: Final = (11.75, 13.25)
_CLOSING_HOURS: Final = 1.0
_HOUR_S: Final = 3600.0
_IDLE_STEP_S: Final = 0.25  # how far to look ahead while nobody comes


def stage_at(scenario: Scenario, at_s: float) -> int:
    """Which stage is on `at_s` after the start; the last one beyond the end."""
    end_s = 0.0
    for number, stage in enumerate(scenario.stages):
        end_s += stage.duration_s
        if at_s < end_s:
            return number
    return len(scenario.stages) - 1


def rate_at(scenario: Scenario, at_s: float) -> float:
    """Ratings a second `at_s` after the start; 0 beyond the end.

    The first stage holds its rate, each later one starts from the one before.
    """
    began_s, previous = 0.0, scenario.stages[0].rate
    for stage in scenario.stages:
        if at_s < began_s + stage.duration_s:
            share = (at_s - began_s) / stage.duration_s
            rate = previous + (stage.rate - previous) * share
            return rate * (shape_at(scenario.day, at_s) if scenario.day else 1.0)
        began_s, previous = began_s + stage.duration_s, stage.rate
    return 0.0


def shape_at(day: Day, at_s: float) -> float:
    """By how much the hour of the day raises or lowers the rate."""
    hour = (day.start_hour + at_s * day.time_factor / _HOUR_S) % 24
    if not day.open_hour <= hour < day.close_hour:
        return day.closed
    if hour < day.open_hour + _PEAK_HOURS:
        return day.opening_peak
    if _LUNCH[0] <= hour < _LUNCH[1]:
        return day.lunch
    if hour >= day.close_hour - _CLOSING_HOURS:
        return day.closing
    return 1.0


def arrivals(scenario: Scenario, dice: random.Random) -> Iterator[float]:
    """Seconds after the start at which somebody presses, rising; ends with it."""
    at_s, end_s = 0.0, scenario.duration_s
    while at_s < end_s:
        rate = rate_at(scenario, at_s)
        gap_s = dice.expovariate(rate) if rate > 0 else _IDLE_STEP_S
        # While the rate is low, look again soon: it may rise.
        if gap_s > _IDLE_STEP_S or rate == 0:
            at_s += _IDLE_STEP_S
            continue
        at_s += gap_s
        if at_s < end_s:
            yield at_s


def occurrences(mean_s: float, until_s: float, dice: random.Random) -> Iterator[float]:
    """Moments of something rare that happens every `mean_s` on average; inf: never."""
    at_s = 0.0
    while mean_s != float("inf"):
        at_s += dice.expovariate(1 / mean_s)
        if at_s >= until_s:
            return
        yield at_s
