"""What a broker keeps for one client: subscriptions, queue, packets under way."""

from collections import Counter, deque
from collections.abc import Sequence
from typing import Final, NamedTuple, Protocol

from mqtt5 import (
    DisconnectReasonCode,
    Packet,
    PublishPacket,
    PubRelPacket,
    QoS,
    TopicFilter,
    Will,
)

_PACKET_ID_MAX: Final = 65_535


class Link(Protocol):
    """The network connection of a session."""

    @property
    def writable(self) -> bool:
        """Whether its client reads as fast as we write."""
        ...

    def send(self, packet: Packet) -> None: ...

    def end(self, code: DisconnectReasonCode) -> None:
        """Tell why, and close."""
        ...


class Message(NamedTuple):
    """One application message as published; `expires_ms` on the broker's clock."""

    packet: PublishPacket
    expires_ms: int | None


class Outgoing(NamedTuple):
    """A message on its way to one client."""

    message: Message
    qos: int
    retain: bool
    subscription_ids: Sequence[int] = ()


class Subscription(NamedTuple):
    filter: TopicFilter
    qos: int
    identifier: int | None


class Session:
    """One client's state. `link` is None while it is away.

    What waits is bounded by `queued_max`; beyond it the newest message is dropped
    and counted, as mosquitto does. QoS 0 never waits.
    """

    def __init__(self, client_id: str, queued_max: int, counts: Counter[str]) -> None:
        self.client_id = client_id
        self.link: Link | None = None
        self.subscriptions: dict[str, Subscription] = {}
        self.incoming: set[int] = set()  # QoS 2 that came and is not released
        self.will: Will | None = None
        self.will_due_ms: int | None = None
        self.expiry_ms = 0
        self.expires_ms: int | None = None
        self._queued_max = queued_max
        self._counts = counts
        self._receive_max = 0
        self._packet_bytes_max: int | None = None
        self._waiting: deque[Outgoing] = deque()
        self._under_way: dict[int, Outgoing | None] = {}  # None: only PUBREL is owed
        self._packet_id = 0

    @property
    def queued(self) -> int:
        return len(self._waiting)

    @property
    def under_way(self) -> int:
        return len(self._under_way)

    def attach(
        self, link: Link, receive_max: int, packet_bytes_max: int | None
    ) -> None:
        """The client is here, and takes `receive_max` messages unacknowledged."""
        self.link = link
        self.expires_ms = self.will_due_ms = None
        self._receive_max = receive_max
        self._packet_bytes_max = packet_bytes_max

    def resume(self, now_ms: int) -> None:
        """Send again what was under way, in its order, then what waits."""
        link = self.link
        if link is None:
            return
        for packet_id, outgoing in list(self._under_way.items()):
            if outgoing is None:
                link.send(PubRelPacket(packet_id))
            else:
                self._transmit(link, outgoing, now_ms, packet_id, duplicate=True)
        self.pump(now_ms)

    def offer(self, outgoing: Outgoing, now_ms: int) -> None:
        """Send it now, or keep it for later, or drop it."""
        link = self.link
        if outgoing.qos == 0:
            if link is not None and link.writable:
                self._transmit(link, outgoing, now_ms)
            else:
                self._counts["dropped_qos0"] += 1
        elif len(self._waiting) < self._queued_max:
            self._waiting.append(outgoing)
            self.pump(now_ms)
        else:
            self._counts["dropped_queue_full"] += 1

    def pump(self, now_ms: int) -> None:
        """Send what waits, as far as the client has room."""
        link = self.link
        waiting, under_way = self._waiting, self._under_way
        while (
            waiting
            and link is not None
            and link.writable
            and len(under_way) < self._receive_max
        ):
            outgoing = waiting.popleft()
            packet_id = self._next_packet_id()
            if self._transmit(link, outgoing, now_ms, packet_id):
                under_way[packet_id] = outgoing

    def acknowledged(self, packet_id: int, now_ms: int) -> None:
        """PUBACK, PUBCOMP, or a PUBREC that refuses; an unknown id means nothing."""
        if packet_id in self._under_way:
            del self._under_way[packet_id]
            self.pump(now_ms)

    def received(self, packet_id: int) -> bool:
        """PUBREC: from now on only PUBREL is owed; whether the id was in use."""
        if packet_id not in self._under_way:
            return False
        self._under_way[packet_id] = None
        return True

    def lose_messages(self) -> int:
        """Forget all that waits or is under way, as a broker in a crash; how many."""
        lost = len(self._waiting) + len(self._under_way)
        self._waiting.clear()
        self._under_way.clear()
        return lost

    def _transmit(
        self,
        link: Link,
        outgoing: Outgoing,
        now_ms: int,
        packet_id: int | None = None,
        *,
        duplicate: bool = False,
    ) -> bool:
        """Send it, unless it has expired or is larger than the client takes."""
        expires_ms = outgoing.message.expires_ms
        if expires_ms is not None and expires_ms <= now_ms and not duplicate:
            self._counts["dropped_expired"] += 1
            return False
        packet = _forwarded(outgoing, now_ms, packet_id, duplicate=duplicate)
        size_max = self._packet_bytes_max
        if size_max is not None and len(packet.write()) > size_max:
            self._counts["dropped_too_large"] += 1
            return False
        self._counts["sent"] += 1
        link.send(packet)
        return True

    def _next_packet_id(self) -> int:
        """Packet ids go round; one in use is skipped (fewer than 65,535 are)."""
        while True:
            self._packet_id = self._packet_id % _PACKET_ID_MAX + 1
            if self._packet_id not in self._under_way:
                return self._packet_id


def _forwarded(
    outgoing: Outgoing, now_ms: int, packet_id: int | None, *, duplicate: bool
) -> PublishPacket:
    message = outgoing.message
    packet, expires_ms = message.packet, message.expires_ms
    left_s = None if expires_ms is None else max(-((now_ms - expires_ms) // 1000), 0)
    return PublishPacket(
        packet.topic,
        packet.payload,
        qos=QoS(outgoing.qos),
        retain=outgoing.retain,
        packet_id=packet_id,
        duplicate=duplicate,
        payload_format_indicator=packet.payload_format_indicator,
        message_expiry_interval=left_s,
        content_type=packet.content_type,
        response_topic=packet.response_topic,
        correlation_data=packet.correlation_data,
        subscription_ids=list(outgoing.subscription_ids),
        user_properties=packet.user_properties,
    )
