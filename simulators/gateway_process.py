"""A gateway as a process: its configuration, its roles' pids, and its end."""

import contextlib
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from simulators.processes import Child, rss_bytes

ROLES: Final = ("supervisor", "ingest", "process", "deliver", "console")
SECRET: Final = "whsec_ZXZhbGdhdGUgYmVuY2ggc2VjcmV0"  # noqa: S105 - signs for pretend services only

_DEVICES_HEAD: Final = (
    "device_id,hw_serial,model,profile,lifecycle,site,window,labels,installed_at\n"
)
_CONFIG: Final = """\
[gateway]
id = "{gateway_id}"
data_dir = "{data_dir}"
keyring_file = "{keyring}"

[broker]
url = "mqtt://127.0.0.1:{broker_port}"
client_id = "{client_id}"
root = "evaluators"

[fleet]
{fleet}

[[influxdb]]
name = "main"
url = "{influx_url}"
{influx_place}

[[backend]]
name = "business"
url = "{backend_url}"
secret = "{secret}"
events = ["*"]
allow_private_addresses = true

[console]
listen = "127.0.0.1:{console_port}"
"""


@dataclass(frozen=True, kw_only=True)
class Site:
    """Where a gateway stands: its services and its directory."""

    directory: Path
    broker_port: int
    influx_url: str
    backend_url: str
    console_port: int
    database: str = ""  # InfluxDB 1.x; without it, v2 with org o and bucket b
    devices: Mapping[str, str] = field(default_factory=dict)  # id -> lifecycle

    @property
    def data_dir(self) -> Path:
        return self.directory / "data"

    def write_config(self) -> Path:
        """Write the gateway's configuration file; returns where."""
        v1 = f'api = "v1"\ndatabase = "{self.database}"'
        v2 = 'api = "v2"\norg = "o"\nbucket = "b"\ntoken = "t"'
        self.directory.mkdir(parents=True, exist_ok=True)
        path = self.directory / "gateway.toml"
        path.write_text(
            _CONFIG.format(
                gateway_id="g1",
                client_id="evalgate-g1",
                data_dir=self.data_dir,
                keyring=self.directory / "keyring",
                fleet=self._fleet(),
                broker_port=self.broker_port,
                influx_url=self.influx_url,
                influx_place=v1 if self.database else v2,
                backend_url=self.backend_url,
                secret=SECRET,
                console_port=self.console_port,
            ),
            "utf-8",
        )
        return path

    def _fleet(self) -> str:
        """Approve whoever comes; or know `devices`, and hold all others."""
        if not self.devices:
            return 'unknown_devices = "approve"'
        table = self.directory / "devices.csv"
        rows = [f"{name},,,,{state},,,,\n" for name, state in self.devices.items()]
        table.write_text(_DEVICES_HEAD + "".join(rows), "utf-8")
        return f'unknown_devices = "hold"\ndevices_file = "{table}"'


class GatewayProcess:
    """`evalgate run` over one data directory; start again after a kill."""

    def __init__(
        self, site: Site, command: Sequence[str] = (sys.executable, "-m", "gateway.cli")
    ) -> None:
        self.site = site
        self._command = command
        self._config = site.write_config()
        self._child: Child | None = None

    def start(self, env: Mapping[str, str] | None = None) -> None:
        """Start the supervisor, which starts the roles."""
        self._child = Child(
            [*self._command, "run", "--config", str(self._config)],
            self.site.directory / "log",
            env,
        )

    @property
    def running(self) -> bool:
        return self._child is not None and self._child.running

    def log_tail(self) -> str:
        return self._child.tail() if self._child else ""

    def pids(self) -> dict[str, int]:
        """Pids by role, as the gateway itself tells them; the living ones."""
        found = {"supervisor": self._child.pid} if self._child else {}
        for role in ROLES[1:]:
            with contextlib.suppress(FileNotFoundError, ValueError):
                text = (self.site.data_dir / "run" / f"{role}.pid").read_text("ascii")
                found[role] = int(text)
        return {role: pid for role, pid in found.items() if rss_bytes(pid)}

    @property
    def whole(self) -> bool:
        """Whether every role runs; the console is the last to come."""
        return self.pids().keys() == set(ROLES)

    def kill_role(self, role: str) -> bool:
        """Kill -9 one role; whether it was there to be killed."""
        pid = self.pids().get(role)
        if pid is None:
            return False
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        return True

    def kill(self) -> None:
        """Kill -9 the whole group, the supervisor first so that it revives none."""
        pids = list(self.pids().values())
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if self._child is not None:
            self._child.kill()
            self._child = None

    def stop(self) -> None:
        """End it in good order."""
        if self._child is not None:
            self._child.stop(deadline_s=30.0)
            self._child = None
