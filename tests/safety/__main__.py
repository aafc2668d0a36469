"""`python -m tests.safety`: a gateway on real services, mistreated, then counted.

Exit status 0 when nothing was lost, doubled or altered; 1 when something was,
with counts; 2 when the run could not be carried out. A mutant is the shipped
gateway with one mechanism taken away; the same seed must then fail.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from simulators.processes import NotReadyError
from tests.safety.acceptance import run_acceptance
from tests.safety.bad_input import known_devices, run_bad_input
from tests.safety.broker_kills import run_broker_kills
from tests.safety.kills import run_kills
from tests.safety.mutation import MUTANTS, mutated
from tests.safety.outage import run_outage
from tests.safety.power_cuts import run_power_cuts
from tests.safety.simulated import run_simulated
from tests.safety.trials import Kind, schedule
from tests.safety.verdict import report
from tests.safety.world import Setting, World

POWER_MUTANT = "sync_normal"
KILLS_IN_FLIGHT_MIN = 10
KINDS = 6  # of trials, in turn; one of them cuts

Found = dict[str, Any]


def kills(asked: argparse.Namespace, directory: Path, env: dict[str, str]) -> Found:
    trials = list(schedule(asked.trials, asked.seed))
    with World(directory, Setting(env=env)) as world:
        findings = run_kills(world, trials, asked.seed, say)
    return report(findings, min(KILLS_IN_FLIGHT_MIN, asked.trials // 5))


def broker(asked: argparse.Namespace, directory: Path, env: dict[str, str]) -> Found:
    with World(directory, Setting(env=env, tapped=False)) as world:
        findings = run_broker_kills(world, asked.broker_kills, asked.seed, say)
    return {"failures": findings.failures, **asdict(findings)}


def power(asked: argparse.Namespace, _: Path, __: dict[str, str]) -> Found:
    return run_power_cuts(asked.power_cuts, asked.seed, mutant=asked.mutant)


def outage(asked: argparse.Namespace, directory: Path, env: dict[str, str]) -> Found:
    setting = Setting(env=env, tapped=False, pretend_influx=True)
    with World(directory, setting) as world:
        return asdict(run_outage(world, asked.outage, asked.seed, say))


def bad(asked: argparse.Namespace, directory: Path, env: dict[str, str]) -> Found:
    with World(directory, Setting(env=env, devices=known_devices())) as world:
        return asdict(run_bad_input(world, asked.seed, say))


def accept(asked: argparse.Namespace, directory: Path, env: dict[str, str]) -> Found:
    with World(directory, Setting(env=env, tapped=False)) as world:
        return asdict(run_acceptance(world, asked.accept, asked.seed, say))


def simulated(asked: argparse.Namespace, directory: Path, env: dict[str, str]) -> Found:
    trials = list(schedule(asked.simulated, asked.seed))
    if asked.cuts:
        turns = schedule(asked.simulated * KINDS, asked.seed)
        trials = [trial for trial in turns if trial.kind is Kind.CUT]
    with World(directory, Setting(env=env)) as world:
        return asdict(run_simulated(world, trials, asked.seed, say))


def chosen(
    asked: argparse.Namespace,
) -> Callable[[argparse.Namespace, Path, dict[str, str]], Found]:
    """Find what the command line asks for."""
    if asked.power_cuts or asked.mutant == POWER_MUTANT:
        return power
    runs = {
        "broker_kills": broker,
        "outage": outage,
        "bad_input": bad,
        "accept": accept,
        "simulated": simulated,
    }
    return next((run for name, run in runs.items() if getattr(asked, name)), kills)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.safety", description=__doc__)
    what = parser.add_mutually_exclusive_group()
    one = what.add_argument
    one("--trials", type=int, default=3, metavar="N", help="kills of the gateway")
    one("--broker-kills", type=int, metavar="N", help="of the broker")
    one("--power-cuts", type=int, metavar="N", help="of the journal's power, simulated")
    one("--outage", type=int, metavar="SECONDS", help="sinks that fail and refuse")
    one("--bad-input", action="store_true", help="the table of bad input")
    one("--simulated", type=int, metavar="N", help="kills under simulated terminals")
    one("--accept", type=int, metavar="MESSAGES", help="a large load, once through")
    add = parser.add_argument
    add("--cuts", action="store_true", help="--simulated: cuts of the link alone")
    add("--seed", type=int, default=1)
    add("--mutant", choices=(*MUTANTS, POWER_MUTANT))
    add("--json", type=Path, metavar="FILE", help="write all findings there")
    add("--keep", type=Path, metavar="DIR", help="work there and leave it behind")
    return parser.parse_args()


def main() -> int:
    asked = parse()
    env = mutated(asked.mutant) if asked.mutant in MUTANTS else {}
    with tempfile.TemporaryDirectory(prefix="evalgate-safety-") as scratch:
        try:
            found = chosen(asked)(asked, asked.keep or Path(scratch), env)
        except NotReadyError as error:
            say(f"safety: {error}")
            return 2
    tell({"seed": asked.seed, "mutant": asked.mutant, **found}, asked.json)
    return 1 if found["failures"] else 0


def tell(found: Found, path: Path | None) -> None:
    """Print the findings without the long lists; write them whole to `path`."""
    if path is not None:
        path.write_text(json.dumps(found, indent=2) + "\n", "utf-8")
    short = {name: what for name, what in found.items() if name != "outcomes"}
    print(json.dumps(short, indent=2))  # noqa: T201 - the report
    for failure in found["failures"]:
        say(f"FAILED: {failure}")
    if not found["failures"]:
        say("nothing lost, nothing doubled, nothing altered")


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)  # noqa: T201 - progress for people


if __name__ == "__main__":
    sys.exit(main())
