"""What is measured: a gateway, or a script that does the same job by hand."""

import os
import sys
from abc import ABC, abstractmethod
from pathlib import Path

from simulators.benchmark.stages import Spent, environment, sampled
from simulators.gateway_process import GatewayProcess, Site
from simulators.processes import Child, cpu_s, free_port, rss_bytes


class Consumer(ABC):
    """Takes ratings from the broker to both sinks; one run each."""

    name: str

    @abstractmethod
    def start(self) -> None:
        """Start it; it subscribes when it is ready."""

    @abstractmethod
    def pids(self) -> dict[str, int]:
        """Its living processes, by role."""

    @property
    def whole(self) -> bool:
        """Whether no more processes will come."""
        return True

    def cpu_s(self) -> dict[str, float]:
        """CPU seconds so far, by role."""
        return {role: cpu_s(pid) for role, pid in self.pids().items()}

    def rss_mb(self) -> dict[str, float]:
        """Resident megabytes, by role."""
        return {role: rss_bytes(pid) / 1e6 for role, pid in self.pids().items()}

    @property
    @abstractmethod
    def failure(self) -> str | None:
        """Why it ended too early; None while it runs."""

    @abstractmethod
    def stop(self) -> None:
        """End it."""

    def console_url(self) -> str | None:
        """Where it tells of itself, if it does."""
        return None

    def samples(self) -> dict[str, Spent]:
        """CPU seconds by place so far, by role; of what is not sampled nothing."""
        return {}


class Gateway(Consumer):
    name = "gateway"

    def __init__(
        self, directory: Path, broker_port: int, sink_url: str, *, stages: bool = False
    ) -> None:
        self._samples = directory / "samples" if stages else None
        self._process = GatewayProcess(
            Site(
                directory=directory,
                broker_port=broker_port,
                influx_url=sink_url,
                backend_url=f"{sink_url}/events",
                console_port=free_port(),
            )
        )

    def start(self) -> None:
        self._process.start(environment(self._samples) if self._samples else None)

    def samples(self) -> dict[str, Spent]:
        if self._samples is None:
            return {}
        pids = self.pids().items()
        return {role: sampled(self._samples, pid) for role, pid in pids}

    def pids(self) -> dict[str, int]:
        return self._process.pids()

    @property
    def whole(self) -> bool:
        return self._process.whole

    @property
    def failure(self) -> str | None:
        return None if self._process.running else self._process.log_tail()

    def stop(self) -> None:
        self._process.stop()

    def console_url(self) -> str:
        return f"http://127.0.0.1:{self._process.site.console_port}"


class Yardstick(Consumer):
    """A script that reads BROKER_PORT and SINK_URL from its environment."""

    name = "yardstick"

    def __init__(
        self, script: Path, directory: Path, broker_port: int, sink_url: str
    ) -> None:
        self._script = script
        self._log = directory / "log"
        self._env = {"BROKER_PORT": str(broker_port), "SINK_URL": sink_url}
        self._child: Child | None = None

    def start(self) -> None:
        self._log.parent.mkdir(parents=True, exist_ok=True)
        self._child = Child(
            [sys.executable, os.fspath(self._script)], self._log, self._env
        )

    def pids(self) -> dict[str, int]:
        return {self.name: self._child.pid} if self._child else {}

    @property
    def failure(self) -> str | None:
        if self._child is None or self._child.running:
            return None
        return self._child.tail()

    def stop(self) -> None:
        if self._child is not None:
            self._child.stop(deadline_s=5.0)
            self._child = None
