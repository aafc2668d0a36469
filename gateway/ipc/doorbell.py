"""Roles wake each other: a datagram, which may be lost, on a Unix socket.

A bell says "look", so nothing may rest on its arrival: who waits also looks by
itself now and then.
"""

import asyncio
import os
import socket
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from gateway.ipc.addresses import address

PAYLOAD_BYTES_MAX: Final = 256
REDACT: Final = b"redact"
"""Rung at ingest: something was erased that the journal still holds."""

RINGS_MAX: Final = 256  # different payloads kept; of more, only that it rang is kept


class Ringer:
    """Rings one bell; its socket is made once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._socket = _datagrams()

    def ring(self, payload: bytes = b"") -> bool:
        """Ring without waiting; False when nobody listens or the bell is full."""
        assert len(payload) <= PAYLOAD_BYTES_MAX
        try:
            with address(self._path) as name:
                self._socket.sendto(payload, name)
        except OSError:
            return False
        return True

    def close(self) -> None:
        self._socket.close()


def ring(path: Path, payload: bytes = b"") -> bool:
    """Ring a bell that is seldom rung."""
    ringer = Ringer(path)
    try:
        return ringer.ring(payload)
    finally:
        ringer.close()


class Doorbell:
    """Listens at `path`, where one process listens at a time.

    Use it as a context manager inside a running event loop.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._socket = _datagrams()
        self._rung = asyncio.Event()
        self._payloads: dict[bytes, None] = {}

    def __enter__(self) -> Self:
        self._path.unlink(missing_ok=True)
        os.fchmod(self._socket.fileno(), 0o600)  # before it has a name
        with address(self._path) as name:
            self._socket.bind(name)
        asyncio.get_running_loop().add_reader(self._socket, self._hear)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        asyncio.get_running_loop().remove_reader(self._socket)
        self._socket.close()
        self._path.unlink(missing_ok=True)

    async def wait(self, timeout_s: float) -> list[bytes]:
        """The payloads that came, each once; empty when the time is over."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._rung.wait()
        self._rung.clear()
        payloads = list(self._payloads)
        self._payloads.clear()
        return payloads

    def _hear(self) -> None:
        """Take what came: a datagram left there would wake the loop for ever."""
        with suppress(BlockingIOError):
            for _ in range(RINGS_MAX):
                payload = self._socket.recv(PAYLOAD_BYTES_MAX)
                if len(self._payloads) < RINGS_MAX:
                    self._payloads[payload] = None
        self._rung.set()


def _datagrams() -> socket.socket:
    made = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    made.setblocking(False)  # noqa: FBT003 - the standard library's signature
    return made
