"""The broker without I/O: packets of connections in, packets for sessions out."""

import re
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from typing import Final, Protocol

from mqtt5 import (
    ConnAckPacket,
    ConnAckReasonCode,
    ConnectPacket,
    DisconnectReasonCode,
    Packet,
    PublishPacket,
    QoS,
    RetainHandling,
    SubAckReasonCode,
    SubscribePacket,
    TopicFilter,
    UnsubAckReasonCode,
    Will,
)

from simulators.pretend.broker import topics
from simulators.pretend.broker.sessions import (
    Link,
    Message,
    Outgoing,
    Session,
    Subscription,
)
from simulators.pretend.broker.stream import VERSION_5
from simulators.pretend.broker.topics import FilterTree

_NEVER_S: Final = 0xFFFF_FFFF
_LIVE_RECEIVE_MAX: Final = 65_535
_GRANTED: Final = tuple(SubAckReasonCode(qos) for qos in range(3))


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Every bound; what happens beyond it is told to the client or counted."""

    connections_max: int = 20_000
    queued_max: int = 1000  # for each session; mosquitto's default
    sessions_max: int = 100_000
    retained_max: int = 100_000
    filters_max: int = 1000  # for each session
    packet_bytes_max: int = 65_536
    receive_max: int = _LIVE_RECEIVE_MAX  # of a client's QoS 1 and 2, unanswered
    topic_aliases_max: int = 10
    qos_max: int = 2
    keep_alive_s_max: int = 65_535
    session_expiry_s_max: int = 14 * 86_400

    def __post_init__(self) -> None:
        for name, (low, high) in _RANGES.items():
            value = getattr(self, name)
            if not low <= value <= high:
                raise ValueError(f"{name}: {value} is not within {low} and {high}")


_ANY: Final = (0, 2**31)
_RANGES: Final = {
    **dict.fromkeys((it.name for it in fields(Limits)), _ANY),
    "packet_bytes_max": (64, 268_435_460),
    "receive_max": (1, 65_535),
    "topic_aliases_max": (0, 65_535),
    "qos_max": (0, 2),
    "keep_alive_s_max": (1, 65_535),
}


class Witness(Protocol):
    """Sees what clients say, as the broker understood it."""

    def entered(self, client_id: str, packet: ConnectPacket, version: int) -> None:
        """A CONNECT that was accepted; `version` is 4 for 3.1.1, or 5."""
        ...

    def heard(self, client_id: str, packet: Packet) -> None:
        """One packet after CONNECT; a topic alias is resolved."""
        ...

    def parted(self, client_id: str, *, in_order: bool) -> None:
        """The connection is over; `in_order` when the client said goodbye."""
        ...


class Broker:
    """Sessions, subscriptions, retained messages and wills.

    `counts` grows: messages in and out, and everything that was dropped and why.
    """

    def __init__(self, limits: Limits, clock_ms: Callable[[], int]) -> None:
        self.limits = limits
        self.clock_ms = clock_ms
        self.witness: Witness | None = None
        self.counts: Counter[str] = Counter()
        self.sessions: dict[str, Session] = {}
        self._filters: FilterTree[Session, Subscription] = FilterTree()
        self._retained: dict[str, Message] = {}

    # ----- connections

    def connect(
        self, link: Link, asked: ConnectPacket, *, version: int
    ) -> tuple[Session | None, ConnAckPacket]:
        """Find or make the session: (it, what to answer); None when refused."""
        anonymous = not asked.client_id
        if anonymous and version < VERSION_5 and not asked.clean_start:
            return None, _refusal(ConnAckReasonCode.CLIENT_ID_NOT_VALID)
        if asked.will is not None and not topics.is_name(asked.will.topic):
            return None, _refusal(ConnAckReasonCode.TOPIC_NAME_INVALID)
        if asked.will is not None and int(asked.will.qos) > self.limits.qos_max:
            return None, _refusal(ConnAckReasonCode.QUALITY_NOT_SUPPORTED)
        client_id = asked.client_id or f"auto-{uuid.uuid4()}"
        known = self.sessions.get(client_id)
        if known is not None and known.link is not None:
            known.link.end(DisconnectReasonCode.SESSION_TAKEN_OVER)
            self.leave(known, with_will=True)
            self.counts["taken_over"] += 1
        if asked.clean_start and client_id in self.sessions:
            self._remove(self.sessions[client_id])
        present = client_id in self.sessions
        if not present and len(self.sessions) >= self.limits.sessions_max:
            return None, _refusal(ConnAckReasonCode.QUOTA_EXCEEDED)
        session = self._opened(client_id, link, asked, version)
        return session, self._welcome(session, asked, present=present)

    def _opened(
        self, client_id: str, link: Link, asked: ConnectPacket, version: int
    ) -> Session:
        session = self.sessions.get(client_id)
        if session is None:
            session = Session(client_id, self.limits.queued_max, self.counts)
            self.sessions[client_id] = session
        expiry_s = asked.session_expiry_interval
        if version < VERSION_5:
            expiry_s = 0 if asked.clean_start else _NEVER_S
        session.expiry_ms = min(expiry_s, self.limits.session_expiry_s_max) * 1000
        session.will = asked.will
        session.attach(link, asked.receive_max, asked.max_packet_size)
        return session

    def _welcome(
        self, session: Session, asked: ConnectPacket, *, present: bool
    ) -> ConnAckPacket:
        limits = self.limits
        shortened = asked.session_expiry_interval > limits.session_expiry_s_max
        return ConnAckPacket(
            session_present=present,
            session_expiry_interval=limits.session_expiry_s_max if shortened else None,
            assigned_client_id=None if asked.client_id else session.client_id,
            server_keep_alive=self.shortened_keep_alive_s(asked),
            receive_max=limits.receive_max,
            topic_alias_max=limits.topic_aliases_max,
            max_qos=QoS(limits.qos_max),
            max_packet_size=limits.packet_bytes_max,
            shared_subscription_available=False,
        )

    def shortened_keep_alive_s(self, asked: ConnectPacket) -> int | None:
        """Our own bound when the client asked for more, or for none."""
        longest_s = self.limits.keep_alive_s_max
        unbounded = longest_s == Limits.keep_alive_s_max
        if unbounded or 0 < asked.keep_alive <= longest_s:
            return None
        return longest_s

    def leave(self, session: Session, *, with_will: bool) -> None:
        """The connection is over; the session may outlive it."""
        now_ms = self.clock_ms()
        if self.witness is not None:
            self.witness.parted(session.client_id, in_order=not with_will)
        session.link = None
        session.expires_ms = now_ms + session.expiry_ms
        if not with_will:
            session.will = None
        elif session.will is not None:
            delay_ms = min(session.will.will_delay_interval * 1000, session.expiry_ms)
            session.will_due_ms = now_ms + delay_ms
            if not delay_ms:
                self._publish_will(session)
        if not session.expiry_ms:
            self._remove(session)

    def tick(self) -> None:
        """Publish wills that are due, end sessions that have expired."""
        now_ms = self.clock_ms()
        for session in list(self.sessions.values()):
            if session.link is not None:
                continue
            if session.will_due_ms is not None and session.will_due_ms <= now_ms:
                self._publish_will(session)
            if session.expires_ms is not None and session.expires_ms <= now_ms:
                self._remove(session)

    def forget(self, chosen: re.Pattern[str]) -> int:
        """Lose the messages of the sessions whose client id matches; how many."""
        found = (one for one in self.sessions.values() if chosen.search(one.client_id))
        return sum(one.lose_messages() for one in found)

    def _remove(self, session: Session) -> None:
        """The session ends, and a will that still waited is due."""
        if session.will_due_ms is not None:
            self._publish_will(session)
        for pattern in session.subscriptions:
            self._filters.remove(pattern, session)
        self.sessions.pop(session.client_id, None)

    def _publish_will(self, session: Session) -> None:
        will, session.will, session.will_due_ms = session.will, None, None
        if will is not None:
            self.publish(session, _packet_of(will))

    # ----- messages

    def publish(self, sender: Session, packet: PublishPacket) -> int:
        """Give it to whoever subscribes, keep it if retained; returns to how many."""
        now_ms = self.clock_ms()
        expiry_s = packet.message_expiry_interval
        expires_ms = None if expiry_s is None else now_ms + expiry_s * 1000
        message = Message(packet, expires_ms)
        self.counts["received"] += 1
        if packet.retain:
            self._retain(message)
        takers = self._takers(sender, packet.topic)
        for session, chosen in takers.items():
            session.offer(_addressed(message, chosen), now_ms)
        return len(takers)

    def _takers(self, sender: Session, topic: str) -> dict[Session, list[Subscription]]:
        takers: dict[Session, list[Subscription]] = {}
        for session, subscription in self._filters.taking(topic):
            if session is sender and subscription.filter.no_local:
                continue
            takers.setdefault(session, []).append(subscription)
        return takers

    def _retain(self, message: Message) -> None:
        topic = message.packet.topic
        if not message.packet.payload:
            self._retained.pop(topic, None)
        elif topic in self._retained or len(self._retained) < self.limits.retained_max:
            self._retained[topic] = message
        else:
            self.counts["dropped_retained_full"] += 1

    def subscribe(
        self, session: Session, packet: SubscribePacket
    ) -> tuple[list[SubAckReasonCode], list[Subscription]]:
        """The codes to answer, and those that `send_retained` is owed for, then."""
        codes = []
        owed = []
        for chosen in packet.topic_filters:
            code, fresh = self._subscribe(session, chosen, packet.subscription_id)
            codes.append(code)
            always = chosen.retain_handling == RetainHandling.SEND_ALWAYS
            never = chosen.retain_handling == RetainHandling.SEND_NEVER
            if code in _GRANTED and not never and (always or fresh):
                owed.append(session.subscriptions[chosen.pattern])
        return codes, owed

    def _subscribe(
        self, session: Session, chosen: TopicFilter, identifier: int | None
    ) -> tuple[SubAckReasonCode, bool]:
        pattern = chosen.pattern
        if not topics.is_filter(pattern):
            return SubAckReasonCode.TOPIC_FILTER_INVALID, False
        if topics.is_shared(pattern):
            return SubAckReasonCode.SHARED_SUBSCRIPTIONS_NOT_SUPPORTED, False
        known = pattern in session.subscriptions
        if not known and len(session.subscriptions) >= self.limits.filters_max:
            return SubAckReasonCode.QUOTA_EXCEEDED, False
        qos = min(int(chosen.max_qos), self.limits.qos_max)
        subscription = Subscription(chosen, qos, identifier)
        session.subscriptions[pattern] = subscription
        return _GRANTED[qos], self._filters.put(pattern, session, subscription)

    def send_retained(self, session: Session, owed: list[Subscription]) -> None:
        now_ms = self.clock_ms()
        for subscription in owed:
            for message in self._retained_for(subscription.filter.pattern, now_ms):
                qos = min(int(message.packet.qos), subscription.qos)
                names = _identifiers([subscription])
                session.offer(Outgoing(message, qos, True, names), now_ms)  # noqa: FBT003 - a field, positional like its neighbours

    def _retained_for(self, pattern: str, now_ms: int) -> Iterator[Message]:
        if topics.is_literal(pattern):
            found = [self._retained[pattern]] if pattern in self._retained else []
        else:
            takes = topics.compiled(pattern).match
            found = [it for topic, it in self._retained.items() if takes(topic)]
        for message in found:
            if message.expires_ms is None or message.expires_ms > now_ms:
                yield message
            else:
                del self._retained[message.packet.topic]

    def unsubscribe(self, session: Session, pattern: str) -> UnsubAckReasonCode:
        if session.subscriptions.pop(pattern, None) is None:
            return UnsubAckReasonCode.NO_SUBSCRIPTION_EXISTED
        self._filters.remove(pattern, session)
        return UnsubAckReasonCode.SUCCESS


def _refusal(code: ConnAckReasonCode) -> ConnAckPacket:
    return ConnAckPacket(reason_code=code)


def _identifiers(chosen: list[Subscription]) -> tuple[int, ...]:
    return tuple(it.identifier for it in chosen if it.identifier is not None)


def _addressed(message: Message, chosen: list[Subscription]) -> Outgoing:
    """One copy for a session, however many of its filters take it."""
    packet = message.packet
    return Outgoing(
        message,
        min(int(packet.qos), max(it.qos for it in chosen)),
        packet.retain and any(it.filter.retain_as_published for it in chosen),
        _identifiers(chosen),
    )


def _packet_of(will: Will) -> PublishPacket:
    return PublishPacket(
        will.topic,
        will.payload or b"",
        qos=will.qos,
        retain=will.retain,
        packet_id=1 if int(will.qos) else None,
        payload_format_indicator=will.payload_format_indicator,
        message_expiry_interval=will.message_expiry_interval,
        content_type=will.content_type,
        response_topic=will.response_topic,
        correlation_data=will.correlation_data,
        user_properties=will.user_properties,
    )
