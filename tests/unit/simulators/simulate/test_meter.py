"""A meter knows durations, and whether the simulator held itself up."""

from simulators.simulate.meter import Histogram, Meter, StageFigures
from simulators.simulate.owned import bottleneck


def test_percentiles_are_within_five_percent() -> None:
    durations = Histogram()
    for ms in range(1, 1001):
        durations.add(ms)
    assert 500 <= (durations.percentile(50) or 0) <= 525
    assert 990 <= (durations.percentile(99) or 0) <= 1000
    assert durations.summary()["count"] == 1000


def test_nothing_has_no_percentile() -> None:
    assert Histogram().percentile(50) is None


def stage(cpu_s: float = 1.0, lag_ms: float = 1.0, behind_ms: float = 1.0) -> Meter:
    meter = Meter()
    figures = StageFigures(0, 10_000_000_000, cpu_s=cpu_s)
    figures.behind.add(behind_ms)
    figures.lag.add(lag_ms)
    meter.stages.append(figures)
    return meter


def test_a_simulator_that_kept_up_says_so() -> None:
    assert "kept up" in stage().verdict()


def test_a_simulator_that_did_not_says_by_what() -> None:
    assert "lagged 200 ms" in stage(lag_ms=200).verdict()
    assert "used 95% of a core" in stage(cpu_s=9.5).verdict()
    assert "came 900 ms late" in stage(behind_ms=900).verdict()


def test_the_busiest_process_is_named() -> None:
    assert "process (97% of a core)" in bottleneck({"process": 0.97}, 2)
    assert "machine was at its limit" in bottleneck({"a": 0.8, "b": 0.8, "c": 0.3}, 2)
    assert "Nobody was at the limit: 0.3" in bottleneck({"a": 0.3}, 2)
