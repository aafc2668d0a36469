"""A publisher that costs little: PUBLISH packets out, PUBACKs accounted for."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import Final, Self

from mqtt5 import (
    ConnAckPacket,
    ConnAckReasonCode,
    ConnectPacket,
    PublishPacket,
    QoS,
    read,
)

_PACKET_IDS: Final = 65535
_CONNECT_S: Final = 10.0
_BURST_MAX: Final = 256  # packets joined for one write
_LINGER_S: Final = 0.004  # acknowledgements come together: one wake-up for many
_PUBACK: Final = 0x40
_PUBACK_BYTES: Final = 4  # without a reason code
_FAILED: Final = 0x80


class RefusedError(RuntimeError):
    """The broker did not take the connection."""


def encode(
    topic: str, payload: bytes, packet_id: int, *, retain: bool = False
) -> bytes:
    """Encode a PUBLISH with QoS 1."""
    return PublishPacket(
        topic, payload, qos=QoS.AT_LEAST_ONCE, packet_id=packet_id, retain=retain
    ).write()


def packet_id(number: int) -> int:
    """Give the n-th message of a connection its packet id: 1…65535, then again."""
    return number % _PACKET_IDS + 1


class Publisher(asyncio.Protocol):
    """One connection. Never more than `window_max` unacknowledged packets.

    `refused` counts PUBACKs by reason code from 0x80 up: messages the broker did
    not take.
    """

    def __init__(self, client_id: str, window_max: int) -> None:
        self._client_id = client_id
        self.window_max = window_max
        self._buffer = bytearray()
        self._transport: asyncio.Transport | None = None
        self._connected: asyncio.Future[None] = (
            asyncio.get_running_loop().create_future()
        )
        self._moved = asyncio.Event()
        self.refused: Counter[int] = Counter()
        self.sent = 0
        self.acknowledged = 0

    async def connect(self, host: str, port: int) -> Self:
        """Open the connection; returns when the broker has taken it.

        Raises:
            RefusedError: the broker said no.

        """
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(_CONNECT_S):
            await loop.create_connection(lambda: self, host, port)
            await self._connected
        return self

    @property
    def room(self) -> int:
        """How many packets may be sent now."""
        return self.window_max - (self.sent - self.acknowledged)

    def send(self, packets: Iterator[bytes], count: int) -> int:
        """Send up to `count` of `packets` as far as there is room; returns how many."""
        assert self._transport is not None
        total = 0
        while (size := min(count - total, self.room, _BURST_MAX)) > 0:
            burst = list(islice(packets, size))
            if not burst:
                break
            self._transport.write(b"".join(burst))
            self.sent += len(burst)
            total += len(burst)
        return total

    async def progress(self, wait_s: float) -> None:
        """Wait until an acknowledgement comes, or `wait_s` have passed.

        Raises:
            ConnectionError: the broker closed the connection.

        """
        self._moved.clear()
        try:
            async with asyncio.timeout(wait_s):
                await self._moved.wait()
        except TimeoutError:
            pass
        if self._transport is None:
            raise ConnectionResetError(f"{self._client_id}: closed by the broker")

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(ConnectPacket(self._client_id, clean_start=True).write())

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._moved.set()
        if not self._connected.done():
            self._connected.set_exception(RefusedError(f"closed: {exc}"))

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._connected.done():
            self._greet()
        if self._connected.done():
            self._account()
            self._moved.set()
            self._rest()

    def _rest(self) -> None:
        """Read on a little later: a broker sends each acknowledgement by itself."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.pause_reading()
            asyncio.get_running_loop().call_later(_LINGER_S, self._read_on)

    def _read_on(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    def _greet(self) -> None:
        try:
            packet, size = read(memoryview(bytes(self._buffer)))
        except IndexError:  # not whole yet
            return
        del self._buffer[:size]
        if not isinstance(packet, ConnAckPacket) or (
            packet.reason_code != ConnAckReasonCode.SUCCESS
        ):
            self._connected.set_exception(RefusedError(repr(packet)))
            return
        self.window_max = min(self.window_max, packet.receive_max)
        self._connected.set_result(None)

    def _account(self) -> None:
        """Count whole PUBACKs: 4 bytes, or more when a reason code follows."""
        data = bytes(self._buffer)
        count, odd = divmod(len(data), _PUBACK_BYTES)
        if not odd and data[::4].count(_PUBACK) == data[1::4].count(2) == count:
            self.acknowledged += count
            self._buffer.clear()
            return
        place, end = 0, len(data)
        while place + 2 <= end and place + 2 + data[place + 1] <= end:
            size = data[place + 1]  # every packet a broker sends us is short
            if data[place] == _PUBACK:
                self.acknowledged += 1
                if size > 2 and data[place + 4] >= _FAILED:  # noqa: PLR2004 - after the packet id
                    self.refused[data[place + 4]] += 1
            place += 2 + size
        del self._buffer[:place]
