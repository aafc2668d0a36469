"""Each command of docker-compose.yml, run here by itself as a process.

What Compose would do is done by hand: commands, environment, mounted files, users and
health checks are those of the file. Places and ports of the containers become those of
a directory and of free ports. The images themselves are not run, nor is InfluxDB 2: a
pretend one stands in for it.
"""

import json
import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from simulators.processes import Child, accepts, free_port, wait_until
from simulators.services import Influxd, available
from tests.architecture.tree import ROOT
from tests.support.compose import mounts, services, words
from tests.support.services import require

pytestmark = [
    pytest.mark.service,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can be the images' users"),
]

DEADLINE_S = 60.0
BROKER, INFLUXDB, EVALGATE = 1883, 1000, 10001
"""Users of the images; each has a group of the same number."""


class Host:
    """A directory and free ports in place of what containers see."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.secrets = directory / "secrets"
        self.log = directory / "log"
        self.api_port, self.broker_port = free_port(), free_port()
        self._running = ExitStack()
        self._influx_port = free_port()
        self._places = self._substitutions()
        for name in ("secrets", "broker", "gateway", "mounted"):
            (directory / name).mkdir()
        os.chown(directory / "broker", BROKER, BROKER)  # as it is in the image
        for name in services():
            self._mount(name)

    def close(self) -> None:
        self._running.close()

    def placed(self, text: str) -> str:
        for pattern, place in self._places:
            text = re.sub(pattern, place, text, flags=re.MULTILINE)
        return text

    def finish(self, service: str, *more: str) -> str:
        """Run what ends by itself; returns what it said."""
        done = subprocess.run(
            [*self._command(service), *more],
            env=self._environment(service),
            capture_output=True,
            text=True,
            timeout=DEADLINE_S,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def start(self, service: str) -> None:
        child = Child(self._command(service), self.log, self._environment(service))
        self._running.enter_context(child)
        child.wait_ready(lambda: self.is_healthy(service), DEADLINE_S)

    def start_pretend_influx(self) -> None:
        token = (self.secrets / "influx.token").read_text("ascii")
        bucket = services()["influxdb"]["environment"]["DOCKER_INFLUXDB_INIT_BUCKET"]
        listen = f"127.0.0.1:{self._influx_port}"
        command = [sys.executable, "-m", "simulators", "influx", "--api", "v2"]
        command += ["--store", bucket, "--token", token, "--listen", listen]
        child = self._running.enter_context(Child(command, self.log))
        child.wait_ready(lambda: accepts(self._influx_port), DEADLINE_S)

    def points(self) -> int:
        url = f"http://127.0.0.1:{self._influx_port}/pretend/counts"
        with urllib.request.urlopen(url, timeout=DEADLINE_S) as answer:
            counts = json.load(answer)["by_measurement"]
        return int(counts.get("rating", 0))

    def is_healthy(self, service: str, port: int = 0) -> bool:
        """Run the health check; `port` asks there instead of at the broker."""
        kind, *check = words_of_check(service)
        command = [self.placed(word) for word in check]
        if port:
            command = [it.replace(str(self.broker_port), str(port)) for it in command]
        words = ["sh", "-c", *command] if kind == "CMD-SHELL" else command
        done = subprocess.run(
            words, env=self._path(), capture_output=True, timeout=30, check=False
        )
        return done.returncode == 0

    def ask(self, path: str, token: str) -> dict[str, Any]:
        request = urllib.request.Request(f"http://127.0.0.1:{self.api_port}{path}")
        request.add_header("Authorization", f"Bearer {token}")
        with urllib.request.urlopen(request, timeout=DEADLINE_S) as answer:
            body: dict[str, Any] = json.load(answer)
        return body

    def _substitutions(self) -> list[tuple[str, str]]:
        plugin = next(Path("/usr/lib").glob("*/mosquitto_dynamic_security.so"))
        return [
            (r"(?<=^listener )1883$", str(free_port())),
            (r"\b1884\b", str(self.broker_port)),
            (r"\b8086\b", str(self._influx_port)),
            (r"\b8700\b", str(self.api_port)),
            (r"\b(mosquitto|influxdb)(?=:\d)", "127.0.0.1"),
            (r"/usr/lib/mosquitto_dynamic_security\.so", str(plugin)),
            (r"/mosquitto/data\b", str(self.directory / "broker")),
            (r"/var/lib/evalgate\b", str(self.directory / "gateway")),
            (r"(?<![\w/])/secrets\b", str(self.secrets)),
            *(
                (rf"(?<![\w/]){target}(?![\w/.])", str(self._mounted(target)))
                for name in services()
                for source, target, _ in mounts(name)
                if source.startswith("./")
            ),
        ]

    def _mounted(self, target: str) -> Path:
        return self.directory / "mounted" / target.lstrip("/").replace("/", "-")

    def _mount(self, service: str) -> None:
        for source, target, _ in mounts(service):
            if source.startswith("./"):
                path = self._mounted(target)
                path.write_text(self.placed((ROOT / source).read_text("utf-8")))
                shutil.copymode(ROOT / source, path)

    def _command(self, service: str) -> list[str]:
        ours = services()[service]["image"] == "evalgate:local"
        entry = words(service, "entrypoint") or (["evalgate"] if ours else [])
        command = [self.placed(word) for word in entry + words(service, "command")]
        if command[0] == "mosquitto":
            command[0] = available("mosquitto") or "mosquitto"
        return [*self._confined(service), *command]

    def _confined(self, service: str) -> list[str]:
        """As the service's user, with its capabilities; ours stays the tester's."""
        if "user" not in services()[service]:
            return []
        user, group = services()[service]["user"].split(":")
        allowed = [f"+{one.lower()}" for one in services()[service].get("cap_add", [])]
        return [
            *["setpriv", f"--reuid={user}", f"--regid={group}", "--clear-groups"],
            *["--no-new-privs", f"--bounding-set={','.join(['-all', *allowed])}"],
            *["--pdeathsig=KILL", "--"],
        ]

    def _environment(self, service: str) -> dict[str, str]:
        given: dict[str, str] = services()[service].get("environment", {})
        hosts = {key: "127.0.0.1" for key in given if key == "BROKER_HOST"}
        config = self._mounted("/etc/evalgate/gateway.toml")
        return {**self._path(), **given, **hosts, "EVALGATE_CONFIG": str(config)}

    def _path(self) -> dict[str, str]:
        ours = Path(sys.executable).parent
        return {**os.environ, "PATH": f"{ours}:{os.environ['PATH']}"}


def words_of_check(service: str) -> list[str]:
    test = services()[service]["healthcheck"]["test"]
    return [word.replace("$$", "$") for word in test]


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    """Everything up, in the order in which the services wait for each other."""
    require("mosquitto")
    with tempfile.TemporaryDirectory() as name:
        os.chmod(name, 0o755)  # noqa: PTH101 - other users work below it
        started = Host(Path(name))
        try:
            started.finish("prepare")
            started.start("mosquitto")
            started.start_pretend_influx()
            started.finish("admit")
            started.finish("token")
            started.start("gateway")
            yield started
        finally:
            started.close()


@pytest.fixture(scope="module")
def token(host: Host) -> str:
    return (host.directory / "gateway" / "api.token").read_text("ascii").strip()


@pytest.mark.parametrize(
    ("name", "owner", "mode"),
    [
        ("admin.password", BROKER, 0o400),
        ("influx.password", INFLUXDB, 0o400),
        ("influx.token", INFLUXDB, 0o440),
        ("evalgate.password", BROKER, 0o640),
        ("evalgate-down.password", BROKER, 0o640),
        ("evalgate-probe.password", BROKER, 0o640),
    ],
)
def test_a_secret_is_for_who_needs_it(
    host: Host, name: str, owner: int, mode: int
) -> None:
    state = (host.secrets / name).stat()
    assert state.st_size > 0
    assert (state.st_uid, state.st_gid) == (owner, EVALGATE)
    assert stat.S_IMODE(state.st_mode) == mode


@pytest.mark.parametrize("service", ["prepare", "admit", "token"])
def test_what_runs_at_every_start_changes_nothing_the_second_time(
    host: Host, service: str
) -> None:
    def state() -> dict[str, str]:
        files = [*host.secrets.iterdir(), host.directory / "gateway" / "api.token"]
        return {path.name: path.read_text("ascii") for path in files}

    before = state()
    host.finish(service)
    assert state() == before


def test_a_broker_that_does_not_answer_is_not_healthy(host: Host) -> None:
    assert not host.is_healthy("mosquitto", port=free_port())
    assert host.is_healthy("mosquitto")


def test_the_console_wants_the_token(host: Host, token: str) -> None:
    assert host.ask("/api/v1/pipeline", token)["received"] == 0
    with pytest.raises(urllib.error.HTTPError, match="401"):
        host.ask("/api/v1/pipeline", "evg_wrong")


def test_simulated_terminals_reach_the_database(host: Host, token: str) -> None:
    assert host.points() == 0
    host.finish("admit-hall")
    # Its doors open at 8:30, after 3.3 seconds.
    host.finish("hall", "--seconds", "5", "--rate", "20", "--terminals", "8")
    wait_until(lambda: host.points() > 0, DEADLINE_S, "a point")
    pipeline = host.ask("/api/v1/pipeline", token)
    assert pipeline["accepted"] >= host.points()


def test_the_databases_health_check_asks_for_what_it_answers(influxd: Influxd) -> None:
    _, *check = words_of_check("influxdb")
    command = [word.replace("8086", str(influxd.port)) for word in check]
    assert subprocess.run(command, check=False, timeout=30).returncode == 0
    command[-1] = command[-1].replace("/ping", "/nothing")
    assert subprocess.run(command, check=False, timeout=30).returncode != 0
