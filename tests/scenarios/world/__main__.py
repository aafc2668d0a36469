"""Many worlds: `python -m tests.scenarios.world --seeds 1000 --start 1`.

Stops at the first seed that goes wrong and prints what happened in it. The same seed
gives the same world: strings are hashed alike in every run.
"""

import argparse
import os
import sys
import time
from collections import Counter

from tests.scenarios.world.mutants import MUTANTS, unchanged
from tests.scenarios.world.run import Outcome, run

TRACE_SHOWN = 200


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests.scenarios.world", description=__doc__)
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--start", type=int, default=1)
    parser.add_argument("--mutant", choices=sorted(MUTANTS))
    parser.add_argument("--go-on", action="store_true", help="after a failure, too")
    parser.add_argument("--trace", type=int, default=TRACE_SHOWN, help="steps shown")
    options = parser.parse_args()
    if os.environ.get("PYTHONHASHSEED") != "0":
        os.environ["PYTHONHASHSEED"] = "0"
        os.execv(sys.executable, [sys.executable, "-m", parser.prog, *sys.argv[1:]])
    return _run(options)


def _run(options: argparse.Namespace) -> int:
    facts: Counter[str] = Counter()
    violations: Counter[str] = Counter()
    failed: list[int] = []
    began = time.monotonic()
    for seed in range(options.start, options.start + options.seeds):
        outcome = run(seed, MUTANTS.get(options.mutant, unchanged))
        facts += outcome.facts
        violations += outcome.violations
        if outcome.violations:
            failed.append(seed)
            if not options.go_on:
                _show(outcome, options.trace)
                break
    took_s = time.monotonic() - began
    for name, count in sorted(facts.items()):
        sys.stdout.write(f"{count:>10} {name}\n")
    for name, count in violations.most_common():
        sys.stdout.write(f"{count:>10} VIOLATED: {name}\n")
    sys.stdout.write(f"{took_s:.1f} s; failed seeds: {failed or 'none'}\n")
    return 1 if failed else 0


def _show(outcome: Outcome, lines: int) -> None:
    for line in outcome.trace[-lines:]:
        sys.stdout.write(f"{line}\n")
    sys.stdout.write(f"seed {outcome.seed}: {dict(outcome.violations)}\n")
    for detail in outcome.details:
        sys.stdout.write(f"  {detail}\n")


if __name__ == "__main__":
    sys.exit(main())
