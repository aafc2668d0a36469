"""A tap on the wire between a gateway and its broker: sees what is in flight.

It forwards every byte unchanged, and knows which messages the broker has sent on
a connection and which of them were acknowledged. It can also cut connections.
Commands come as lines on standard input, each answered by one JSON line:
`cut` breaks every connection now, `report` tells what was seen.
"""

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Final

from mqtt5 import ConnectPacket, read

_CHUNK: Final = 65536
_CONNECT, _PUBLISH, _PUBACK = 1, 3, 4  # packet types
_DUPLICATE: Final = 0x08
_QOS: Final = 0x06
_CLOSED_MAX: Final = 10_000
_CONTINUES: Final = 0x80


class PacketSplitter:
    """Cuts a stream of bytes into whole MQTT packets."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield each packet that is whole now, its header included."""
        self._buffer += data
        while True:
            size = self._whole()
            if size is None:
                return
            packet = bytes(self._buffer[:size])
            del self._buffer[:size]
            yield packet

    def _whole(self) -> int | None:
        length = shift = 0
        for place in range(1, min(len(self._buffer), 5)):
            byte = self._buffer[place]
            length |= (byte & ~_CONTINUES) << shift
            shift += 7
            if byte < _CONTINUES:
                size = place + 1 + length
                return size if size <= len(self._buffer) else None
        return None


@dataclass
class Seen:
    """One connection. Times are Unix milliseconds.

    `foreign_acks` counts acknowledgements of packet ids that the broker had not
    sent on this connection: each may destroy a message that was never read.
    """

    client_id: str = ""
    opened_ms: int = 0
    closed_ms: int = 0
    delivered: int = 0
    redelivered: int = 0
    acknowledged: int = 0
    foreign_acks: int = 0
    unacknowledged: int = 0
    outstanding: set[int] = field(default_factory=set, repr=False)

    def from_broker(self, packet: bytes) -> None:
        """Account for one packet on its way to the gateway."""
        if packet[0] >> 4 != _PUBLISH or not packet[0] & _QOS:
            return
        self.delivered += 1
        self.redelivered += bool(packet[0] & _DUPLICATE)
        self.outstanding.add(_publish_id(packet))

    def from_gateway(self, packet: bytes) -> None:
        """Account for one packet on its way to the broker."""
        kind = packet[0] >> 4
        if kind == _CONNECT:
            connect, _ = read(memoryview(packet))
            assert isinstance(connect, ConnectPacket)
            self.client_id = connect.client_id
        elif kind == _PUBACK:
            number = int.from_bytes(packet[2:4], "big")
            self.acknowledged += 1
            if number in self.outstanding:
                self.outstanding.remove(number)
            else:
                self.foreign_acks += 1

    def report(self) -> dict[str, object]:
        told = {**asdict(self), "unacknowledged": len(self.outstanding)}
        del told["outstanding"]
        return told


def _publish_id(packet: bytes) -> int:
    place = 1
    while packet[place] >= _CONTINUES:
        place += 1
    topic = int.from_bytes(packet[place + 1 : place + 3], "big")
    start = place + 3 + topic
    return int.from_bytes(packet[start : start + 2], "big")


class Tap:
    """Listens for the gateway and connects each connection on to the broker.

    Between CONNACK and whatever the broker sends next it waits `hold_s`: a gateway
    that acknowledges then can only mean messages of an earlier connection.
    """

    def __init__(self, broker_port: int, hold_s: float = 0.0) -> None:
        self._broker_port = broker_port
        self._hold_s = hold_s
        self._open: dict[asyncio.StreamWriter, Seen] = {}
        self._closed: list[Seen] = []

    async def connected(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Carry one connection until either side ends it."""
        seen = Seen(opened_ms=_now_ms())
        try:
            broker_reader, broker = await asyncio.open_connection(
                "127.0.0.1", self._broker_port
            )
        except OSError:
            writer.transport.abort()
            return
        self._open[writer] = seen
        try:
            async with asyncio.TaskGroup() as pumps:
                pumps.create_task(_pump(reader, broker, seen.from_gateway))
                down = _pump(broker_reader, writer, seen.from_broker, self._hold_s)
                pumps.create_task(down)
        except* OSError:
            pass  # an end of the connection, as expected sooner or later
        finally:
            del self._open[writer]
            seen.closed_ms = _now_ms()
            self._closed = [*self._closed[-_CLOSED_MAX:], seen]
            broker.transport.abort()
            writer.transport.abort()

    def cut(self) -> int:
        """Break every connection at once; returns how many."""
        for writer in self._open:
            writer.transport.abort()
        return len(self._open)

    def report(self) -> dict[str, object]:
        """Tell of every connection, the closed ones in the order they closed."""
        return {
            "closed": [seen.report() for seen in self._closed],
            "open": [seen.report() for seen in self._open.values()],
        }


async def _pump(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    account: Callable[[bytes], None],
    hold_s: float = 0.0,
) -> None:
    """Carry one direction; after its first packet, hold the rest once for `hold_s`."""
    splitter = PacketSplitter()
    while data := await reader.read(_CHUNK):
        whole = splitter.feed(data)
        if hold_s and (first := next(whole, None)):
            writer.write(first)
            data = data[len(first) :]
            await asyncio.sleep(hold_s)
            hold_s = 0.0
        for packet in whole:
            account(packet)
        writer.write(data)
        await writer.drain()
    raise ConnectionResetError("closed")  # ends the other direction too


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


async def serve(tap: Tap, listen: int) -> None:
    """Serve until standard input closes."""
    server = await asyncio.start_server(tap.connected, "127.0.0.1", listen)
    async with server:
        _say({"port": server.sockets[0].getsockname()[1]})
        commands = asyncio.StreamReader()
        await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(commands), sys.stdin
        )
        while line := (await commands.readline()).strip():
            _say({"cut": tap.cut()} if line == b"cut" else tap.report())


def _say(what: dict[str, object]) -> None:
    print(json.dumps(what), flush=True)  # noqa: T201 - the contract with whoever started us


def main(arguments: Sequence[str]) -> int:
    """Serve; the first line of output says where, as JSON."""
    parser = argparse.ArgumentParser(prog="python -m simulators tap")
    parser.add_argument("--broker", type=int, required=True, help="its port")
    parser.add_argument("--listen", type=int, default=0)
    parser.add_argument("--hold-ms", type=int, default=0, help="after each CONNACK")
    asked = parser.parse_args(arguments)
    asyncio.run(serve(Tap(asked.broker, asked.hold_ms / 1000), asked.listen))
    return 0
