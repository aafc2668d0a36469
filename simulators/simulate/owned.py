"""`--gateway`: a broker, a gateway and its sinks of our own, for one run.

mosquitto and InfluxDB 1.x if they are installed, else the pretend one; the backend is
always a pretend one, whose raw log is what reconciliation reads.
"""

import json
import sys
import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from simulators.gateway_process import SECRET, GatewayProcess, Site
from simulators.processes import (
    Child,
    NotReadyError,
    accepts,
    cpu_s,
    free_port,
    wait_until,
)
from simulators.reconciliation.run import Stores
from simulators.services import Influxd, Mosquitto, available
from simulators.simulate.junk import RETIRED
from simulators.simulate.populating import device_id
from simulators.simulate.scenario import Population

_DATABASE: Final = "evalgate"
_READY_S: Final = 60.0
_BUSY: Final = 0.85  # of a core: such a process holds others up


class OwnGateway:
    """Services and a gateway that knows the population's terminals, and no others."""

    def __init__(self, directory: Path, population: Population) -> None:
        self._directory = directory
        self._population = population
        self._stack = ExitStack()
        self._pids: dict[str, int] = {}
        self._cpu_s: dict[str, float] = {}
        self._since_s = 0.0
        self.stores = Stores()
        self.cpu_shares: dict[str, float] = {}

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self.broker = stack.enter_context(self._broker())
            self._points(stack)
            log = self._directory / "backend.log"
            words = ["--log", str(log), "--secret", SECRET]
            backend = stack.enter_context(self._program("backend", *words))
            self.gateway = GatewayProcess(
                Site(
                    directory=self._directory / "gateway",
                    broker_port=self.broker.port,
                    influx_url=self.stores.influx1 or self.stores.dump,
                    backend_url=f"{json.loads(backend.read_line())['url']}/events",
                    console_port=free_port(),
                    database=_DATABASE,
                    devices=self._devices(),
                )
            )
            stack.callback(self.gateway.kill)
            stack.callback(self.gateway.stop)
            self._pids |= {"broker": self.broker.pid, "backend": backend.pid}
            self.gateway.start()
            self._wait()
            console = self.gateway.site.console_port
            api = f"http://127.0.0.1:{console}"
            self.stores = replace(self.stores, api=api, backend_log=log)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def enter(self, phase: str) -> None:
        """Count CPU while terminals press."""
        if phase == "pressing":
            self._begin_measuring()
        elif phase == "draining":
            self.cpu_shares = self._shares()

    def _begin_measuring(self) -> None:
        self._pids |= self.gateway.pids()
        self._cpu_s = {name: cpu_s(pid) for name, pid in self._pids.items()}
        self._since_s = time.monotonic()

    def _shares(self) -> dict[str, float]:
        """How much of a core each process used since then."""
        span_s = time.monotonic() - self._since_s
        return {
            name: round((cpu_s(pid) - self._cpu_s.get(name, 0.0)) / span_s, 2)
            for name, pid in self._pids.items()
        }

    def _broker(self) -> Mosquitto:
        if available("mosquitto") is None:
            raise NotReadyError("--gateway needs mosquitto: install it")
        return Mosquitto(self._directory / "broker")

    def _points(self, stack: ExitStack) -> None:
        """Start where points go; `stores` says from then on where that is."""
        if available("influxd") is not None:
            server = stack.enter_context(Influxd(self._directory / "influx"))
            server.create(_DATABASE)
            self._pids["influxdb"] = server.pid
            self.stores = Stores(influx1=server.url, database=_DATABASE)
            return
        pretend = stack.enter_context(
            self._program("influx", "--api", "v1", "--store", _DATABASE)
        )
        self._pids["influxdb"] = pretend.pid
        self.stores = Stores(dump=json.loads(pretend.read_line())["url"])

    def _program(self, name: str, *options: str) -> Child:
        command = [sys.executable, "-m", "simulators", name, *options]
        return Child(command, self._directory / f"{name}.log", piped=True)

    def _devices(self) -> dict[str, str]:
        prefix = self._population.prefix
        known = {
            device_id(prefix, number): "active"
            for number in range(self._population.terminals)
        }
        return {**known, f"{prefix}-{RETIRED}": "retired"}

    def _wait(self) -> None:
        def ready() -> bool:
            if not self.gateway.running:
                raise NotReadyError(f"gateway ended: {self.gateway.log_tail()}")
            subscribed = self.broker.subscribed("evaluators/v1/+/rating")
            console = self.gateway.site.console_port
            return subscribed > 0 and self.gateway.whole and accepts(console)

        what = "gateway ready (--keep DIR leaves its log in DIR/gateway)"
        wait_until(ready, _READY_S, what)


def bottleneck(shares: dict[str, float], cores: int) -> str:
    """Say in a sentence which process was at its limit, if any."""
    busy = [name for name, share in shares.items() if share >= _BUSY]
    total = sum(shares.values())
    if busy:
        told = ", ".join(f"{name} ({shares[name]:.0%} of a core)" for name in busy)
        return f"At its limit: {told}."
    if total >= _BUSY * cores:
        return f"The machine was at its limit: {total:.1f} of {cores} cores in use."
    return f"Nobody was at the limit: {total:.1f} of {cores} cores in use."
