"""A whole gateway, `evalgate run`, as an operator has it: files, commands, API."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from simulators.gateway_process import SECRET
from simulators.processes import Child, free_port, rss_bytes
from tests.safety.http import get_json
from tests.support.broker import feed

ROLES = ("ingest", "process", "deliver", "console")
DEADLINE_S = 60.0
_POLL_S = 0.1
_EVALGATE = (sys.executable, "-m", "gateway.cli")


class Done(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str


@dataclass
class Services:
    """Where the gateway's neighbours are."""

    broker_port: int
    backend_url: str
    influx_url: str
    database: str


def eventually(check: Callable[[], object], what: str) -> None:
    """Poll until `check` holds; a gateway that does not answer yet is no failure."""
    give_up_s = time.monotonic() + DEADLINE_S
    last: object = None
    while time.monotonic() < give_up_s:
        try:
            last = check()
        except (OSError, KeyError) as error:
            last = error
        else:
            if last:
                return
        time.sleep(_POLL_S)
    raise AssertionError(f"{what}: not within {DEADLINE_S} s; last: {last!r}")


@dataclass
class Whole:
    """One gateway over one directory; `sections` hold lines that a test changes."""

    directory: Path
    services: Services
    sections: dict[str, list[str]] = field(default_factory=dict)
    command: tuple[str, ...] = _EVALGATE

    def __post_init__(self) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self.data_dir = self.directory / "data"
        self.config = self.directory / "gateway.toml"
        self._child: Child | None = None
        services = self.services
        url = f"mqtt://127.0.0.1:{services.broker_port}"
        standard = {
            "[gateway]": ['id = "hall"', f'data_dir = "{self.data_dir}"'],
            "[broker]": [f'url = "{url}"', 'client_id = "evalgate-hall"'],
            "[fleet]": ['devices_file = "devices.csv"'],
            "[rules]": ["rating_window_days = 5"],
            "[[influxdb]]": [
                'name = "points"',
                f'url = "{services.influx_url}"',
                f'api = "v1"\ndatabase = "{services.database}"',
            ],
            "[[backend]]": [
                'name = "hook"',
                f'url = "{services.backend_url}/events"',
                f'secret = "{SECRET}"',
                "allow_private_addresses = true\nretry_delay_s_max = 0.5",
            ],
            "[console]": [f'listen = "127.0.0.1:{self.port}"'],
        }
        self.sections = {**standard, **self.sections}
        self.write_devices("dev-1")
        self.write()

    # ----- its files

    def write(self) -> None:
        """Write the configuration as `sections` are now."""
        parts = ["\n".join([head, *its]) for head, its in self.sections.items()]
        self.config.write_text("\n\n".join(parts) + "\n", "utf-8")

    def write_devices(self, *names: str) -> None:
        rows = [f"{name},active,hall,w1\n" for name in names]
        head = "device_id,lifecycle,site,window\n"
        (self.directory / "devices.csv").write_text(head + "".join(rows), "utf-8")

    def log(self, event: str) -> list[dict[str, Any]]:
        """The log's lines of one event so far."""
        lines = (self.directory / "log").read_text("utf-8").splitlines()
        found = [json.loads(line) for line in lines if line.startswith("{")]
        return [line for line in found if line["event"] == event]

    # ----- its life

    def start(self, until: Callable[[], object] | None = None) -> None:
        """Start it and wait until it is ready, or what the test waits for instead."""
        words = [*self.command, "run", "--config", str(self.config)]
        self._child = child = Child(words, self.directory / "log")
        ready = until or self.is_ready

        def there() -> object:
            assert child.running, child.tail()
            return ready()

        eventually(there, "gateway started")

    def stop(self) -> int:
        """SIGTERM, as an init system does; its exit code."""
        assert self._child is not None
        self._child.terminate()
        return self._child.wait(60.0)

    def kill(self) -> None:
        """End whatever is left of it; a test is over."""
        if self._child is not None:
            self._child.stop(deadline_s=25.0)
            self._child = None

    def reload(self) -> None:
        os.kill(self.pid("supervisor"), signal.SIGHUP)

    def pid(self, role: str) -> int:
        return int((self.data_dir / "run" / f"{role}.pid").read_text("ascii"))

    def running(self) -> list[str]:
        """Roles whose pid file names a living process."""
        paths = (self.data_dir / "run").glob("*.pid")
        return [p.stem for p in paths if rss_bytes(int(p.read_text("ascii")))]

    # ----- what an operator asks

    def cli(self, *words: str) -> Done:
        """`evalgate WORDS --config FILE`."""
        done = subprocess.run(
            [*_EVALGATE, *words, "--config", str(self.config)],
            capture_output=True,
            text=True,
            timeout=DEADLINE_S,
            check=False,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    def ask(self, path: str) -> dict[str, Any]:
        return get_json(f"http://127.0.0.1:{self.port}/api/v1/{path}")

    def act(self, path: str, body: object = None) -> dict[str, Any]:
        """Post to the API; its answer, of whatever status."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/api/v1/{path}",
            None if body is None else json.dumps(body).encode(),
            {"Content-Type": "application/json"},
            method="POST",
        )
        try:
            with urllib.request.urlopen(request, timeout=DEADLINE_S) as answer:
                told: dict[str, Any] = json.load(answer)
        except urllib.error.HTTPError as error:
            told = json.load(error)
        return told

    def readiness(self) -> dict[str, Any]:
        """The body of /readyz with its `code`."""
        url = f"http://127.0.0.1:{self.port}/readyz"
        try:
            return {"code": 200, **get_json(url)}
        except urllib.error.HTTPError as error:
            return {"code": error.code, **json.load(error)}

    def is_ready(self) -> bool:
        return bool(self.readiness()["code"] == 200)

    def alerts(self) -> dict[str, str]:
        """Texts of the open alerts by cause."""
        return {
            it["cause"]: it["text"] for it in self.ask("alerts?state=open")["items"]
        }

    def sink(self, name: str) -> dict[str, Any]:
        """One sink of /pipeline."""
        sinks: list[dict[str, Any]] = self.ask("pipeline")["sinks"]
        return next(sink for sink in sinks if sink["name"] == name)

    def accepted(self, count: int) -> None:
        """Wait until so many elements are accepted, and both counts agree."""

        def settled() -> bool:
            pipeline = self.ask("pipeline")
            return bool(pipeline["accepted"] >= count and counts_agree(pipeline))

        eventually(settled, f"{count} accepted")


FATES = ("accepted", "duplicate", "conflict", "quarantined", "ignored", "deferred")


def counts_agree(pipeline: dict[str, Any]) -> bool:
    return bool(pipeline["received"] == sum(pipeline[fate] for fate in FATES))


def rating(event_id: str, level: int = 5, **more: object) -> bytes:
    """A payload; its event_id has eight characters at least."""
    fields = {"v": 1, "event_id": f"event-{event_id}", "level": level, **more}
    return json.dumps(fields).encode()


def press(port: int, device: str, *payloads: bytes, channel: str = "rating") -> None:
    """Publish as a terminal does, with QoS 1."""
    feed(port, [(f"evaluators/v1/{device}/{channel}", it) for it in payloads])


def arrived(raw_log: Path, name: str, path: str = "") -> list[str]:
    """Subjects of the events of one type that the backend took, in order."""
    found = []
    for line in raw_log.read_text("utf-8").splitlines():
        request = json.loads(line)
        if request["status"] >= 300 or not request["path"].startswith(path):
            continue
        body = json.loads(request["body"])
        events = body if isinstance(body, list) else [body]
        kind = f"evalgate.{name}.v1"
        found += [event["subject"] for event in events if event["type"] == kind]
    return found
