"""`python -m tests.safety`: kills under load on real services, then counts.

Exit status 0 when nothing was lost, doubled or altered; 1 when something was,
with counts. A mutant is the shipped gateway with one mechanism taken away; the
same seed must then fail.
"""

import argparse
import json
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from simulators.processes import NotReadyError
from tests.safety.broker_kills import run_broker_kills
from tests.safety.kills import run_kills
from tests.safety.trials import schedule
from tests.safety.verdict import report
from tests.safety.world import World

KILL_MUTANTS = ("ack_before_append", "auto_ack", "no_identity", "ack_after_reconnect")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.safety", description=__doc__)
    add = parser.add_argument
    add("--trials", type=int, default=3, help="kills of the gateway, or parts of it")
    add("--broker-kills", type=int, default=0, help="kills of the broker instead")
    add("--seed", type=int, default=1)
    add("--mutant", choices=KILL_MUTANTS)
    add("--json", type=Path, metavar="FILE", help="write all findings there")
    add("--keep", type=Path, metavar="DIR", help="work there and leave it behind")
    asked = parser.parse_args()
    env = {"EVALGATE_MUTANT": asked.mutant} if asked.mutant else {}
    with tempfile.TemporaryDirectory(prefix="evalgate-safety-") as scratch:
        directory = asked.keep or Path(scratch)
        try:
            found = run(asked, directory, env)
        except NotReadyError as error:
            say(f"safety: {error}")
            return 1
    tell(found, asked.json)
    return 1 if found["failures"] else 0


def run(
    asked: argparse.Namespace, directory: Path, env: dict[str, str]
) -> dict[str, Any]:
    """Carry out what was asked for; returns all findings."""
    head = {"seed": asked.seed, "mutant": asked.mutant}
    if asked.broker_kills:
        with World(directory, env=env, tapped=False) as world:
            broken = run_broker_kills(world, asked.broker_kills, asked.seed, say)
        return {**head, "failures": broken.failures, **asdict(broken)}
    trials = list(schedule(asked.trials, asked.seed))
    with World(directory, env=env) as world:
        findings = run_kills(world, trials, asked.seed, say)
    return {**head, **report(findings, in_flight_min=min(10, asked.trials // 5))}


def tell(found: dict[str, Any], path: Path | None) -> None:
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
