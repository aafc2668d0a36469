"""What a gateway costs that has seen many devices and has nothing to do.

    python -m tests.benchmarks.idle --devices 10000 --seconds 60

Real mosquitto, pretend InfluxDB and backend. Every device is born and rates once; when
all is delivered the roles are left alone and measured. The last line is JSON.
"""

import argparse
import json
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import apsw

from simulators.gateway_process import ROLES, SECRET
from simulators.processes import Child, cpu_s, rss_bytes
from simulators.services import Mosquitto
from tests.support.whole import Services, Whole, eventually

_MINUTES_A_DAY = 1440
_ROW_BYTES = 60  # numbers and lengths beside the blobs of a block's row
_SETTLE_S = 5.0
_MIB = 1 << 20


class Extent(NamedTuple):
    """The journal's blocks, and what their rows hold."""

    blocks: int
    bytes: int


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.idle")
    parser.add_argument("--devices", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=60.0)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="evalgate-idle-") as name, ExitStack() as s:
        gateway = started(s, Path(name))
        feed(gateway, Path(name), asked.devices)
        time.sleep(_SETTLE_S)
        report = measured(gateway, asked.seconds)
    report["devices"] = asked.devices
    say(report)
    return 0


def started(stack: ExitStack, directory: Path) -> Whole:
    """A gateway that approves whoever comes, among its neighbours."""
    broker = stack.enter_context(Mosquitto(directory / "broker"))
    backend = pretend(stack, directory, "backend", "--log", str(directory / "raw"))
    influx = pretend(stack, directory, "influx", "--api", "v1", "--store", "idle")
    services = Services(broker.port, backend, influx, "idle")
    fleet = {"[fleet]": ['unknown_devices = "approve"']}
    gateway = Whole(directory / "gateway", services, fleet)
    stack.callback(gateway.kill)
    gateway.start()
    return gateway


def pretend(stack: ExitStack, directory: Path, name: str, *options: str) -> str:
    words = [sys.executable, "-m", "simulators", name, *options]
    words += ["--secret", SECRET] if name == "backend" else []
    child = Child(words, directory / f"{name}.err", piped=True)
    stack.enter_context(child)
    return str(json.loads(child.read_line())["url"])


def feed(gateway: Whole, directory: Path, devices: int) -> None:
    """A birth and a rating of each device, delivered to both sinks."""
    options = ["--n", str(devices), "--devices", str(devices), "--births"]
    options += ["--port", str(gateway.services.broker_port)]
    words = [sys.executable, "-m", "simulators", "load", *options]
    words += ["--manifest", str(directory / "manifest")]
    with Child(words, directory / "load.err", piped=True) as child:
        sent = json.loads(child.read_line())
    gateway.accepted(int(sent["good"]) + int(sent["births"]))
    eventually(
        lambda: not any(sink["owed"] for sink in gateway.ask("pipeline")["sinks"]),
        "everything delivered",
    )


def extent(gateway: Whole) -> Extent:
    path = str(gateway.data_dir / "journal.db")
    connection = apsw.Connection(path, flags=apsw.SQLITE_OPEN_READONLY)
    ((blocks, size),) = connection.execute(
        "SELECT count(*), sum(length(body) + length(digest) + length(chain) + ?)"
        " FROM block",
        (_ROW_BYTES,),
    ).fetchall()
    connection.close()
    assert isinstance(blocks, int)
    assert isinstance(size, int)
    return Extent(blocks, size)


def measured(gateway: Whole, seconds: float) -> dict[str, object]:
    """CPU and memory of each role, and the journal's growth, while nothing happens."""
    pids = {role: gateway.pid(role) for role in ROLES}
    before_cpu = {role: cpu_s(pid) for role, pid in pids.items()}
    before = extent(gateway)
    time.sleep(seconds)
    used = {role: cpu_s(pid) - before_cpu[role] for role, pid in pids.items()}
    after = extent(gateway)
    days = seconds / 60 / _MINUTES_A_DAY
    return {
        "seconds": seconds,
        "cpu_percent": {role: 100 * it / seconds for role, it in used.items()},
        "rss_mib": {role: rss_bytes(pid) / _MIB for role, pid in pids.items()},
        "pss_mib": {role: pss_bytes(pid) / _MIB for role, pid in pids.items()},
        "journal_blocks": after.blocks - before.blocks,
        "journal_mib_a_day": (after.bytes - before.bytes) / days / _MIB,
    }


def pss_bytes(pid: int) -> int:
    """Memory of a process, what it shares divided among those who share it."""
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii")
    (line,) = [line for line in rollup.splitlines() if line.startswith("Pss:")]
    return int(line.split()[1]) * 1024


def say(report: dict[str, object]) -> None:
    tables = {key: it for key, it in report.items() if isinstance(it, dict)}
    for name, values in tables.items():
        cells = "  ".join(f"{role} {value:.2f}" for role, value in values.items())
        print(f"{name:12} {sum(values.values()):8.2f}  = {cells}")  # noqa: T201 -- the report
    print(json.dumps(report))  # noqa: T201 -- the report


if __name__ == "__main__":
    sys.exit(main())
