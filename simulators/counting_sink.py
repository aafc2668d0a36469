"""A sink that costs next to nothing: counts points and events, answers 204.

It is the same for every consumer that is compared. Points are lines of the
measurement `rating`; events are CloudEvents `rating.recorded`, or, for senders
that know no CloudEvents, objects with an `event_id`. What was received is kept
in memory up to a bound and written to a spool at the end, for exact counts.
"""

import argparse
import asyncio
import gzip
import json
import re
import signal
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, NamedTuple

SPOOL_BYTES_MAX: Final = 2 * 1024**3

_HEAD_END: Final = b"\r\n\r\n"
_LENGTH: Final = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_GZIP: Final = re.compile(rb"\r\ncontent-encoding: *gzip", re.IGNORECASE)
_RECORDED: Final = (  # counting is ten times as quick as a pattern
    b'"type":"evalgate.rating.recorded.v1"',
    b'"type": "evalgate.rating.recorded.v1"',
)
_NO_CONTENT: Final = b"HTTP/1.1 204 No Content\r\n\r\n"
_NO_LENGTH: Final = b"HTTP/1.1 411 Length Required\r\nContent-Length: 0\r\n\r\n"


@dataclass
class Tally:
    """What has come so far; `*_ns` is the monotonic clock of the last one."""

    requests: int = 0
    points: int = 0
    events: int = 0
    last_point_ns: int = 0
    last_event_ns: int = 0
    spool_full: bool = False


class Spooled(NamedTuple):
    """One request: `kind` is points or events."""

    kind: str
    at_ns: int
    body: bytes


def count_points(body: bytes) -> int:
    """Count the lines of the measurement `rating`."""
    first = body.startswith((b"rating,", b"rating "))
    return first + body.count(b"\nrating,") + body.count(b"\nrating ")


def count_events(body: bytes) -> int:
    """Count the ratings told of in a request."""
    if b'"specversion"' in body:
        return sum(map(body.count, _RECORDED))
    return body.count(b'"event_id"')


class CountingSink:
    """The counts, and what was received, over all connections."""

    def __init__(self, spool_bytes_max: int = SPOOL_BYTES_MAX) -> None:
        self.tally = Tally()
        self._left = spool_bytes_max
        self._spool: list[Spooled] = []

    def take(self, path: bytes, body: bytes) -> None:
        """Count one request by its path."""
        tally, now_ns = self.tally, time.monotonic_ns()
        tally.requests += 1
        if path.startswith((b"/write", b"/api/v2/write")):
            tally.points += count_points(body)
            tally.last_point_ns = now_ns
            self._keep(Spooled("points", now_ns, body))
        elif path.startswith(b"/events"):
            tally.events += count_events(body)
            tally.last_event_ns = now_ns
            self._keep(Spooled("events", now_ns, body))

    def _keep(self, received: Spooled) -> None:
        self._left -= len(received.body)
        if self._left < 0:
            self.tally.spool_full = True
            return
        self._spool.append(received)

    def write_spool(self, path: Path) -> None:
        with path.open("wb") as out:
            for kind, at_ns, body in self._spool:
                out.write(b"%s %d %d\n" % (kind.encode(), at_ns, len(body)) + body)


def read_spool(path: Path) -> Iterator[Spooled]:
    """Read back what a sink received, in order."""
    with path.open("rb") as spool:
        while head := spool.readline():
            kind, at_ns, size = head.split()
            yield Spooled(kind.decode(), int(at_ns), spool.read(int(size)))


class _Connection(asyncio.Protocol):
    def __init__(self, sink: CountingSink) -> None:
        self._sink = sink
        self._buffer = bytearray()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        buffer = self._buffer
        buffer += data
        while (head_size := buffer.find(_HEAD_END)) >= 0:
            head = bytes(buffer[:head_size])
            size, whole = 0, head_size + len(_HEAD_END)
            if length := _LENGTH.search(head):
                size = int(length[1])
            if len(buffer) < whole + size:
                return
            with memoryview(buffer) as view:  # a slice of a bytearray is one copy more
                body = bytes(view[whole : whole + size])
            del buffer[: whole + size]
            self._answer(head, body, known=length is not None)

    def _answer(self, head: bytes, body: bytes, *, known: bool) -> None:
        assert self._transport is not None
        method, path, _ = head.split(b" ", 2)
        if method == b"GET":
            counts = json.dumps(asdict(self._sink.tally)).encode()
            size = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(counts)
            self._transport.write(size + counts)
        elif not known:
            self._transport.write(_NO_LENGTH)
        else:
            plain = gzip.decompress(body) if _GZIP.search(head) else body
            self._sink.take(path, plain)
            self._transport.write(_NO_CONTENT)


async def serve(sink: CountingSink, listen: str) -> None:
    """Serve until SIGTERM or SIGINT; the first line of output says where, as JSON."""
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, ended.set)
    host, _, port = listen.rpartition(":")
    server = await loop.create_server(lambda: _Connection(sink), host, int(port))
    async with server:
        bound = server.sockets[0].getsockname()[1]
        place = {"port": bound, "url": f"http://{host}:{bound}"}
        print(json.dumps(place), flush=True)  # noqa: T201 - the contract with whoever started us
        await ended.wait()


def main(arguments: Sequence[str]) -> int:
    """Serve until told to end; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m simulators sink")
    parser.add_argument("--listen", default="127.0.0.1:0")
    parser.add_argument("--spool", type=Path, help="written at the end")
    asked = parser.parse_args(arguments)
    sink = CountingSink()
    asyncio.run(serve(sink, asked.listen))
    if asked.spool:
        sink.write_spool(asked.spool)
    return 0
