"""`python -m tests.scenarios.month`: the month, folded, and its table."""

import argparse
import sys

from tests.scenarios.month.plan import DAYS, MONTH
from tests.scenarios.month.run import Interruptions, Outcome, fold


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.scenarios.month")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--short", action="store_true", help="three days of 200")
    parser.add_argument("--devices", type=int, help="other than 2,000, or 200")
    parser.add_argument("--sites", type=int, help="other than 40, or 8")
    parser.add_argument(
        "--restarts",
        type=float,
        default=0.0,
        help="before which share of the transactions the fold begins anew",
    )
    options = parser.parse_args()
    how = Interruptions()
    if options.restarts:
        how = Interruptions(options.restarts, (1, 16), options.seed)
    size = DAYS if options.short else MONTH
    size = size._replace(
        devices=options.devices or size.devices, sites=options.sites or size.sites
    )
    outcome = fold(size, options.seed, how)
    _print(outcome)
    return 1 if outcome.wrong else 0


def _print(outcome: Outcome) -> None:
    names = ["cause", "planted", "detected", "missed", "false", "again"]
    lines = [f"| {' | '.join(names)} |", "|---" * len(names) + "|"]
    for cause, *counts in outcome.scores:
        lines.append(f"| `{cause}` | {' | '.join(map(str, counts))} |")
    names = ["reckoned twice", "compared", "by the script", "by the ledger", "differ"]
    lines += ["", f"| {' | '.join(names)} |", "|---" * len(names) + "|"]
    lines += [
        f"| {what} | {' | '.join(f'{count:,}' for count in counts)} |"
        for what, *counts in outcome.proof
    ]
    each_us = outcome.folding_s / outcome.messages * 1e6
    cost = f"{outcome.folding_s:.1f} s of one core, {each_us:.1f} us each"
    lines += [
        "",
        f"{outcome.messages:,} messages, {cost}: {outcome.speed:,.0f} x real time",
        f"ledger {outcome.digest}",
        *outcome.wrong[:40],
        "",
    ]
    sys.stdout.write("\n".join(lines))


if __name__ == "__main__":
    sys.exit(main())
