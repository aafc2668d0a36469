"""What a demo starts, as command lines."""

import os
import secrets
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from gateway.cli.demo.layout import Layout

_OUTSIDER: Final = (sys.executable, "-m", "simulators")
_SEEDS: Final = 1 << 32
_DRAIN_S: Final = 1.5
"""For how long terminals that press no more try to get rid of what they keep."""


@dataclass(frozen=True)
class Command:
    """`note` says to a viewer which program it is."""

    words: tuple[str, ...]
    note: str = ""


def commands(layout: Layout) -> Mapping[str, Command]:
    """By name; the terminals press until they are told to end."""
    return {
        "broker": _broker(layout),
        "influxdb": Command(
            (
                *(*_OUTSIDER, "influx", "--api", "v2", "--store", "evaluations"),
                *("--token", layout.token, "--journal", str(layout.points)),
                *("--listen", f"127.0.0.1:{layout.ports.influxdb}"),
            ),
            "pretend InfluxDB",
        ),
        "backend": Command(
            (
                *(*_OUTSIDER, "backend", "--log", str(layout.events)),
                *("--secret", layout.secret),
                *("--listen", f"127.0.0.1:{layout.ports.backend}"),
            ),
            "pretend backend",
        ),
        "gateway": Command(
            (
                *(sys.executable, "-m", "gateway.cli", "run"),
                *("--config", str(layout.config)),
            )
        ),
        "terminals": Command(
            (
                *(*_OUTSIDER, "simulate", str(layout.scenario), "--quiet"),
                *("--broker", f"127.0.0.1:{layout.ports.broker}"),
                *("--seed", str(secrets.randbelow(_SEEDS))),
                *("--drain", str(_DRAIN_S), "--manifest", str(layout.manifest)),
                *("--report", str(layout.report)),
            ),
            f"{layout.terminals} simulated",
        ),
    }


def _broker(layout: Layout) -> Command:
    """Mosquitto where it is installed, else the pretend one."""
    program = mosquitto()
    if program is not None:
        words = (program, "-c", str(layout.mosquitto_config))
        return Command(words, "mosquitto")
    port = str(layout.ports.broker)
    return Command((*_OUTSIDER, "broker", "--port", port), "pretend broker")


def mosquitto() -> str | None:
    """Where it is; Debian keeps daemons outside a user's PATH."""
    return shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")


def environment() -> dict[str, str]:
    """Ours, without what would change the gateway's configuration."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("EVALGATE_")
    }
