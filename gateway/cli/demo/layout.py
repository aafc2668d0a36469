"""Where everything of one demo is: its directory, its ports, its configuration."""

import os
import secrets
import socket
from base64 import b64encode
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from gateway.cli.demo import registry

CONSOLE_PORT: Final = 8700
_LOOPBACK: Final = "127.0.0.1"

_GATEWAY: Final = """\
[gateway]
id = "demo"
data_dir = "data"
stop_timeout_s = 2.0

[broker]
url = "mqtt://127.0.0.1:{broker}"
client_id = "evalgate-demo"
reconnect_delay_s_max = 1.0

[fleet]
unknown_devices = "approve"
{tables}

[canary]
every_s = 30

[[influxdb]]
name = "influxdb"
url = "http://127.0.0.1:{influxdb}"
api = "v2"
org = "demo"
bucket = "evaluations"
token = "{token}"
request_timeout_s = 2.0
retry_delay_s_max = 2.0

[[backend]]
name = "backend"
url = "http://127.0.0.1:{backend}/events"
secret = "{secret}"
allow_private_addresses = true
request_timeout_s = 2.0
retry_delay_s_max = 2.0

[console]
listen = "127.0.0.1:{console}"
"""

# Persistent, so that what waits for a gateway that is down outlives the broker, too.
_MOSQUITTO: Final = """\
listener {broker} 127.0.0.1
allow_anonymous true
{user}
persistence true
persistence_location {directory}/
autosave_on_changes true
autosave_interval 1
max_queued_messages 100000
max_inflight_messages 0
set_tcp_nodelay true
log_dest stderr
log_type error
log_type warning
"""

# A day passes in 24 minutes, its opening peak at once. All terminals keep an event
# until its receipt, so that what was pressed can be counted to the last one.
_SCENARIO: Final = """\
about = "The hall of a demo"

[population]
terminals = {terminals}
prefix = "{prefix}"
connect_per_s = {connect_per_s}

[[stages]]
duration_s = 86400
rate = {rate}

[day]
start_hour = 8.5
time_factor = 60
closed = 0.3

[ratings]
positive = [0.85, 0.97]

[faults]
offline_per_hour = 20
offline_s = [1, 4]
unclean_per_hour = 2
resend = 0.03
id_reuse = 0.005
junk = 0.01
slow = 0.05
slow_ms = [100, 600]
"""
_PRESSES_A_TERMINAL_S: Final = 0.1
_CONNECTS_S_MIN: Final = 100
"""All are connected within a second; a first press need not wait for longer."""


class Ports(NamedTuple):
    broker: int
    influxdb: int
    backend: int
    console: int


@dataclass(frozen=True)
class Layout:
    """The files of a demo; secrets are made for it and worth nothing afterwards."""

    directory: Path
    ports: Ports
    token: str
    secret: str
    terminals: int

    @property
    def config(self) -> Path:
        return self.directory / "gateway.toml"

    @property
    def run_dir(self) -> Path:
        return self.directory / "data" / "run"

    @property
    def scenario(self) -> Path:
        """What the terminals do."""
        return self.directory / "hall.toml"

    @property
    def report(self) -> Path:
        """What the terminals say in the end."""
        return self.directory / "report.json"

    @property
    def manifest(self) -> Path:
        """What terminals pressed, a JSON line each, written in the end."""
        return self.directory / "pressed.jsonl"

    @property
    def points(self) -> Path:
        """What the pretend InfluxDB took."""
        return self.directory / "points.lines"

    @property
    def events(self) -> Path:
        """What the pretend backend was sent, a JSON line a request."""
        return self.directory / "events.jsonl"

    @property
    def mosquitto_config(self) -> Path:
        return self.directory / "mosquitto.conf"

    def write(self) -> None:
        """Write the configurations of gateway and broker, tables, and the scenario."""
        scenario = _SCENARIO.format(
            terminals=self.terminals,
            prefix=registry.PREFIX,
            connect_per_s=max(_CONNECTS_S_MIN, self.terminals),
            rate=self.terminals * _PRESSES_A_TERMINAL_S,
        )
        self.scenario.write_text(scenario, "utf-8")
        registry.write(self.directory, self.terminals)
        fields = {
            **self.ports._asdict(),
            "token": self.token,
            "secret": self.secret,
            "tables": registry.settings(),
        }
        self.config.write_text(_GATEWAY.format(**fields), "utf-8")
        self.config.chmod(0o600)
        # Started by root, it would become somebody who may not write there.
        user = "user root" if os.geteuid() == 0 else ""
        text = _MOSQUITTO.format(
            broker=self.ports.broker, directory=self.directory, user=user
        )
        self.mosquitto_config.write_text(text, "utf-8")


def lay_out(directory: Path, terminals: int) -> Layout:
    """A layout with fresh secrets and free ports, written to `directory`."""
    layout = Layout(
        directory,
        free_ports(),
        token=secrets.token_hex(),
        secret="whsec_" + b64encode(secrets.token_bytes(24)).decode(),
        terminals=terminals,
    )
    layout.write()
    return layout


def free_ports() -> Ports:
    """Ports that nobody listens on now; the console's is its default one if free."""
    with ExitStack() as held:
        wanted = {"console": CONSOLE_PORT}
        found = {name: _free(held, wanted.get(name, 0)) for name in Ports._fields}
        return Ports(**found)


def _free(held: ExitStack, wanted: int) -> int:
    probe = held.enter_context(socket.socket())
    # As the server will: connections of an earlier one that linger are no obstacle.
    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        probe.bind((_LOOPBACK, wanted))
    except OSError:
        probe.bind((_LOOPBACK, 0))
    port: int = probe.getsockname()[1]
    return port


def accepts(port: int) -> bool:
    """Whether somebody takes connections there."""
    try:
        with socket.create_connection((_LOOPBACK, port), timeout=0.5):
            return True
    except OSError:
        return False
