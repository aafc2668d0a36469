"""The console over a simulated hall, as a process: `python -m …served DIRECTORY PORT`.

A hall of some terminals with three weeks behind it; acts of the API are folded at
once.
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
from tests.support.folded_api import FoldedApi

HOST = "127.0.0.1"
GATEWAY_ID = "hall-test"


async def serve(directory: Path, port: int) -> None:
    api, stop = FoldedApi(directory), asyncio.Event()
    furnish(api.world)
    api.deliveries.letter("business", "eval-0001:e00-01-0")
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    front = Front(api.app, api.world.clock, GATEWAY_ID)
    try:
        async with asyncio.TaskGroup() as group:
            beside = [
                group.create_task(front.run()),
                group.create_task(api.app.state.live.run(stop)),
            ]
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
    directory, port = sys.argv[1:]
    asyncio.run(serve(Path(directory), int(port)))


if __name__ == "__main__":
    main()
