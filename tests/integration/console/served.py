"""The console over a simulated hall, as a process: `python -m …served DIRECTORY PORT`.

A hall of some terminals with two weeks behind it; acts of the API are folded at once.
With `--lively` people press, terminals beat and sinks take what they are owed.
"""

import asyncio
import os
import signal
import sys
from pathlib import Path

import structlog

from gateway.console.front import Front
from gateway.console.role import run_console
from tests.integration.console.hall import furnish
from tests.integration.console.pulse import EVE_MS, Pulse
from tests.support.folded_api import FoldedApi
from tests.support.folding import START_MS

HOST = "127.0.0.1"
GATEWAY_ID = "hall-test"
DOWN = "ClientConnectorError: Cannot connect to host influx:8086"
"""What delivery says of a sink that is away."""


async def serve(directory: Path, port: int, *, lively: bool) -> None:
    stop = asyncio.Event()
    api = FoldedApi(directory, EVE_MS if lively else START_MS)
    pulse = Pulse(api) if lively else None
    if pulse is None:
        furnish(api.world)
        down = ("points", "influxdb", 0, 0, 0, 0, "retrying", DOWN)
        api.deliveries.sink(*down)
    api.deliveries.letter("business", "eval-0001:e00-01-0")
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    front = Front(api.app, api.world.clock, GATEWAY_ID)
    try:
        async with asyncio.TaskGroup() as group:
            beside = [
                group.create_task(front.run()),
                group.create_task(api.app.state.live.run(stop)),
            ]
            if pulse is not None:
                beside.append(group.create_task(pulse.beat()))
            await run_console(front, HOST, port, stop)
            for task in beside:
                task.cancel()
    finally:
        api.close()


def main() -> None:
    # The library behaves in another way where it thinks that a test runs it.
    for name in [name for name in os.environ if name.startswith("PYTEST_")]:
        del os.environ[name]
    structlog.configure(
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    directory, port, *options = sys.argv[1:]
    asyncio.run(serve(Path(directory), int(port), lively="--lively" in options))


if __name__ == "__main__":
    main()
