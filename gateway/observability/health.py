"""Whether the gateway can do its work, from what the roles leave in `data_dir/run`.

A role is down when its pid file names no living process; the journal and the broker
are judged by the figures that ingest exports every two seconds.
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from prometheus_client.parser import text_string_to_metric_families

SILENCE_MS_MAX: Final = 15_000
"""Ingest writes its figures every two seconds; a busy machine may delay it."""

_WRITABLE: Final = "evalgate_journal_writable"
_CONNECTS: Final = "evalgate_link_connects_total"


class Finding(NamedTuple):
    """One thing that was checked; `detail` is a sentence for an operator."""

    name: str
    ok: bool
    detail: str


def readiness(run_dir: Path, roles: Sequence[str], wall_ms: int) -> list[Finding]:
    """Everything that must hold for a gateway of these roles to be ready.

    A sink that is down is shown elsewhere and fails nothing here.
    """
    running = [_role(run_dir, role) for role in roles]
    figures = read_figures(run_dir / "ingest.prom", wall_ms)
    return [*running, _journal(figures), _broker(figures)]


def is_ready(findings: Sequence[Finding]) -> bool:
    return all(finding.ok for finding in findings)


def read_figures(path: Path, wall_ms: int) -> Mapping[str, float]:
    """The unlabelled samples of a role's export; empty when absent, old or torn."""
    try:
        age_ms = wall_ms - path.stat().st_mtime_ns // 1_000_000
        text = path.read_text("utf-8")
        families = list(text_string_to_metric_families(text))
    except (OSError, ValueError):
        return {}
    if age_ms > SILENCE_MS_MAX:
        return {}
    samples = (sample for family in families for sample in family.samples)
    return {sample.name: sample.value for sample in samples if not sample.labels}


def _role(run_dir: Path, role: str) -> Finding:
    try:
        pid = int((run_dir / f"{role}.pid").read_text("ascii"))
        os.kill(pid, 0)
    except (OSError, ValueError) as error:
        if not isinstance(error, PermissionError):
            return Finding(role, ok=False, detail=f"{role} is not running")
    return Finding(role, ok=True, detail="running")


def _journal(figures: Mapping[str, float]) -> Finding:
    if _WRITABLE not in figures:
        silent = f"ingest has reported nothing for {SILENCE_MS_MAX // 1000} s"
        return Finding("journal", ok=False, detail=silent)
    if not figures[_WRITABLE]:
        full = "the journal cannot be written: make room on its disk"
        return Finding("journal", ok=False, detail=full)
    return Finding("journal", ok=True, detail="writable")


def _broker(figures: Mapping[str, float]) -> Finding:
    if not figures.get(_CONNECTS):
        away = "the broker was not reached since start: see its url and credentials"
        return Finding("broker", ok=False, detail=away)
    return Finding("broker", ok=True, detail="reached")
