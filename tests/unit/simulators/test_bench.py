"""Runs are ordered fairly, and void ones enter no mean."""

from argparse import Namespace
from functools import partial
from pathlib import Path

from simulators.bench import plan_runs, summary
from simulators.benchmark.consumers import Gateway, Yardstick
from simulators.benchmark.figures import Run
from simulators.benchmark.measure import MakeConsumer


def kind_of(run: MakeConsumer) -> object:
    assert isinstance(run, partial)
    return run.func


def test_with_a_yardstick_the_order_is_abba() -> None:
    asked = Namespace(yardstick=Path("y.py"), yardstick_only=False, repeat=1)
    asked.stages = False
    first, second, third, fourth = plan_runs(asked)
    assert first is fourth
    assert second is third is not first
    assert [kind_of(one) for one in (first, second)] == [Gateway, Yardstick]


def test_alone_the_gateway_runs_as_often_as_asked() -> None:
    asked = Namespace(yardstick=None, yardstick_only=False, repeat=3, stages=True)
    runs = plan_runs(asked)
    assert [kind_of(one) for one in runs] == [Gateway] * 3
    (first, *_) = runs
    assert isinstance(first, partial)
    assert first.keywords == {"stages": True}


def test_ratios_compare_means_of_valid_runs() -> None:
    runs = [
        Run("gateway", 1, messages_per_s=30.0, cpu_us=2.0),
        Run("gateway", 1, messages_per_s=50.0, cpu_us=2.0),
        Run("gateway", 1, void="lost one", messages_per_s=900.0),
        Run("yardstick", 1, messages_per_s=10.0, cpu_us=10.0),
    ]
    ratios = summary(runs)["gateway_to_yardstick"]
    assert ratios == {"messages_per_s": 4.0, "cpu_us": 0.2}


def test_without_a_valid_run_of_each_there_is_no_ratio() -> None:
    runs = [Run("gateway", 1), Run("yardstick", 1, void="lost")]
    assert summary(runs)["gateway_to_yardstick"] == {}
