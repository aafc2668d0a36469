"""What was seen of one terminal, and what of it breaks a clause. No I/O."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from mqtt5 import ConnectPacket, Packet, PublishPacket, SubscribePacket

from device_protocol import topics
from device_protocol.codec import CHANNELS, decode
from device_protocol.errors import ProtocolError, Reason
from device_protocol.messages import Presence, Rating
from device_protocol.topics import Channel
from simulators.conformance.clauses import CLAUSES
from simulators.pretend.broker.topics import compiled, is_filter

IN_FLIGHT_MAX: Final = 32
_EVENTS_MAX: Final = 100_000
_SHOWN_MAX: Final = 5  # findings kept for each clause; the others are counted
_CLAUSE_OF: Final = {
    Reason.TOO_LARGE: "limits",
    Reason.TOO_DEEP: "limits",
    Reason.UNKNOWN_LEVEL: "level",
    Reason.IDENTITY_MISMATCH: "topic",
}


@dataclass
class Event:
    """One event as first seen; `sent_s` holds the time of each sending."""

    event_id: str
    content_hash: bytes
    sent_s: list[float]
    settled_s: float | None = None
    settled_on: int = 0  # the connection that its receipt was sent on
    rejected: bool = False


@dataclass
class Connection:
    """What one CONNECT said, and the presence after it."""

    number: int
    will_conn_id: str | None = None
    birth: Presence | None = None
    said_offline: bool = False


class Evidence:
    """The witness of one client, the first that connects.

    `on_event` is called for each sending of an event; `stirred` after everything.
    """

    def __init__(
        self,
        root: str,
        clock_s: Callable[[], float],
        grace_s: float,
        device_id: str = "",
    ) -> None:
        self.root = root
        self.device_id = device_id  # empty: whoever comes first
        self.client_id = ""
        self.version = 0
        self.connected = False
        self.parted_in_order: bool | None = None
        self.connection = Connection(0)
        self.events: dict[str, Event] = {}
        self.receipts_wanted = False
        self.findings: dict[str, list[str]] = {}
        self.shown: set[str] = set()
        self.skipped: set[str] = set()  # clauses that do not concern this terminal
        self.in_flight_max = 0
        self.on_event: Callable[[Event], None] = lambda _event: None
        self.stirred: Callable[[], None] = lambda: None
        self._clock_s = clock_s
        self._grace_s = grace_s
        self._conn_ids: set[str] = set()
        self._seqs: dict[int, str] = {}
        self._filters: dict[str, int] = {}  # subscribed, with the QoS asked for
        self._open: set[str] = set()  # events without a receipt

    # ----- the witness of the broker

    def entered(self, client_id: str, packet: ConnectPacket, version: int) -> None:
        if client_id == self.client_id or self._is_meant(client_id, packet):
            self.client_id, self.version = client_id, version
            self._connect(packet)
            self.stirred()

    def heard(self, client_id: str, packet: Packet) -> None:
        if client_id != self.client_id:
            return
        match packet:
            case SubscribePacket():
                for chosen in packet.topic_filters:
                    self._filters[chosen.pattern] = int(chosen.max_qos)
            case PublishPacket():
                self._publish(packet)
            case _:
                pass
        self.stirred()

    def parted(self, client_id: str, *, in_order: bool) -> None:
        if client_id == self.client_id:
            self.connected = False
            self.parted_in_order = in_order
            self.stirred()

    # ----- what situations ask and find

    def receipts_reach_it(self) -> bool:
        """Whether it asks for receipts and has subscribed to them with QoS 1."""
        wanted = topics.topic(self.root, self.device_id, Channel.RECEIPT)
        granted = [
            qos
            for pattern, qos in self._filters.items()
            if is_filter(pattern) and compiled(pattern).match(wanted)
        ]
        return self.receipts_wanted and max(granted, default=0) > 0

    def break_(self, clause: str, seen: str) -> None:
        """Note that a clause is broken, and what was seen."""
        assert clause in CLAUSES
        found = self.findings.setdefault(clause, [])
        if len(found) < _SHOWN_MAX and seen not in found:
            found.append(seen)

    def show(self, clause: str) -> None:
        """Note that the terminal has shown what a clause asks."""
        assert clause in CLAUSES
        self.shown.add(clause)

    def skip(self, clause: str) -> None:
        """Note that a clause does not concern this terminal."""
        assert clause in CLAUSES
        self.skipped.add(clause)

    def settle(self, event: Event, *, rejected: bool) -> None:
        """A receipt has named it; from now on it must not come again."""
        event.settled_s = self._clock_s()
        event.settled_on = self.connection.number
        self._open.discard(event.event_id)
        event.rejected = rejected

    def close(self) -> None:
        """Judge what only the whole shows."""
        if self._seqs:
            low, high = min(self._seqs), max(self._seqs)
            gap = high - low + 1 - len(self._seqs)
            if gap:
                missing = next(n for n in range(low, high) if n not in self._seqs)
                detail = f"{gap} numbers between {low} and {high} never came"
                self.break_("seq", f"{detail}, the first is {missing}")

    # ----- packets

    def _connect(self, packet: ConnectPacket) -> None:
        self.connected = True
        self.parted_in_order = None
        if packet.clean_start:
            self._filters.clear()
        self.connection = Connection(self.connection.number + 1)
        will = packet.will
        if will is None:
            self.break_("will", "a CONNECT without a will")
            return
        if self._channel(will.topic) is not Channel.PRESENCE:
            self.break_("will", f"a will for {will.topic!r}")
            return
        if int(will.qos) < 1 or not will.retain:
            marks = f"QoS {int(will.qos)}, {'' if will.retain else 'not '}retained"
            self.break_("will", f"a will with {marks}")
        presence = self._decoded(Channel.PRESENCE, will.payload or b"")
        if not isinstance(presence, Presence) or presence.state != "offline":
            self.break_("will", "a will that does not say offline")
            return
        self.show("will")
        self.connection.will_conn_id = presence.conn_id

    def _is_meant(self, client_id: str, packet: ConnectPacket) -> bool:
        """Whether the terminal to be judged is this one: by client id or will."""
        if self.client_id:
            return False
        will = packet.will.topic if packet.will is not None else ""
        ours = f"{self.root}/{topics.VERSION}/{self.device_id}/"
        return self.device_id in ("", client_id) or will.startswith(ours)

    def _channel(self, name: str) -> Channel | None:
        try:
            address = topics.parse(self.root, name)
        except ProtocolError as error:
            self.break_("topic", f"{name!r}: {error.detail}")
            return None
        self.device_id = self.device_id or address.device_id
        if address.device_id != self.device_id:
            self.break_("topic", f"{name!r} of a terminal that is {self.device_id}")
            return None
        return address.channel

    def _publish(self, packet: PublishPacket) -> None:
        channel = self._channel(packet.topic)
        if channel is None:
            return
        if int(packet.qos) == 0 and channel is not Channel.HEARTBEAT:
            self.break_("qos", f"{channel} with QoS 0")
        if channel is Channel.PRESENCE:
            self._presence(packet)
            return
        if packet.retain:
            self.break_("not_retained", f"{channel} with RETAIN")
        decoded = self._decoded(channel, packet.payload)
        for message in decoded if isinstance(decoded, list) else [decoded]:
            if isinstance(message, ProtocolError):
                self._refuse(message)
            elif isinstance(message, Rating):
                self.show("payload")
                self._event(message)

    def _decoded(self, channel: Channel, payload: bytes) -> object:
        if channel not in CHANNELS:
            return None
        try:
            return decode(channel, self.device_id, payload)
        except ProtocolError as error:
            self._refuse(error)
            return None

    def _refuse(self, error: ProtocolError) -> None:
        clause = _CLAUSE_OF.get(error.reason, "payload")
        if error.reason is Reason.SCHEMA and error.detail.startswith("event_id"):
            clause = "event_id"
        self.break_(clause, str(error))

    def _presence(self, packet: PublishPacket) -> None:
        if not packet.retain:
            self.break_("presence_retained", "presence without RETAIN")
        presence = self._decoded(Channel.PRESENCE, packet.payload)
        if not isinstance(presence, Presence):
            return
        connection, conn_id = self.connection, presence.conn_id
        if presence.state == "offline":
            connection.said_offline = True
            if connection.birth is not None and conn_id != connection.birth.conn_id:
                self.break_("conn_id", "a goodbye with another conn_id than the birth")
            return
        first, connection.birth = connection.birth is None, presence
        self.show("birth")
        self.receipts_wanted = presence.receipts
        if not first:
            return
        if conn_id is None:
            self.break_("conn_id", "a birth without conn_id")
        elif conn_id in self._conn_ids:
            self.break_("conn_id", f"{conn_id!r} again after another CONNECT")
        elif connection.will_conn_id != conn_id:
            of_will = f"the will's is {connection.will_conn_id!r}"
            self.break_("conn_id", f"the birth's is {conn_id!r}, {of_will}")
        self._conn_ids.add(conn_id or "")

    # ----- events

    def _event(self, rating: Rating) -> None:
        now_s = self._clock_s()
        event = self.events.get(rating.event_id)
        if event is None:
            if len(self.events) >= _EVENTS_MAX:
                return
            event = Event(rating.event_id, rating.content_hash, [])
            self.events[rating.event_id] = event
            self._open.add(rating.event_id)
            self._number(rating)
        elif event.content_hash != rating.content_hash:
            self.break_("event_id", f"{event.event_id} with two contents")
        elif self._knows(event, now_s):
            clause = "rejected_final" if event.rejected else "receipt_final"
            self.break_(clause, f"{event.event_id} again after its receipt")
        event.sent_s.append(now_s)
        if self.receipts_wanted:
            self.in_flight_max = max(self.in_flight_max, len(self._open))
        if self.in_flight_max > IN_FLIGHT_MAX:
            self.break_("in_flight", f"more than {IN_FLIGHT_MAX} under way")
        self.on_event(event)

    def _knows(self, event: Event, now_s: float) -> bool:
        """Whether its receipt has surely arrived: long ago, on this connection."""
        return (
            event.settled_s is not None
            and event.settled_on == self.connection.number
            and now_s > event.settled_s + self._grace_s
        )

    def _number(self, rating: Rating) -> None:
        if rating.seq is None:
            return
        other = self._seqs.setdefault(rating.seq, rating.event_id)
        if other != rating.event_id:
            both = f"{other} and {rating.event_id}"
            self.break_("seq", f"{rating.seq} for both {both}")
