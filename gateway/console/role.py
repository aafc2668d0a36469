"""The console's process: one port for API and console, until told to stop."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from importlib import import_module
from typing import Any, Final, cast

import structlog
import uvicorn
from starlette.types import ASGIApp

from gateway.errors import PermanentError

log = structlog.get_logger("console")

_REQUESTS_MAX: Final = 200
_KEEP_ALIVE_S: Final = 15
_STOP_S_MAX: Final = 5
_BACKLOG: Final = 128
_EACH_SECOND: Final = 0
"""uvicorn's count of ticks at which it renews the Date header."""


class _Server(uvicorn.Server):
    """Serves until `stop` is set; its own loop would wake ten times a second."""

    def __init__(self, config: uvicorn.Config, stop: asyncio.Event) -> None:
        super().__init__(config)
        self._stop = stop

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the role, which owns the process."""
        yield

    async def main_loop(self) -> None:
        while not self._stop.is_set():
            await self.on_tick(_EACH_SECOND)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), 1)


def _socket_protocol(**given: Any) -> asyncio.Protocol:  # noqa: ANN401 -- uvicorn's
    """Load what speaks the protocol of websockets when a page opens the first one."""
    module = import_module("uvicorn.protocols.websockets.wsproto_impl")
    protocol: asyncio.Protocol = module.WSProtocol(**given)
    return protocol


async def run_console(app: ASGIApp, host: str, port: int, stop: asyncio.Event) -> None:
    """Serve until `stop` is set; requests in flight have `_STOP_S_MAX` to end.

    Raises PermanentError when nobody may listen there.
    """
    config = uvicorn.Config(
        app,
        http="h11",
        ws=cast("type[asyncio.Protocol]", _socket_protocol),
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        limit_concurrency=_REQUESTS_MAX,
        timeout_keep_alive=_KEEP_ALIVE_S,
        timeout_graceful_shutdown=_STOP_S_MAX,
    )
    with closing(_listener(host, port)) as listener:
        log.info("console_started", host=host, port=listener.getsockname()[1])
        await _Server(config, stop).serve(sockets=[listener])


def _listener(host: str, port: int) -> socket.socket:
    try:
        return _listen(host, port)
    except OSError as error:
        raise PermanentError(
            f"[console] listen: {host}:{port} cannot be had: {error.strerror}"
        ) from error


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
