"""An MQTT 5 client session without I/O: bytes in, events out; calls in, bytes out.

The caller owns the socket and the clock. One `Session` serves one network
connection; after an error or a disconnect a new one is made. Times named `*_ms` are
milliseconds of any clock that never goes back.

Who is to blame is the error's type: `RemoteProtocolError` for the server,
`LocalProtocolError` for a call that the session's state does not allow.
"""

import struct
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum, auto
from types import MappingProxyType
from typing import Final, NamedTuple

from mqtt5 import (
    ConnAckPacket,
    ConnAckReasonCode,
    ConnectPacket,
    DisconnectPacket,
    DisconnectReasonCode,
    Packet,
    PingReqPacket,
    PingRespPacket,
    PubAckPacket,
    PublishPacket,
    SubAckPacket,
    SubscribePacket,
    TopicFilter,
    read,
)

from device_protocol.mqtt_publish import PLAIN, PublishOptions

TAKEN_OVER: Final = int(DisconnectReasonCode.SESSION_TAKEN_OVER)
REASON_FAILED_MIN: Final = 0x80  # reason codes from here on mean failure
RECEIVE_MAX: Final = 0xFFFF  # the protocol's own bound, and its default
_PACKET_ID_MAX: Final = 0xFFFF
_PUBACK: Final = 0x4002_0000  # PUBACK, two bytes follow: the packet id, success
_PUBLISH_UP_TO_QOS_1: Final = 0x30
_TYPE_AND_QOS_2: Final = 0xF4
_PING: Final = PingReqPacket().write()
_LENGTH_BYTES_MAX: Final = 4


class LocalProtocolError(Exception):
    """A call that this session's state does not allow: our fault."""


class RemoteProtocolError(Exception):
    """The server broke the protocol, or fell silent: the connection must end."""


class State(Enum):
    IDLE = auto()
    CONNECTING = auto()
    CONNECTED = auto()
    CLOSED = auto()


class Connected(NamedTuple):
    """CONNACK; `receive_max` bounds our own unacknowledged publishes."""

    session_present: bool
    receive_max: int
    keep_alive_s: int


class Refused(NamedTuple):
    """CONNACK with a failure: the session is closed."""

    code: int
    reason: str


class Published(NamedTuple):
    """Publishes of QoS 0 or 1 that came one after the other, in that order."""

    packets: list[PublishPacket]


class Subscribed(NamedTuple):
    """SUBACK: one code for each filter, the granted QoS or a failure."""

    packet_id: int
    codes: tuple[int, ...]


class Confirmed(NamedTuple):
    """PUBACK: the server took our publish, or did not (`code` >= 0x80)."""

    packet_id: int
    code: int


class Ponged(NamedTuple):
    """The server has read all that we sent up to our ping of this number."""

    number: int


class Disconnected(NamedTuple):
    """The server ended the session; `code` 0x8E means another client took it over."""

    code: int
    reason: str


Event = Connected | Refused | Published | Subscribed | Confirmed | Ponged | Disconnected


class ConnectOptions(NamedTuple):
    """What CONNECT says, without topic aliases.

    There is no Maximum Packet Size: a server discards what is larger and calls it
    delivered.
    """

    client_id: str
    username: str | None = None
    password: bytes | None = None
    clean_start: bool = False
    session_expiry_s: int = 0
    receive_max: int = RECEIVE_MAX
    keep_alive_s: int = 30


# What the server may send, and what it leads to.
LIFECYCLE: Final[Mapping[State, Mapping[type[Packet], State]]] = MappingProxyType(
    {
        State.IDLE: {},
        State.CONNECTING: {ConnAckPacket: State.CONNECTED},
        State.CONNECTED: {
            PublishPacket: State.CONNECTED,
            PubAckPacket: State.CONNECTED,
            SubAckPacket: State.CONNECTED,
            PingRespPacket: State.CONNECTED,
            DisconnectPacket: State.CLOSED,
        },
        State.CLOSED: {},
    }
)


def pubacks(packet_ids: Sequence[int]) -> bytes:
    """One PUBACK with success for each id, in this order."""
    words = [_PUBACK | packet_id for packet_id in packet_ids]
    return struct.pack(f">{len(words)}I", *words)


