"""The console's process: one port for API and console, until told to stop."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import structlog
import uvicorn
from starlette.types import ASGIApp

log = structlog.get_logger("console")

_REQUESTS_MAX: Final = 200
_KEEP_ALIVE_S: Final = 15
_STOP_S_MAX: Final = 5
_BACKLOG: Final = 128


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the role, which owns the process."""
        yield


async def run_console(app: ASGIApp, host: str, port: int, stop: asyncio.Event) -> None:
    """Serve until `stop` is set; requests in flight have `_STOP_S_MAX` to end.

    Raises OSError when the address is in use or not ours.
    """
    config = uvicorn.Config(
        app,
        http="h11",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        limit_concurrency=_REQUESTS_MAX,
        timeout_keep_alive=_KEEP_ALIVE_S,
        timeout_graceful_shutdown=_STOP_S_MAX,
    )
    server = _Server(config)
    listener = _listen(host, port)
    log.info("console_started", host=host, port=listener.getsockname()[1])
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(_stop_when(server, stop))
            group.create_task(_serve(server, listener, stop))
    finally:
        listener.close()


def _listen(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    listener = socket.socket(family, kind, protocol)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
    except OSError:
        listener.close()
        raise
    listener.listen(_BACKLOG)
    return listener


async def _stop_when(server: uvicorn.Server, stop: asyncio.Event) -> None:
    await stop.wait()
    server.should_exit = True


async def _serve(
    server: uvicorn.Server, listener: socket.socket, stop: asyncio.Event
) -> None:
    try:
        await server.serve(sockets=[listener])
    finally:
        stop.set()
