"""An MQTT 5 broker for one subscriber: a session that outlives its connections.

It keeps what the subscriber has not acknowledged, never sends more than Receive
Maximum at once, and sends again after a reconnect, with DUP. Packet ids begin anew
with each connection, rising or always the lowest free one: an acknowledgement for an
id of an earlier connection takes another message away. A kill may take the queue, or
the whole session.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final, NamedTuple

from mqtt5 import (
    ConnAckPacket,
    ConnectPacket,
    DisconnectPacket,
    PingReqPacket,
    PingRespPacket,
    PubAckPacket,
    PublishPacket,
    QoS,
    SubAckPacket,
    SubAckReasonCode,
    SubscribePacket,
    read,
)

from tests.scenarios.world.network import Listener, Network

ADDRESS: Final = "broker:1883"
SUBSCRIBER: Final = "gateway"
PACKET_IDS: Final = 65_535


class Message(NamedTuple):
    topic: str
    payload: bytes
    retain: bool = False


class Broker:
    """`acknowledged` is told of every message that the subscriber acknowledged.

    `foreign` is told of packet ids that were not in flight, `told` of what the gateway
    publishes on its second connection.
    """

    def __init__(
        self,
        network: Network,
        acknowledged: Callable[[Message], None],
        foreign: Callable[[int], None],
        told: Callable[[str, bytes], None],
    ) -> None:
        self._network = network
        self._acknowledged = acknowledged
        self._foreign = foreign
        self._told = told
        self._listener = Listener(network, ADDRESS, lambda: _Connection(self))
        self._connection: _Connection | None = None
        self._queue: deque[tuple[Message, bool]] = deque()  # True: sent before
        self._in_flight: dict[int, Message] = {}
        self._retained: dict[str, Message] = {}
        self._packet_id = 0
        self._ids_rise = network.dice.random() < 1 / 2
        self.has_session = False
        self.up = False
        self.starts = 0
        self.lost: set[bytes] = set()  # payloads that a kill took

    @property
    def empty(self) -> bool:
        """Whether the subscriber has acknowledged all there is."""
        return not self._queue and not self._in_flight

    @property
    def unacknowledged(self) -> int:
        return len(self._in_flight)

    def start(self) -> None:
        self.up = True
        self.starts += 1
        self._network.listen(self._listener)

    def publish(self, message: Message) -> bool:
        """A terminal publishes: whether the broker takes it (PUBACK with success)."""
        if not self.up:
            return False
        if message.retain:
            self._retained[message.topic] = message
        if not self.has_session:
            return False  # no matching subscribers
        self._queue.append((message._replace(retain=False), False))
        self._pump()
        return True

    def kill(self, *, loses_queue: bool, loses_session: bool) -> None:
        self.up = False
        self._network.forget(self._listener)
        self._network.break_all(lambda end: isinstance(end.protocol, _Connection))
        self._connection = None
        self._requeue()
        if loses_queue or loses_session:
            self.lost |= {message.payload for message, _ in self._queue}
            self._queue.clear()
        if loses_session:
            self.has_session = False

    # ----- the subscriber's side

    def connected(self, connection: "_Connection", packet: ConnectPacket) -> None:
        if packet.client_id != SUBSCRIBER:
            connection.send(ConnAckPacket(receive_max=10))
            return
        if self._connection is not None:
            self._connection.end()
        self._connection = connection
        self._requeue()
        self._packet_id = 0
        if packet.clean_start:
            self._queue.clear()
            self.has_session = False
        present = self.has_session
        connection.send(ConnAckPacket(session_present=present))
        if present:
            self._pump()

    def subscribed(self, connection: "_Connection", packet: SubscribePacket) -> None:
        codes = [
            SubAckReasonCode.GRANTED_QOS_AT_LEAST_ONCE for _ in packet.topic_filters
        ]
        self.has_session = True
        for message in self._retained.values():
            self._queue.append((message, False))
        connection.send(SubAckPacket(packet.packet_id, codes))
        self._pump()

    def published(self, connection: "_Connection", packet: PublishPacket) -> None:
        """The gateway publishes: once we have it, we say so."""
        self._told(packet.topic, packet.payload or b"")
        assert packet.packet_id is not None
        connection.send(PubAckPacket(packet.packet_id))

    def acknowledged(self, packet_id: int) -> None:
        message = self._in_flight.pop(packet_id, None)
        if message is None:
            self._foreign(packet_id)
        else:
            self._acknowledged(message)
        self._pump()

    def gone(self, connection: "_Connection") -> None:
        if connection is self._connection:
            self._connection = None
            self._requeue()

    def _requeue(self) -> None:
        """What was in flight comes first when the subscriber is back."""
        for message in reversed(self._in_flight.values()):
            self._queue.appendleft((message, True))
        self._in_flight.clear()

    def _pump(self) -> None:
        connection = self._connection
        if connection is None:
            return
        while self._queue and len(self._in_flight) < connection.receive_max:
            message, again = self._queue.popleft()
            self._take_packet_id()
            self._in_flight[self._packet_id] = message
            connection.send(
                PublishPacket(
                    message.topic,
                    message.payload,
                    qos=QoS.AT_LEAST_ONCE,
                    packet_id=self._packet_id,
                    retain=message.retain,
                    duplicate=again,
                )
            )

    def _take_packet_id(self) -> None:
        if not self._ids_rise:
            self._packet_id = 0
        self._packet_id = self._packet_id % PACKET_IDS + 1
        while self._packet_id in self._in_flight:
            self._packet_id = self._packet_id % PACKET_IDS + 1


class _Connection(asyncio.Protocol):
    """The broker's end of a connection."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._buffer = b""
        self._transport: asyncio.Transport | None = None
        self.receive_max = 0

    def send(
        self,
        packet: ConnAckPacket
        | SubAckPacket
        | PubAckPacket
        | PingRespPacket
        | PublishPacket,
    ) -> None:
        assert self._transport is not None
        self._transport.write(packet.write())

    def end(self) -> None:
        assert self._transport is not None
        self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        self._broker.gone(self)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while self._buffer:
            try:
                packet, size = read(memoryview(self._buffer))
            except IndexError:
                return  # not whole yet
            self._buffer = self._buffer[size:]
            self._take(packet)

    def _take(self, packet: object) -> None:
        match packet:
            case ConnectPacket():
                self.receive_max = packet.receive_max
                self._broker.connected(self, packet)
            case SubscribePacket():
                self._broker.subscribed(self, packet)
            case PubAckPacket():
                self._broker.acknowledged(packet.packet_id)
            case PublishPacket():
                self._broker.published(self, packet)
            case PingReqPacket():
                self.send(PingRespPacket())
            case DisconnectPacket():
                self.end()
            case _:
                raise AssertionError(f"the gateway sent {packet!r}")
