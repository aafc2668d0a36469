"""How long `GET /api/v1/devices` takes with many terminals, the first request too.

    python -m tests.benchmarks.devices --devices 10000

Real mosquitto, pretend InfluxDB and backend; every device is born, rates and beats
once. The console is killed before each first request. Milliseconds as a client sees
them.
"""

import argparse
import os
import signal
import statistics
import sys
import tempfile
import time
import urllib.request
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from tests.benchmarks.heartbeats import beat_once
from tests.benchmarks.idle import feed, started
from tests.support.whole import Whole, eventually

_TIMES: Final = 7
_SETTLE_S: Final = 2.0
_QUERIES: Final = (
    "",
    "?limit=100",
    "?presence=online",
    "?presence=offline",
    "?presence=stale",
    "?lifecycle=active",
    "?lifecycle=retired",
    "?site=hall",
    "?site=hall&presence=online",
    "?limit=100&cursor=5000",
    "?limit=1000",
)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.devices")
    parser.add_argument("--devices", type=int, default=10_000)
    asked = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="evalgate-devices-") as name,
        ExitStack() as s,
    ):
        gateway = started(s, Path(name))
        feed(gateway, Path(name), asked.devices)
        beat_once(gateway, asked.devices)
        for _ in range(3):
            print(f"first after a start {first_ms(gateway):8.1f}")  # noqa: T201 -- the report
        for query in _QUERIES:
            took = [took_ms(gateway, f"api/v1/devices{query}") for _ in range(_TIMES)]
            middle = statistics.median(took)
            print(f"{query:28} median {middle:7.1f}  most {max(took):7.1f}")  # noqa: T201 -- the report
    return 0


def first_ms(gateway: Whole) -> float:
    """The first request to a console that has just come up again."""
    os.kill(gateway.pid("console"), signal.SIGKILL)
    eventually(lambda: took_ms(gateway, "livez"), "the console is back")
    time.sleep(_SETTLE_S)
    return took_ms(gateway, "api/v1/devices?presence=online")


def took_ms(gateway: Whole, path: str) -> float:
    url = f"http://127.0.0.1:{gateway.port}/{path}"
    begun_s = time.perf_counter()
    with urllib.request.urlopen(url, timeout=20) as answer:
        answer.read()
    return 1_000 * (time.perf_counter() - begun_s)


if __name__ == "__main__":
    sys.exit(main())
