"""Power cuts of the journal, simulated below its engine: acknowledged blocks stay."""

from dataclasses import asdict
from typing import Any

from tests.support.powercut_trials import run

_CUTS = 300


def run_power_cuts(cuts: int | None, seed: int, mutant: str | None) -> dict[str, Any]:
    """Cut `cuts` times; the mutant takes the full sync away."""
    tally = asdict(run(cuts or _CUTS, seed, "NORMAL" if mutant else "FULL"))
    failures = [f"{tally[name]} {name}" for name in ("lost", "damaged") if tally[name]]
    return {"failures": failures, **tally}
