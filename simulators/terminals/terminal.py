"""One terminal on the wire: MQTT 5, birth and will, receipts, reconnecting."""

import asyncio
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from mqtt5 import (
    ConnAckPacket,
    ConnAckReasonCode,
    ConnectPacket,
    DisconnectPacket,
    Packet,
    PubAckPacket,
    PublishPacket,
    QoS,
    SubscribePacket,
    TopicFilter,
    Will,
    read,
)

from device_protocol.topics import Channel, topic
from simulators.terminals.outbox import Outbox

_CONNECT_S: Final = 3.0
_BACKOFF_S: Final = 0.1
_BACKOFF_S_MAX: Final = 1.0
_TICK_S: Final = 0.02
_CHUNK: Final = 65536
_PACKET_IDS: Final = 65535


@dataclass(frozen=True)
class Place:
    """Where a terminal connects, and under which root it speaks."""

    port: int
    root: str = "evaluators"


class Terminal:
    """Keeps events in its outbox; `run` sends them until it is cancelled.

    Cancelled, it says goodbye: presence offline, then DISCONNECT.
    """

    def __init__(
        self, name: str, place: Place, outbox: Outbox, dice: random.Random
    ) -> None:
        self._name = name
        self._place = place
        self._dice = dice
        self._packet_id = 0
        self.outbox = outbox
        self.connections = 0

    async def run(self) -> None:
        """Stay connected, whatever the broker does."""
        backoff_s = _BACKOFF_S
        while True:
            try:
                await self._converse()
            except (OSError, TimeoutError, ValueError):
                await asyncio.sleep(self._dice.uniform(0, backoff_s))
                backoff_s = min(backoff_s * 2, _BACKOFF_S_MAX)
            else:
                backoff_s = _BACKOFF_S

    async def _converse(self) -> None:
        async with asyncio.timeout(_CONNECT_S):
            reader, writer = await asyncio.open_connection(
                "127.0.0.1", self._place.port
            )
        packets = _Packets(reader)
        now_s = asyncio.get_running_loop().time
        try:
            await self._greet(packets, writer)
            while True:
                for payload in self.outbox.take_due(now_s()):
                    writer.write(self._publish(Channel.RATING, payload))
                await writer.drain()
                for packet in await packets.within(_TICK_S):
                    self._receive(packet, writer)
        except asyncio.CancelledError:
            self._part(writer)
            raise
        except BaseException:
            writer.transport.abort()
            raise

    def _part(self, writer: asyncio.StreamWriter) -> None:
        """Leave in good order, without waiting for anybody."""
        writer.write(self._publish(Channel.PRESENCE, self._presence("offline")))
        writer.write(DisconnectPacket().write())
        writer.close()

    async def _greet(self, packets: "_Packets", writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        presence = topic(self._place.root, self._name, Channel.PRESENCE)
        will = Will(
            presence,
            payload=self._presence("offline"),
            qos=QoS.AT_LEAST_ONCE,
            retain=True,
        )
        writer.write(
            ConnectPacket(
                self._name,
                clean_start=False,
                session_expiry_interval=3600,
                will=will,
            ).write()
        )
        async with asyncio.timeout(_CONNECT_S):
            first = await packets.next()
        if (
            not isinstance(first, ConnAckPacket)
            or first.reason_code != ConnAckReasonCode.SUCCESS
        ):
            raise ConnectionRefusedError(repr(first))
        receipts = topic(self._place.root, self._name, Channel.RECEIPT)
        chosen = TopicFilter(receipts, max_qos=QoS.AT_LEAST_ONCE)
        writer.write(SubscribePacket(self._next_id(), [chosen]).write())
        writer.write(self._publish(Channel.PRESENCE, self._presence("online")))

    def _presence(self, state: str) -> bytes:
        presence = {
            "v": 1,
            "state": state,
            "conn_id": f"{self._name}-{self.connections}",
            "boot_id": f"{self._name}-boot",
            "capabilities": {"receipts": True},
        }
        return json.dumps(presence).encode()

    def _publish(self, channel: Channel, payload: bytes) -> bytes:
        return PublishPacket(
            topic(self._place.root, self._name, channel),
            payload,
            qos=QoS.AT_LEAST_ONCE,
            retain=channel is Channel.PRESENCE,
            packet_id=self._next_id(),
        ).write()

    def _next_id(self) -> int:
        self._packet_id = self._packet_id % _PACKET_IDS + 1
        return self._packet_id

    def _receive(self, packet: Packet, writer: asyncio.StreamWriter) -> None:
        if not isinstance(packet, PublishPacket):
            return  # a PUBACK promises nothing: see the protocol, "receipt"
        if packet.packet_id is not None:
            writer.write(PubAckPacket(packet.packet_id).write())
        receipt = json.loads(packet.payload)
        rejected = receipt.get("rejected", ())
        self.outbox.settle(
            receipt.get("event_ids", []),
            [one["event_id"] for one in rejected if "event_id" in one],
        )


class _Packets:
    """Whole packets out of a stream."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader
        self._buffer = bytearray()

    async def next(self) -> Packet:
        while True:
            for packet in self._whole():
                return packet
            await self._fill()

    async def within(self, wait_s: float) -> list[Packet]:
        """Return the packets that come within `wait_s`."""
        try:
            async with asyncio.timeout(wait_s):
                await self._fill()
        except TimeoutError:
            pass
        return list(self._whole())

    async def _fill(self) -> None:
        data = await self._reader.read(_CHUNK)
        if not data:
            raise ConnectionResetError("closed by the broker")
        self._buffer += data

    def _whole(self) -> Iterator[Packet]:
        while self._buffer:
            try:
                packet, size = read(memoryview(bytes(self._buffer)))
            except IndexError:  # not whole yet
                return
            del self._buffer[:size]
            yield packet
