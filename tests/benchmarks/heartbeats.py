"""What the heartbeats of a large fleet cost the roles.

    python -m tests.benchmarks.heartbeats --devices 10000 --interval 60 --seconds 180

Real mosquitto, pretend InfluxDB and backend. Every device is born and rates once; then
all of them beat once, quickly, for a first heartbeat costs more; then they beat evenly
spread over the interval, one in ten with a press since its last. CPU is that of the
roles alone. The last line is JSON.
"""

import argparse
import itertools
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import msgspec

from simulators.gateway_process import ROLES
from simulators.population import device_id
from simulators.processes import cpu_s, rss_bytes
from tests.benchmarks.idle import feed, say, started
from tests.support.mqtt_client import BareClient
from tests.support.whole import Whole

_SETTLE_S = 5.0
_MIB = 1 << 20
_PRESSED_EVERY = 10
_FIRST_RATE = 1_000.0
_PACKET_ID_MAX = 65_535


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.heartbeats")
    parser.add_argument("--devices", type=int, default=10_000)
    parser.add_argument("--interval", type=float, default=60.0)
    parser.add_argument("--seconds", type=float, default=180.0)
    parser.add_argument("--qos", type=int, choices=(0, 1), default=0)
    asked = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="evalgate-beats-") as name,
        ExitStack() as s,
    ):
        gateway = started(s, Path(name))
        feed(gateway, Path(name), asked.devices)
        beat_once(gateway, asked.devices)
        time.sleep(_SETTLE_S)
        say(
            measured(
                gateway,
                asked.devices,
                asked.devices / asked.interval,
                asked.seconds,
                asked.qos,
            )
        )
    return 0


def beat_once(gateway: Whole, devices: int) -> None:
    accepted = int(gateway.ask("pipeline")["accepted"])
    port = gateway.services.broker_port
    beat(port, devices, _FIRST_RATE, devices / _FIRST_RATE)
    gateway.accepted(accepted + devices)


def measured(
    gateway: Whole, devices: int, rate: float, seconds: float, qos: int = 0
) -> dict[str, object]:
    """CPU of each role while all beat; all heartbeats must be accepted by the end."""
    pids = {role: gateway.pid(role) for role in ROLES}
    before = {role: cpu_s(pid) for role, pid in pids.items()}
    accepted = int(gateway.ask("pipeline")["accepted"])
    sent = beat(gateway.services.broker_port, devices, rate, seconds, qos)
    gateway.accepted(accepted + sent)
    used = {role: cpu_s(pid) - before[role] for role, pid in pids.items()}
    return {
        "devices": devices,
        "heartbeats": sent,
        "rate": sent / seconds,
        "cpu_percent": {role: 100 * it / seconds for role, it in used.items()},
        "cpu_us_each": {role: 1e6 * it / sent for role, it in used.items()},
        "rss_mib": {role: rss_bytes(pid) / _MIB for role, pid in pids.items()},
    }


def beat(port: int, devices: int, rate: float, seconds: float, qos: int = 0) -> int:
    """Publish at this rate; answers how many."""
    with BareClient(port) as client:
        client.connect("beats", keep_alive=0)
        start_s = time.monotonic()
        for number in itertools.count():
            due_s = start_s + number / rate
            if due_s >= start_s + seconds:
                return number
            time.sleep(max(0.0, due_s - time.monotonic()))
            device, turn = number % devices, number // devices
            topic = f"evaluators/v1/{device_id(device)}/heartbeat"
            # The broker's acknowledgements wait in the socket: four bytes each.
            named = {"packet_id": 1 + number % _PACKET_ID_MAX} if qos else {}
            client.publish(topic, heartbeat(turn, device), qos, **named)
    raise AssertionError("unreachable")


def heartbeat(turn: int, device: int) -> bytes:
    """All that a terminal measures."""
    presses = (turn + device) // _PRESSED_EVERY
    return msgspec.json.encode(
        {
            "v": 1,
            "occurred_at": time.time_ns() // 1_000_000,
            "conn_id": f"c-{device}",
            "boot_id": f"b-{device}",
            "uptime_s": 3_600 + 60 * turn,
            "last_seq": presses,
            "key_counts": [presses, 3, 2, 1, 0],
            "buffer_depth": 0,
            "buffer_oldest_s": 0,
            "battery_pct": 80,
            "battery_mv": 3_900,
            "power": "mains",
            "rssi_dbm": -60 - device % 9,
            "storage_free_pct": 70,
            "temperature_c": 25.5,
            "clock_synced": True,
            "firmware": "1.2.3",
            "config_revision": 4,
            "faults": [],
        }
    )


if __name__ == "__main__":
    sys.exit(main())
