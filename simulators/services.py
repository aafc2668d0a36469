"""The services beside a gateway: mosquitto, InfluxDB 1.x, VictoriaMetrics.

And the pretend broker, where mosquitto cannot be had or must misbehave.

Each runs on a free port of the loopback and keeps its data in the directory it
is given, so that it can be killed and started again over the same data.
"""

import json
import shutil
import sys
import urllib.parse
import urllib.request
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from simulators.processes import Child, NotReadyError, accepts, free_port

_READY_S: Final = 20.0
_STARTS_MAX: Final = 3
_HTTP_S: Final = 30.0

# The same for every consumer that is compared: what differs is the consumer.
MOSQUITTO_CONFIG: Final = """\
listener {port} 127.0.0.1
allow_anonymous true
user root
persistence {persistence}
persistence_location {directory}/
autosave_on_changes true
autosave_interval 10000
max_queued_messages {queued}
max_queued_bytes 0
max_inflight_messages 0
max_packet_size 65536
set_tcp_nodelay true
log_dest file {directory}/mosquitto.log
log_type error
log_type warning
log_type subscribe
"""


class Service(ABC):
    """A program with one port and one directory; `start` again keeps both."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.directory = directory
        self.port = 0
        self._child: Child | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """The process id; 0 when it does not run."""
        return self._child.pid if self._child else 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it and wait until it serves; a taken port is replaced once known.

        Raises:
            NotReadyError: it did not come up.

        """
        fresh = self.port == 0
        for remaining in reversed(range(_STARTS_MAX if fresh else 1)):
            self.port = free_port() if fresh else self.port
            self._child = Child(self._command(), self.directory / "output.log")
            try:
                self._child.wait_ready(self._serves, _READY_S)
            except NotReadyError:
                self._child.kill()
                if not remaining:
                    raise
            else:
                return

    def stop(self) -> None:
        """End it in good order."""
        if self._child is not None:
            self._child.stop()
            self._child = None

    def kill(self) -> None:
        """Kill -9: what it had not written is gone."""
        if self._child is not None:
            self._child.kill()
            self._child = None

    @abstractmethod
    def _command(self) -> list[str]:
        """Write the configuration for `port`; returns the command line."""

    def _serves(self) -> bool:
        return accepts(self.port)


def available(program: str) -> str | None:
    """Where a program is; Debian keeps daemons outside a user's PATH."""
    return shutil.which(program) or shutil.which(program, path="/usr/sbin:/sbin")


class Mosquitto(Service):
    """The broker. `queued_max` 0 means no bound on queued messages."""

    def __init__(
        self, directory: Path, *, persistence: bool = True, queued_max: int = 0
    ) -> None:
        super().__init__(directory)
        self._persistence = "true" if persistence else "false"
        self._queued_max = queued_max

    def subscribed(self, pattern: str) -> int:
        """How many subscriptions to exactly this filter the broker has logged."""
        log = self.directory / "mosquitto.log"
        text = log.read_text("utf-8", errors="replace") if log.exists() else ""
        return sum(line.endswith(f" {pattern}") for line in text.splitlines())

    def _command(self) -> list[str]:
        config = self.directory / "mosquitto.conf"
        config.write_text(
            MOSQUITTO_CONFIG.format(
                port=self.port,
                directory=self.directory,
                persistence=self._persistence,
                queued=self._queued_max,
            ),
            "utf-8",
        )
        return [available("mosquitto") or "mosquitto", "-c", str(config)]


class PretendMosquitto(Service):
    """The pretend broker as a process; what it holds ends with it."""

    def __init__(self, directory: Path, options: Sequence[str] = ()) -> None:
        super().__init__(directory)
        self._options = options
        self._control_port = 0

    @property
    def control_url(self) -> str:
        return f"http://127.0.0.1:{self._control_port}"

    def _command(self) -> list[str]:
        self._control_port = self._control_port or free_port()
        places = ["--port", str(self.port)]
        places += ["--control", f"127.0.0.1:{self._control_port}"]
        program = [sys.executable, "-m", "simulators", "broker"]
        return [*program, *places, *self._options]


class Influxd(Service):
    """InfluxDB 1.x without authentication; `database` is created by `create`."""

    def query(self, statement: str, database: str = "") -> list[dict[str, object]]:
        """Return the `results` of one InfluxQL statement; times are nanoseconds."""
        form = {"q": statement, "db": database, "epoch": "ns"}
        request = urllib.request.Request(  # noqa: S310 - the scheme is http, above
            f"{self.url}/query", data=urllib.parse.urlencode(form).encode()
        )
        with urllib.request.urlopen(request, timeout=_HTTP_S) as answer:  # noqa: S310 - as above
            results: list[dict[str, object]] = json.load(answer)["results"]
        return results

    def create(self, database: str) -> None:
        self.query(f'CREATE DATABASE "{database}"')

    def drop(self, database: str) -> None:
        self.query(f'DROP DATABASE "{database}"')

    def _command(self) -> list[str]:
        config = self.directory / "influxdb.conf"
        config.write_text(self._config(), "utf-8")
        return [available("influxd") or "influxd", "-config", str(config)]

    def _config(self) -> str:
        return (
            "reporting-disabled = true\n"
            f'bind-address = "127.0.0.1:{free_port()}"\n'
            f'[meta]\ndir = "{self.directory}/meta"\n'
            f'[data]\ndir = "{self.directory}/data"\nwal-dir = "{self.directory}/wal"\n'
            f'[http]\nbind-address = "127.0.0.1:{self.port}"\nlog-enabled = false\n'
            "[monitor]\nstore-enabled = false\n"
        )

    def _serves(self) -> bool:
        return _answers(f"{self.url}/ping")


class VictoriaMetrics(Service):
    """A v2 write endpoint of another maker: shows that our bytes are taken."""

    def _command(self) -> list[str]:
        return [
            available("victoria-metrics") or "victoria-metrics",
            f"-storageDataPath={self.directory}/data",
            f"-httpListenAddr=127.0.0.1:{self.port}",
            "-search.latencyOffset=0s",
            "-memory.allowedBytes=128MB",
        ]

    def _serves(self) -> bool:
        return _answers(f"{self.url}/health")


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=1.0):  # noqa: S310 - always http
            return True
    except OSError:
        return False
