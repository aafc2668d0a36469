"""Alerts that were opened, beside those that the script planted."""

from collections import Counter
from typing import NamedTuple

from tests.scenarios.month.plan import Plan
from tests.support.folding import FoldedLedger

_MINUTE_MS = 60_000
_ROUTINE = "inspection_overdue"
"""The second computation looks at these."""


class Score(NamedTuple):
    """Of one cause, how many alerts; `again` were opened more than once."""

    cause: str
    planted: int
    detected: int
    missed: int
    false: int
    again: int


class Scores(NamedTuple):
    """`wrong` says in words what was missed, false or early."""

    scores: list[Score]
    wrong: list[str]


def scored(plan: Plan, ledger: FoldedLedger) -> Scores:
    """Every alert that was ever opened, against the truth of the script."""
    found = Counter[tuple[str, str]]()
    early = list[str]()
    since = {(one.cause, one.subject): one.minute for one in plan.truth}
    for cause, subject, opened_ms in ledger.all(
        "SELECT cause, subject, opened_ms FROM alert WHERE cause <> ? ORDER BY id",
        _ROUTINE,
    ):
        found[cause, subject] += 1
        minute = (opened_ms - plan.first_ms) // _MINUTE_MS
        if minute < since.get((cause, subject), 0):
            early.append(f"early: {cause} {subject} at minute {minute}")
    planted = set(since)
    false = found.keys() - planted - plan.follows
    wrong = [f"missed: {c} {s}" for c, s in sorted(planted - found.keys())]
    wrong += [f"false: {cause} {subject}" for cause, subject in sorted(false)]
    causes = sorted({one[0] for one in planted | false})
    return Scores(
        [_score(cause, planted, found, false) for cause in causes], wrong + early
    )


def _score(
    cause: str,
    planted: set[tuple[str, str]],
    found: Counter[tuple[str, str]],
    false: set[tuple[str, str]],
) -> Score:
    mine = {one for one in planted if one[0] == cause}
    again = sum(times - 1 for one, times in found.items() if one in mine)
    return Score(
        cause,
        len(mine),
        len(mine & found.keys()),
        len(mine - found.keys()),
        sum(one[0] == cause for one in false),
        again,
    )
