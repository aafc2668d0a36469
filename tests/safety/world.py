"""A gateway among real services, under load, with a tap on its wire."""

import json
import sys
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from simulators.gateway_process import SECRET, GatewayProcess, Site
from simulators.processes import Child, NotReadyError, free_port, wait_until
from simulators.reconcile import RECORDED
from simulators.services import Mosquitto
from tests.safety.http import get_json
from tests.safety.points import DATABASE, Points, PretendPoints, RealPoints

CLIENT_ID = "evalgate-g1"
_READY_S = 60.0
_DRAIN_S = 180
_QUIET_S = 3
_HOLD_MS = "150"  # longer than a gateway takes to acknowledge what it has


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What differs between worlds. `devices`: id -> lifecycle; others are held.

    `rate`: messages a second under kills. `stalled_s`: nothing arrived for so long
    although something is missing.
    """

    env: Mapping[str, str] = field(default_factory=dict)
    tapped: bool = True
    pretend_influx: bool = False
    devices: Mapping[str, str] = field(default_factory=dict)
    rate: int = 3000
    stalled_s: int = 20
    command: tuple[str, ...] = (sys.executable, "-m", "gateway.cli")


class World:
    """mosquitto, InfluxDB 1.6, a pretend backend, the tap, and the gateway."""

    def __init__(self, directory: Path, setting: Setting) -> None:
        self.directory = directory
        self.raw_log = directory / "backend.log"
        self.manifest = directory / "manifest"
        self.rate = setting.rate
        self._setting = setting
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self.broker = stack.enter_context(Mosquitto(self.directory / "broker"))
            self.points = self._points(stack)
            backend = stack.enter_context(
                self.program("backend", "--log", str(self.raw_log), "--secret", SECRET)
            )
            self.backend_url = json.loads(backend.read_line())["url"]
            port = self.broker.port
            if self._setting.tapped:
                tap = self.program("tap", "--broker", str(port), "--hold-ms", _HOLD_MS)
                self._tap = stack.enter_context(tap)
                port = json.loads(self._tap.read_line())["port"]
            self.gateway = GatewayProcess(self._site(port), self._setting.command)
            stack.callback(self.gateway.kill)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def _site(self, broker_port: int) -> Site:
        return Site(
            directory=self.directory / "gateway",
            broker_port=broker_port,
            influx_url=self.points.url,
            backend_url=f"{self.backend_url}/events",
            console_port=free_port(),
            database=DATABASE,
            devices=self._setting.devices,
        )

    def _points(self, stack: ExitStack) -> Points:
        if not self._setting.pretend_influx:
            return RealPoints(stack, self.directory / "influx")
        pretend = self.program("influx", "--api", "v1", "--store", DATABASE)
        return PretendPoints(stack.enter_context(pretend))

    @property
    def api_url(self) -> str:
        """The gateway's REST API."""
        return f"http://127.0.0.1:{self.gateway.site.console_port}/api/v1"

    def program(self, name: str, *options: str) -> Child:
        """Start one of the simulators."""
        command = [sys.executable, "-m", "simulators", name, *options]
        return Child(command, self.directory / f"{name}.log", piped=True)

    def start_gateway(self, crash_point: str = "") -> None:
        """Start it; with a crash point, one of its roles will die there."""
        point = {"EVALGATE_CRASH_POINT": crash_point} if crash_point else {}
        self.gateway.start({**self._setting.env, **point})

    @property
    def subscriptions(self) -> int:
        """How often the broker has seen a subscription to ratings."""
        return self.broker.subscribed("evaluators/v1/+/rating")

    def wait_subscribed(self, times: int = 1) -> None:
        """Wait until the broker has seen this many subscriptions to ratings.

        Raises:
            NotReadyError: the gateway ended, or did not subscribe.

        """

        def subscribed() -> bool:
            if not self.gateway.running:
                raise NotReadyError(f"gateway ended: {self.gateway.log_tail()}")
            return self.subscriptions >= times

        wait_until(subscribed, _READY_S, "gateway subscribed")

    def taken(self) -> int:
        """How many ratings the backend has been told of so far."""
        url = f"{self.backend_url}/pretend/counts"
        return int(get_json(url)["by_type"].get(RECORDED, 0))

    def wait_taken(self, more_than: int, deadline_s: float) -> None:
        """Wait until the backend has taken more events than that.

        Raises:
            NotReadyError: it did not, in time.

        """
        wait_until(lambda: self.taken() > more_than, deadline_s, "events delivered")

    def cut(self) -> None:
        """Break the gateway's connections to the broker."""
        self._tap.write_line("cut")
        self._tap.read_line()

    def wire(self) -> list[dict[str, Any]]:
        """Every connection of the gateway's intake so far, in order."""
        self._tap.write_line("report")
        report = json.loads(self._tap.read_line())
        return [
            seen
            for seen in [*report["closed"], *report["open"]]
            if seen["client_id"] == CLIENT_ID
        ]

    def drain(self, good: int) -> bool:
        """Wait until nothing more arrives; whether both sinks hold `good` ratings.

        Repetitions count among what the backend has taken, so it is not enough that
        the number is reached.
        """
        previous = quiet_s = reached = 0
        for _ in range(_DRAIN_S):
            points, events = self.points.held(), self.taken()
            reached = min(points, events) >= good
            quiet_s = quiet_s + 1 if points + events == previous else 0
            if quiet_s >= (_QUIET_S if reached else self._setting.stalled_s):
                break
            previous = points + events
            time.sleep(1.0)
        return bool(reached)

    def reconcile(self, without: tuple[str, ...] = ()) -> dict[str, Any]:
        """Compare what was sent with what the sinks hold; by the script alone."""
        path = self.directory / "reconcile.json"
        script = Path(__file__).parents[2] / "simulators" / "reconcile.py"
        words = ["--manifest", str(self.manifest), "--log", str(self.raw_log)]
        words += self.points.reconcile_options()
        words += [word for name in without for word in ("--without", name)]
        with Child([sys.executable, "-I", str(script), *words], path) as child:
            child.wait(300)
        report: dict[str, Any] = json.loads(path.read_text())
        return report
