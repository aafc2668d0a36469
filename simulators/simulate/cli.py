"""`python -m simulators simulate`: a scenario, its report, its reconciliation.

Exit status 0: done (and exact, if compared); 1: something was lost, doubled or
altered, or the run could not be carried out; 2: wrong usage or scenario.
"""

import asyncio
import contextlib
import gc
import json
import os
import signal
import sys
import tempfile
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from simulators.processes import NotReadyError
from simulators.reconciliation import report as comparison
from simulators.reconciliation.judge import Scope
from simulators.reconciliation.run import Stores, baseline, reconcile
from simulators.simulate import options, report
from simulators.simulate.book import EVENTS_MAX, BookFullError
from simulators.simulate.crowd import Crowd, Order, UnreachableError
from simulators.simulate.limits import TooFewFilesError, raise_files
from simulators.simulate.owned import OwnGateway, bottleneck
from simulators.simulate.progress import Progress
from simulators.simulate.scenario import (
    NEEDS_REGISTRY,
    Scenario,
    ScenarioError,
    built_in,
    find,
)

_FAILED: Final = 1
_USAGE: Final = 2


def main(arguments: Sequence[str]) -> int:
    """Do what the command line asks; returns the exit status."""
    asked = options.parse(arguments)
    try:
        if asked.list:
            _list()
            return 0
        scenario = options.changed(find(asked.scenario), asked)
        return _run(asked, scenario)
    except ScenarioError as error:
        for line in error.args:
            _complain(line)
        return _USAGE
    except (UnreachableError, TooFewFilesError, BookFullError, NotReadyError) as error:
        _complain(str(error))
    except OSError as error:
        _complain(f"a store does not answer: {error}")
    except BaseExceptionGroup as group:
        for one in _leaves(group):
            _complain(str(one) or type(one).__name__)
    return _FAILED


def _run(asked: Namespace, scenario: Scenario) -> int:
    if asked.reconcile and scenario.presses_max > EVENTS_MAX and scenario.day is None:
        raise ScenarioError(
            f"about {scenario.presses_max:,} ratings, at most {EVENTS_MAX:,} can be "
            "compared: give a shorter run (--seconds) or a lower rate (--rate)"
        )
    clones = round(scenario.population.terminals * scenario.faults.clones)
    raise_files(scenario.population.terminals + clones)
    with contextlib.ExitStack() as stack:
        order, stores = options.order(asked), options.stores(asked)
        own = _own(asked, scenario, stack)
        if own is not None:
            order = replace(order, port=own.broker.port)
            stores = replace(own.stores, settle_s=asked.settle)
        elif NEEDS_REGISTRY & set(scenario.faults.junk_reasons):
            left_out = ", ".join(sorted(NEEDS_REGISTRY))
            _say(f"junk left out, it needs a registry of ours (--gateway): {left_out}")
        return _carry_out(asked, scenario, order, stores, own)


def _own(
    asked: Namespace, scenario: Scenario, stack: contextlib.ExitStack
) -> OwnGateway | None:
    if not asked.gateway:
        return None
    directory = asked.keep
    if directory is None:
        scratch = tempfile.TemporaryDirectory(prefix="evalgate-simulate-")
        directory = Path(stack.enter_context(scratch))
    directory.mkdir(parents=True, exist_ok=True)
    return stack.enter_context(OwnGateway(directory, scenario.population))


def _carry_out(
    asked: Namespace,
    scenario: Scenario,
    order: Order,
    stores: Stores,
    own: OwnGateway | None,
) -> int:
    before = baseline(stores) if asked.reconcile else None
    told: dict[str, Any] = {"scenario": asked.scenario, "seed": asked.seed}
    with Progress(f"{asked.scenario}: {scenario.about}", quiet=asked.quiet) as progress:
        crowd = Crowd(scenario, order, progress.tell)
        progress.crowd = crowd
        if own is not None:
            crowd.changed = own.enter
        gc.freeze()  # a collection of all events would be a pause of a second
        gc.disable()
        asyncio.run(_until_done(crowd))
        gc.enable()
        told |= report.summary(crowd, os.getpid())
        if own is not None:
            _measure(told, own, crowd)
        damaged = False
        text = list(report.lines(told, crowd))
        if asked.manifest:
            with asked.manifest.open("w", encoding="utf-8") as manifest:
                manifest.writelines(report.manifest(crowd.book))
        if asked.reconcile:
            scope = Scope(
                scenario.population.prefix, crowd.book, round(asked.late * 1000)
            )
            done = reconcile(stores, scope, before, progress.say)
            damaged = done.damaged
            told["reconciliation"] = comparison.as_json(done)
            text += ["", *comparison.lines(done)]
            if asked.junit:
                comparison.write_junit(asked.junit, done)
    if asked.report:
        asked.report.write_text(json.dumps(told, indent=2) + "\n", "utf-8")
    print("\n".join(text))  # noqa: T201 - the report
    return _FAILED if damaged else 0


def _measure(told: dict[str, Any], own: OwnGateway, crowd: Crowd) -> None:
    """Add what the processes around used of the CPU."""
    shares = own.cpu_shares
    seconds = sum(stage.seconds for stage in crowd.meter.stages)
    spent_s = sum(stage.cpu_s for stage in crowd.meter.stages)
    shares["simulator"] = round(spent_s / seconds, 2)
    told["cpu_share"] = shares
    told["verdict"] += " " + bottleneck(shares, os.cpu_count() or 1)


async def _until_done(crowd: Crowd) -> None:
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, crowd.stop)
    await crowd.run()


def _list() -> None:
    for name, scenario in built_in().items():
        peak = max(stage.rate for stage in scenario.stages)
        print(  # noqa: T201 - the answer
            f"{name:8} {scenario.about} "
            f"({scenario.population.terminals:,} terminals, up to {peak:,.0f}/s, "
            f"{scenario.duration_s:.0f} s)"
        )


def _leaves(group: BaseExceptionGroup[BaseException]) -> list[BaseException]:
    found: list[BaseException] = []
    for one in group.exceptions:
        found += _leaves(one) if isinstance(one, BaseExceptionGroup) else [one]
    return found


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")


def _complain(text: str) -> None:
    _say(f"evalgate simulate: {text}")
