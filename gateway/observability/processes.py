"""The processes of a gateway, by their pid files: who runs, how large, how busy."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

_TICKS_PER_S: Final = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES: Final = os.sysconf("SC_PAGE_SIZE")
# Of /proc/PID/stat behind the command's name, counted from the state.
_STATE, _USER_TICKS, _SYSTEM_TICKS, _RSS_PAGES = 0, 11, 12, 21
_ZOMBIE: Final = "Z"
_STOPPED: Final = "T"


class RoleProcess(NamedTuple):
    """A living process; `halted` by SIGSTOP, say."""

    role: str
    pid: int
    rss_bytes: int
    cpu_s: float
    halted: bool


def role_processes(run_dir: Path) -> Iterator[RoleProcess]:
    """Those whose pid file in `run_dir` names a living process."""
    for path in sorted(run_dir.glob("*.pid")):
        try:
            pid = int(path.read_text("ascii"))
        except (OSError, ValueError):
            continue
        found = read_process(path.stem, pid)
        if found is not None:
            yield found


def read_process(role: str, pid: int) -> RoleProcess | None:
    """What the kernel says of `pid`; None when it does not run."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("utf-8", errors="replace")
    except OSError:
        return None
    fields = stat.rpartition(")")[2].split()
    if fields[_STATE] == _ZOMBIE:
        return None
    return RoleProcess(
        role,
        pid,
        int(fields[_RSS_PAGES]) * _PAGE_BYTES,
        (int(fields[_USER_TICKS]) + int(fields[_SYSTEM_TICKS])) / _TICKS_PER_S,
        fields[_STATE] == _STOPPED,
    )


class RoleProcesses(Collector):
    """Collects the processes of now; a role that is down has no samples."""

    def __init__(self, run_dir: Path) -> None:
        self._run_dir = run_dir

    def describe(self) -> list[Metric]:
        """Nothing beforehand: who runs is seen when asked."""
        return []

    def collect(self) -> Iterator[Metric]:
        pid = GaugeMetricFamily(
            "evalgate_role_pid", "Process id of a running role", labels=["role"]
        )
        rss = GaugeMetricFamily(
            "evalgate_role_resident_bytes", "Memory in use", labels=["role"]
        )
        cpu = CounterMetricFamily(
            "evalgate_role_cpu_seconds", "User and system time", labels=["role"]
        )
        for process in role_processes(self._run_dir):
            pid.add_metric([process.role], process.pid)
            rss.add_metric([process.role], process.rss_bytes)
            cpu.add_metric([process.role], process.cpu_s)
        yield from (pid, rss, cpu)