class Session:
    """One connection's protocol state."""

    def __init__(self, options: ConnectOptions) -> None:
        self._options = options
        self._state = State.IDLE
        self._rest = bytearray()  # the beginning of a packet not yet complete
        self._rest_needs = 0  # no use in trying again below this length
        self._keep_alive_ms = options.keep_alive_s * 1000
        self._sent_ms = 0
        self._heard_ms = 0
        self._pings_sent = 0
        self._pings_answered = 0
        self._packet_id = 0
        self._subscribing: set[int] = set()
        self._publishing: set[int] = set()
        self._receive_max = 0
        self._handlers: Mapping[type[Packet], Callable[..., Event]] = {
            ConnAckPacket: self._connack,
            PubAckPacket: self._puback,
            SubAckPacket: self._suback,
            PingRespPacket: self._pingresp,
            DisconnectPacket: self._disconnected,
        }

    @property
    def state(self) -> State:
        return self._state

    @property
    def quota(self) -> int:
        """How many more publishes of QoS 1 the server is ready to take now."""
        return self._receive_max - len(self._publishing)

    # ----- bytes in

    def receive(self, data: bytes, now_ms: int) -> list[Event]:
        """Take what the socket gave, in any portions; returns what it means.

        Raises:
            RemoteProtocolError: close the connection; nothing of `data` counts.

        """
        self._heard_ms = now_ms
        if self._rest:
            self._rest += data
            if len(self._rest) < self._rest_needs:
                return []
            data = bytes(self._rest)
            self._rest.clear()
        events: list[Event] = []
        try:
            position = self._parse(data, events)
        except ValueError as error:
            raise self._broken(f"malformed packet: {error}") from error
        if position < len(data):
            self._rest += data[position:]
        return events

    def _parse(self, data: bytes, events: list[Event]) -> int:
        """Append the events of all complete packets; returns where the rest begins."""
        view = memoryview(data)
        size = len(data)
        position = 0
        packets: list[PublishPacket] = []
        while position < size:
            try:
                packet, used = read(view[position:])
            except IndexError as error:
                self._rest_needs = _packet_size(data, position)
                if self._rest_needs <= size - position:
                    raise self._broken("a field runs beyond its packet") from error
                break
            except BaseException as error:
                # The codec panics at text that is not UTF-8; its exception has no
                # importable name and derives from BaseException.
                if type(error).__name__ == "PanicException":
                    raise self._broken("malformed packet: text") from error
                raise
            if (
                data[position] & _TYPE_AND_QOS_2 == _PUBLISH_UP_TO_QOS_1
                and self._state is State.CONNECTED
            ):
                packets.append(packet)  # type: ignore[arg-type]  # the first byte says PUBLISH
            else:
                if packets:
                    events.append(Published(packets))
                    packets = []
                events.append(self._handle(packet))
            position += used
        if packets:
            events.append(Published(packets))
        return position

    def _handle(self, packet: Packet) -> Event:
        kind = type(packet)
        after = LIFECYCLE[self._state].get(kind)
        handler = self._handlers.get(kind)
        if after is None or handler is None:
            raise self._broken(f"{kind.__name__} while {self._state.name}")
        self._state = after
        return handler(packet)

    def _connack(self, packet: ConnAckPacket) -> Event:
        if packet.reason_code != ConnAckReasonCode.SUCCESS:
            self._state = State.CLOSED
            reason = packet.reason_str or packet.reason_code.name
            return Refused(int(packet.reason_code), reason)
        if packet.server_keep_alive is not None:
            self._keep_alive_ms = packet.server_keep_alive * 1000
        self._receive_max = packet.receive_max
        return Connected(
            packet.session_present, packet.receive_max, self._keep_alive_ms // 1000
        )

    def _puback(self, packet: PubAckPacket) -> Event:
        if packet.packet_id not in self._publishing:
            raise self._broken(f"PUBACK for packet id {packet.packet_id}, not in use")
        self._publishing.remove(packet.packet_id)
        return Confirmed(packet.packet_id, int(packet.reason_code))

    def _suback(self, packet: SubAckPacket) -> Event:
        if packet.packet_id not in self._subscribing:
            raise self._broken(f"SUBACK for packet id {packet.packet_id}, not in use")
        self._subscribing.remove(packet.packet_id)
        return Subscribed(packet.packet_id, tuple(map(int, packet.reason_codes)))

    def _pingresp(self, _packet: PingRespPacket) -> Event:
        if self._pings_answered == self._pings_sent:
            raise self._broken("PINGRESP without a ping")
        self._pings_answered += 1
        return Ponged(self._pings_answered)

    def _disconnected(self, packet: DisconnectPacket) -> Event:
        reason = packet.reason_str or packet.reason_code.name
        return Disconnected(int(packet.reason_code), reason)

    def _broken(self, detail: str) -> RemoteProtocolError:
        self._state = State.CLOSED
        return RemoteProtocolError(detail)

    # ----- bytes out

    def connect(self, now_ms: int) -> bytes:
        """CONNECT, the first bytes of a connection."""
        if self._state is not State.IDLE:
            raise LocalProtocolError(f"connect while {self._state.name}")
        self._state = State.CONNECTING
        self._sent_ms = self._heard_ms = now_ms
        options = self._options
        return ConnectPacket(
            options.client_id,
            username=options.username,
            password=options.password,
            clean_start=options.clean_start,
            keep_alive=options.keep_alive_s,
            session_expiry_interval=options.session_expiry_s,
            receive_max=options.receive_max,
        ).write()

    def subscribe(
        self, filters: Iterable[TopicFilter], now_ms: int
    ) -> tuple[int, bytes]:
        """SUBSCRIBE: (packet id, bytes)."""
        self._need_connected("subscribe")
        packet_id = self._next_packet_id()
        self._subscribing.add(packet_id)
        self._sent_ms = now_ms
        return packet_id, SubscribePacket(packet_id, list(filters)).write()

    def acknowledge(self, packet_ids: Sequence[int], now_ms: int) -> bytes:
        """PUBACKs for publishes of this connection, in the order received."""
        self._need_connected("acknowledge")
        self._sent_ms = now_ms
        return pubacks(packet_ids)

    def publish(
        self,
        topic: str,
        payload: bytes,
        now_ms: int,
        options: PublishOptions = PLAIN,
    ) -> tuple[int, bytes]:
        """PUBLISH of QoS 1: (packet id, bytes); needs `quota`."""
        self._need_connected("publish")
        if self.quota <= 0:
            raise LocalProtocolError("publish beyond the server's Receive Maximum")
        packet_id = self._next_packet_id()
        self._publishing.add(packet_id)
        self._sent_ms = now_ms
        return packet_id, options.write(topic, payload, packet_id)

    def ping(self, now_ms: int) -> tuple[int, bytes]:
        """PINGREQ: (its number, bytes)."""
        self._need_connected("ping")
        self._sent_ms = now_ms
        self._pings_sent += 1
        return self._pings_sent, _PING

    def tick(self, now_ms: int, *, listening: bool = True) -> bytes:
        """What keeps the connection alive: a ping when one is due, else nothing.

        Call it at least once a second. While the caller does not read the socket
        (`listening` false) it still pings, but silence proves nothing.

        Raises:
            RemoteProtocolError: the server has been silent for too long.

        """
        if self._state is not State.CONNECTED or not self._keep_alive_ms:
            return b""
        if not listening:
            self._heard_ms = now_ms
        silent_ms = now_ms - self._heard_ms
        if silent_ms >= self._keep_alive_ms:
            raise self._broken(f"silent for {silent_ms} ms")
        unanswered = self._pings_sent > self._pings_answered
        idle_ms = max(now_ms - self._sent_ms, 0 if unanswered else silent_ms)
        return self.ping(now_ms)[1] if idle_ms >= self._keep_alive_ms // 2 else b""

    def disconnect(self) -> bytes:
        """DISCONNECT in good order; the session's messages stay with the server."""
        self._need_connected("disconnect")
        self._state = State.CLOSED
        return DisconnectPacket().write()

    def _need_connected(self, what: str) -> None:
        if self._state is not State.CONNECTED:
            raise LocalProtocolError(f"{what} while {self._state.name}")

    def _next_packet_id(self) -> int:
        """Packet ids go round; one in use is skipped (fewer than 65,535 are)."""
        packet_id = self._packet_id
        while True:
            packet_id = packet_id % _PACKET_ID_MAX + 1
            if packet_id not in self._publishing and packet_id not in self._subscribing:
                self._packet_id = packet_id
                return packet_id


def _packet_size(data: bytes, position: int) -> int:
    """The packet's whole size when its header is complete, else one byte more."""
    remaining = 0
    header = data[position + 1 : position + 1 + _LENGTH_BYTES_MAX]
    for index, byte in enumerate(header):
        remaining |= (byte & 0x7F) << 7 * index
        if byte < 0x80:  # noqa: PLR2004 - the continuation bit of MQTT's lengths
            return 2 + index + remaining
    return len(data) - position + 1
