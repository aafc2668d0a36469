"""`python -m simulators bench`: how fast, at what cost, beside what yardstick."""

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from statistics import fmean
from typing import Any, Final

from simulators.benchmark.consumers import Gateway, Yardstick
from simulators.benchmark.figures import Run
from simulators.benchmark.measure import MakeConsumer, Order, measure
from simulators.benchmark.stages import table
from simulators.processes import NotReadyError

_LATENCY_RATE: Final = 1000.0
_LATENCY_S: Final = 20


def plan_runs(asked: argparse.Namespace) -> list[MakeConsumer]:
    """Order the runs: the gateway alone, or A B B A with the yardstick."""
    script = asked.yardstick and asked.yardstick.absolute()
    yardstick = partial(Yardstick, script) if script else None
    if asked.yardstick_only:
        return [yardstick] if yardstick else []
    gateway = partial(Gateway, stages=asked.stages)
    if yardstick is None:
        return [gateway] * asked.repeat
    return [gateway, yardstick, yardstick, gateway]


def run_all(runs: Sequence[MakeConsumer], order: Order) -> list[Run]:
    """Make the runs one after the other, each in a directory of its own."""
    found = []
    for number, make in enumerate(runs, 1):
        with tempfile.TemporaryDirectory(prefix="evalgate-bench-") as directory:
            run = measure(make, order, Path(directory))
        _say(f"run {number}/{len(runs)}: {_line(run)}")
        found.append(run)
    return found


def summary(runs: Sequence[Run]) -> dict[str, Any]:
    """Compare the mean of each consumer's valid runs."""
    means: dict[str, dict[str, float]] = {}
    for name in dict.fromkeys(run.consumer for run in runs):
        valid = [run for run in runs if run.consumer == name and run.void is None]
        if valid:
            means[name] = {
                "messages_per_s": fmean(run.messages_per_s for run in valid),
                "cpu_us": fmean(run.cpu_us for run in valid),
            }
    ratios = {}
    if {"gateway", "yardstick"} <= means.keys():
        for figure in ("messages_per_s", "cpu_us"):
            ratio = means["gateway"][figure] / means["yardstick"][figure]
            ratios[figure] = round(ratio, 3)
    return {"means": means, "gateway_to_yardstick": ratios}


def _line(run: Run) -> str:
    if run.void is not None:
        return f"{run.consumer}: VOID: {run.void}"
    text = (
        f"{run.consumer}: {run.messages_per_s:,.0f} messages/s, "
        f"{run.cpu_us} µs CPU a message {run.cpu_us_by_role}, "
        f"RSS MB {run.rss_mb_by_role}"
    )
    if run.latency_ms:
        text += f", press to backend ms {run.latency_ms}"
    if run.idle_cpu_share is not None:
        text += f", idle {run.idle_cpu_share:.2%} of a core"
    if run.idle_journal_mib_a_day is not None:
        text += f", journal {run.idle_journal_mib_a_day} MiB a day at rest"
    return text


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)  # noqa: T201 - progress for people


def _print(runs: Sequence[Run], *, as_json: bool, order: Order) -> None:
    compared = summary(runs)
    if as_json:
        report = {"order": asdict(order), "runs": [asdict(run) for run in runs]}
        print(json.dumps({**report, **compared}, indent=2))  # noqa: T201 - the report
        return
    for name, means in compared["means"].items():
        rate, cost = means["messages_per_s"], means["cpu_us"]
        print(f"{name:10} {rate:10,.0f} messages/s {cost:8.1f} µs CPU")  # noqa: T201 - the report
    for name, ratio in compared["gateway_to_yardstick"].items():
        print(f"gateway / yardstick, {name}: {ratio}")  # noqa: T201 - the report
    for run in runs:
        for line in table(run.cpu_us_by_role, run.stages) if run.stages else ():
            print(line)  # noqa: T201 - the report


def main(arguments: Sequence[str]) -> int:
    """Run the benchmark; returns 1 when a run was void."""
    parser = argparse.ArgumentParser(prog="evalgate bench", description=__doc__)
    add = parser.add_argument
    add("--n", type=int, help="messages a run (200,000)")
    add("--devices", type=int, default=1000)
    add("--seed", type=int, default=1)
    add("--repeat", type=int, default=1, help="runs without a yardstick")
    add("--yardstick", type=Path, metavar="FILE", help="a script to compare with: ABBA")
    add("--yardstick-only", action="store_true", help="one run of it alone")
    add("--latency", action="store_true", help="1,000/s: from the press to the backend")
    add("--rate", type=float, help="messages a second instead of full speed")
    add("--idle", type=float, default=0.0, metavar="S", help="measure rest afterwards")
    add("--stages", action="store_true", help="sample what each stage costs")
    add("--persistence", action="store_true", help="let the broker keep its queues")
    add("--json", action="store_true")
    asked = parser.parse_args(arguments)
    if asked.yardstick_only and not asked.yardstick:
        parser.error("--yardstick-only needs --yardstick FILE")
    rate = _LATENCY_RATE if asked.latency else asked.rate
    order = Order(
        messages=asked.n or (int(rate * _LATENCY_S) if rate else 200_000),
        devices=asked.devices,
        seed=asked.seed,
        rate=rate,
        persistence=asked.persistence,
        idle_s=asked.idle,
    )
    try:
        runs = run_all(plan_runs(asked), order)
    except NotReadyError as error:
        _say(f"bench: {error}")
        return 1
    _print(runs, as_json=asked.json, order=order)
    return 1 if any(run.void for run in runs) else 0
