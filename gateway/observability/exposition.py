"""The figures of all roles as one Prometheus text.

Each role writes `data_dir/run/ROLE.prom`; the console serves them with its own. A
family's lines must stand together, so families that several roles export
(`process_…`, `python_…`) are merged and their samples labelled by role.
"""

from collections.abc import Iterator
from pathlib import Path

from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

_OWN_PREFIX = "evalgate_"


class RoleExports(Collector):
    """Collects what the roles wrote; an absent or torn file is left out."""

    def __init__(self, run_dir: Path) -> None:
        self._run_dir = run_dir

    def describe(self) -> list[Metric]:
        """Nothing beforehand: what the roles export is their affair."""
        return []

    def collect(self) -> Iterator[Metric]:
        merged: dict[str, Metric] = {}
        for path in sorted(self._run_dir.glob("*.prom")):
            for family in _families(path):
                _label(family, path.stem)
                known = merged.setdefault(family.name, family)
                if known is not family:
                    known.samples.extend(family.samples)
        yield from merged.values()


def _families(path: Path) -> list[Metric]:
    try:
        return list(text_string_to_metric_families(path.read_text("utf-8")))
    except (OSError, ValueError):
        return []


def _label(family: Metric, role: str) -> None:
    """Name the role in every sample that is not one of our own, declared, metrics."""
    if family.name.startswith(_OWN_PREFIX):
        return
    family.samples = [
        sample._replace(labels={**sample.labels, "role": role})
        for sample in family.samples
    ]
