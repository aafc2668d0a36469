"""Simulated terminals against a gateway that is mistreated: what does reconcile say?

The terminals are of level B: they forget at PUBACK, so whatever the gateway loses
after its acknowledgement stays lost and must be reported.
"""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from simulators.processes import Child, NotReadyError, accepts, wait_until
from tests.safety.kills import carry_out
from tests.safety.trials import Trial
from tests.safety.world import World

TERMINALS = 200
RATE = 1000
_BEFORE_S = 3.0  # of healthy traffic
_READY_S = 30.0
_END_S = 240.0
_DAMAGES = ("missing", "extra", "altered")

SCENARIO = f"""\
[population]
terminals = {TERMINALS}
levels = {{ B = 1.0, A = 0.0 }}

[[stages]]
duration_s = 300
rate = {RATE}

[faults]
resend = 0.05
id_reuse = 0.001
junk = 0.002
"""


@dataclass
class SimulatedFindings:
    failures: list[str] = field(default_factory=list)
    outcomes: list[dict[str, Any]] = field(default_factory=list)
    reconciled: dict[str, Any] = field(default_factory=dict)
    judged_again: dict[str, Any] = field(default_factory=dict)
    foreign_acks: int = 0
    status: int | None = None


def run_simulated(
    world: World, trials: list[Trial], seed: int, say: Callable[[str], None]
) -> SimulatedFindings:
    """Kill and cut as scheduled while terminals press, then let them reconcile."""
    findings = SimulatedFindings()
    world.start_gateway()
    world.wait_subscribed()
    wait_until(lambda: accepts(_console(world)), _READY_S, "the API")
    report = world.directory / "simulated.json"
    with _simulation(world, seed, report) as simulation:
        time.sleep(_BEFORE_S)
        for trial in trials:
            try:
                outcome = carry_out(world, trial)
            except NotReadyError as error:
                findings.failures.append(f"trial {trial.number}: {error}")
                break
            say(f"trial {trial.number}: {outcome.kind} {outcome.target}")
            findings.outcomes.append(vars(outcome))
        simulation.terminate()  # it presses no more, drains and reconciles
        findings.status = simulation.wait(_END_S)
        if not report.exists():
            raise NotReadyError(f"simulation: {simulation.tail()}")
    told = json.loads(report.read_text("utf-8"))
    findings.reconciled = told["reconciliation"]
    findings.failures += _damages(findings.reconciled)
    findings.foreign_acks = sum(seen["foreign_acks"] for seen in world.wire())
    if findings.foreign_acks:
        findings.failures.append(f"{findings.foreign_acks} foreign acknowledgements")
    findings.judged_again = world.reconcile()
    findings.failures += _disagreements(findings)
    return findings


def _console(world: World) -> int:
    return world.gateway.site.console_port


def _simulation(world: World, seed: int, report: Path) -> Child:
    scenario = world.directory / "scenario.toml"
    scenario.write_text(SCENARIO, "utf-8")
    options = {
        "--broker": f"127.0.0.1:{world.broker.port}",
        "--api": f"http://127.0.0.1:{_console(world)}",
        "--backend-log": world.raw_log,
        "--report": report,
        "--manifest": world.manifest,
        "--seed": seed,
        "--drain": 40,
        "--settle": 80,
    }
    words = [str(word) for option in options.items() for word in option]
    words += world.points.reconcile_options()
    return world.program("simulate", str(scenario), "--reconcile", "--quiet", *words)


def _damages(reconciled: dict[str, Any]) -> list[str]:
    return [
        f"{store}: {found[damage]} {damage}"
        for store, found in reconciled["stores"].items()
        for damage in _DAMAGES
        if found[damage]
    ]


def _disagreements(findings: SimulatedFindings) -> list[str]:
    """Where the script that shares no code with the simulation counts otherwise."""
    stores = findings.reconciled["stores"]
    return [
        f"{ours}: {stores[ours][damage]} {damage}, counted again {again[damage]}"
        for ours, again in (
            ("influxdb", findings.judged_again["points"]),
            ("backend", findings.judged_again["events"]),
        )
        for damage in _DAMAGES
        if stores[ours][damage] != again[damage]
    ]
