"""Records from other roles reach the journal through ingest: the server's side."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from gateway import crashpoints
from gateway.errors import PermanentError, TransientError
from gateway.ipc import frames
from gateway.ipc.addresses import address
from gateway.ipc.frames import FrameError, FrameReader, Placed, Refused, Request
from gateway.ports import Record

PENDING_MAX: Final = 64  # of one connection: above it, it is not read
CONNECTIONS_MAX: Final = 64
ANSWER_BYTES_MAX: Final = 1 << 20

Submit = Callable[[list[Record]], Awaitable[tuple[int, int, int]]]


class SubmissionServer:
    """Takes submissions and answers each when `submit` has made it durable.

    What `submit` raises as Transient- or PermanentError is answered; anything else
    is ours and ends the task group that serves.
    """

    def __init__(self, submit: Submit, group: asyncio.TaskGroup) -> None:
        self._submit = submit
        self._group = group
        self._connections: set[_Connection] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False
        self._empty = asyncio.Event()
        self._empty.set()
        self.refused_connections = 0

    @property
    def connections(self) -> int:
        return len(self._connections)

    def protocol(self) -> asyncio.Protocol:
        return _Connection(self)

    def joined(self, connection: "_Connection") -> bool:
        """Whether there is room for one more."""
        if self._closed or len(self._connections) >= CONNECTIONS_MAX:
            self.refused_connections += 1
            return False
        self._connections.add(connection)
        self._empty.clear()
        return True

    def left(self, connection: "_Connection") -> None:
        self._connections.discard(connection)
        if not self._connections:
            self._empty.set()

    def take(self, request: Request, connection: "_Connection") -> None:
        task = self._group.create_task(self._answer(request, connection))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Hang up; who still waits knows nothing about the fate of their records."""
        self._closed = True
        for task in self._tasks:
            task.cancel()
        for connection in list(self._connections):
            connection.close()
        await self._empty.wait()

    async def _answer(self, request: Request, connection: "_Connection") -> None:
        connection.answer(await self._settled(request))

    async def _settled(self, request: Request) -> Placed | Refused:
        try:
            place = await self._submit(request.records)
        except TransientError as error:
            return Refused(request.id, permanent=False, reason=str(error))
        except PermanentError as error:
            return Refused(request.id, permanent=True, reason=str(error))
        crashpoints.reach("submit.after_append")
        return Placed(request.id, *place)


class _Connection(asyncio.Protocol):
    def __init__(self, server: SubmissionServer) -> None:
        self._server = server
        self._reader = FrameReader()
        self._transport: asyncio.Transport | None = None
        self._pending = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        if not self._server.joined(self):
            transport.abort()

    def data_received(self, data: bytes) -> None:
        assert self._transport is not None
        try:
            for content in self._reader.feed(data):
                self._pending += 1
                self._server.take(frames.request(content), self)
        except FrameError:
            self.close()
        if self._pending >= PENDING_MAX:
            self._transport.pause_reading()

    def answer(self, answer: Placed | Refused) -> None:
        assert self._transport is not None
        self._pending -= 1
        if self._transport.is_closing():
            return
        self._transport.write(frames.encoded(answer))
        if self._transport.get_write_buffer_size() > ANSWER_BYTES_MAX:
            self.close()  # it asks and does not listen
        elif self._pending < PENDING_MAX:
            self._transport.resume_reading()

    def close(self) -> None:
        assert self._transport is not None
        self._transport.abort()

    def connection_lost(self, _: Exception | None) -> None:
        self._server.left(self)


@asynccontextmanager
async def serving(path: Path, submit: Submit) -> AsyncIterator[SubmissionServer]:
    """Serve at `path` inside the block; unfinished submissions end with it."""
    listener = _listener(path)
    async with asyncio.TaskGroup() as group:
        server = SubmissionServer(submit, group)
        loop = asyncio.get_running_loop()
        accepting = await loop.create_unix_server(server.protocol, sock=listener)
        try:
            yield server
        finally:
            accepting.close()
            await server.close()
            _remove(path)


def _listener(path: Path) -> socket.socket:
    _remove(path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    os.fchmod(listener.fileno(), 0o600)  # before it has a name
    with address(path) as name:
        listener.bind(name)
    return listener


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)
