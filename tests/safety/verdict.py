"""What the findings of a run of kills amount to."""

import math
from dataclasses import asdict
from typing import Any

from tests.safety.kills import Findings


def percentile(values: list[int], share: float) -> int | None:
    """Return the nearest-rank percentile; None of nothing."""
    ranked = sorted(values)
    return ranked[max(0, math.ceil(share * len(ranked)) - 1)] if ranked else None


def damages(held: dict[str, Any]) -> list[str]:
    """List what a reconciliation found wrong, with counts."""
    return [
        f"{sink}: {found[damage]} {damage}"
        for sink, found in held.items()
        for damage in ("missing", "extra", "altered")
        if found[damage]
    ]


def failures(findings: Findings, in_flight_min: int) -> list[str]:
    """List what broke the promise; empty when nothing did."""
    found = damages(findings.held)
    if findings.foreign_acks:
        found.append(f"{findings.foreign_acks} foreign acknowledgements")
    found += [
        f"kill {outcome.number}: {outcome.note}"
        for outcome in findings.outcomes
        if outcome.kind == "stuck"
    ]
    caught = kills_in_flight(findings)
    if caught < in_flight_min:
        found.append(f"only {caught} kills met unacknowledged messages in flight")
    return found


def kills_in_flight(findings: Findings) -> int:
    return sum(outcome.in_flight > 0 for outcome in findings.outcomes)


def report(findings: Findings, in_flight_min: int) -> dict[str, Any]:
    """Sum up a run for people and programs."""
    return {
        "failures": failures(findings, in_flight_min),
        "kills": len(findings.outcomes),
        "kills_with_messages_in_flight": kills_in_flight(findings),
        "messages_in_flight": sum(one.in_flight for one in findings.outcomes),
        **_waits(findings, "delivering_ms"),
        **_waits(findings, "caught_up_ms"),
        **asdict(findings),
    }


def _waits(findings: Findings, name: str) -> dict[str, int | None]:
    """Sum up a wait over all kills that saw its end."""
    waits = [getattr(one, name) for one in findings.outcomes]
    seen = [wait for wait in waits if wait is not None]
    return {f"{name}_p50": percentile(seen, 0.5), f"{name}_p95": percentile(seen, 0.95)}
