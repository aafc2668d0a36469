"""Records from other roles reach the journal through ingest: the client's side.

A call either knows the place of its records, or knows that they were refused, or
raises TransientError: then nothing is known, and the caller may ask the ledger.
"""

import asyncio
import socket
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from gateway.errors import PermanentError, TransientError
from gateway.ipc import frames
from gateway.ipc.addresses import address
from gateway.ipc.frames import FrameError, FrameReader, Placed, Refused, Request
from gateway.ports import Record

Place = tuple[int, int, int]

TIMEOUT_S: Final = 5.0
CONNECT_RETRY_S: Final = 0.05
PENDING_MAX: Final = 256
_READ_BYTES: Final = 1 << 16


class SubmissionClient:
    """Submits over one connection, which it makes again when it is lost."""

    def __init__(self, path: Path, timeout_s: float = TIMEOUT_S) -> None:
        self._path = path
        self._timeout_s = timeout_s
        self._connection: _Connection | None = None
        self._connecting = asyncio.Lock()
        self._room = asyncio.Semaphore(PENDING_MAX)
        self._next_id = 0

    async def submit(self, records: Sequence[Record]) -> Place:
        """(generation, block, first message index) after fsync.

        Raises:
            TransientError: no answer in time, or not now; try again.
            PermanentError: refused; an operator must act.

        """
        try:
            async with asyncio.timeout(self._timeout_s), self._room:
                self._next_id += 1
                frame = frames.encoded(Request(self._next_id, list(records)))
                return _place(await self._asked(self._next_id, frame))
        except TimeoutError as error:
            raise TransientError("ingest did not answer in time") from error
        except FrameError as error:
            raise PermanentError(str(error)) from error

    async def close(self) -> None:
        """Hang up; calls that wait learn nothing of their records' fate."""
        if self._connection:
            self._connection.close()
            await self._connection.gone.wait()

    async def _asked(self, number: int, frame: bytes) -> Placed | Refused:
        connection = await self._connected()
        return await connection.ask(number, frame)

    async def _connected(self) -> "_Connection":
        async with self._connecting:
            while self._connection is None or self._connection.gone.is_set():
                try:
                    self._connection = await self._connect()
                except OSError:  # ingest is starting: within the caller's deadline
                    await asyncio.sleep(CONNECT_RETRY_S)
            return self._connection

    async def _connect(self) -> "_Connection":
        loop = asyncio.get_running_loop()
        with address(self._path) as name:
            _, made = await loop.create_unix_connection(_Connection, name)
        return made


class _Connection(asyncio.Protocol):
    """Answers find their questions by id."""

    def __init__(self) -> None:
        self._reader = FrameReader()
        self._waiting: dict[int, asyncio.Future[Placed | Refused]] = {}
        self._transport: asyncio.WriteTransport | None = None
        self.gone = asyncio.Event()

    async def ask(self, number: int, frame: bytes) -> Placed | Refused:
        assert self._transport is not None
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Placed | Refused] = loop.create_future()
        self._waiting[number] = future
        try:
            self._transport.write(frame)
            return await future
        finally:
            del self._waiting[number]

    def close(self) -> None:
        assert self._transport is not None
        self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        try:
            for content in self._reader.feed(data):
                answer = frames.answer(content)
                future = self._waiting.get(answer.id)
                if future and not future.done():
                    future.set_result(answer)
        except FrameError:
            self.close()

    def connection_lost(self, _: Exception | None) -> None:
        self.gone.set()
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(TransientError("ingest went away"))


def submit_once(
    path: Path, records: Sequence[Record], timeout_s: float = TIMEOUT_S
) -> Place:
    """Submit from a program without an event loop.

    Raises:
        TransientError: nobody listens, or no answer in time.
        PermanentError: refused; an operator must act.

    """
    deadline = time.monotonic() + timeout_s
    try:
        frame = frames.encoded(Request(1, list(records)))
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as stream:
            stream.settimeout(timeout_s)
            with address(path) as name:
                stream.connect(name)
            stream.sendall(frame)
            return _place(_answer(stream, deadline))
    except OSError as error:
        raise TransientError(f"ingest did not answer: {error}") from error
    except FrameError as error:
        raise PermanentError(str(error)) from error


def _answer(stream: socket.socket, deadline: float) -> Placed | Refused:
    reader = FrameReader()
    while (left_s := deadline - time.monotonic()) > 0:
        stream.settimeout(left_s)
        data = stream.recv(_READ_BYTES)
        if not data:
            raise TransientError("ingest went away")
        for content in reader.feed(data):
            return frames.answer(content)
    raise TransientError("ingest did not answer in time")


def _place(answer: Placed | Refused) -> Place:
    match answer:
        case Placed(_, generation, block, index):
            return generation, block, index
        case Refused(_, True, reason):
            raise PermanentError(reason)
        case Refused(_, _, reason):
            raise TransientError(reason)
