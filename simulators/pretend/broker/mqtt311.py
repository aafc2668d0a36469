"""MQTT 3.1.1 on the packets of the MQTT 5 codec: what a server reads and writes.

One vocabulary for both versions: a field that 3.1.1 lacks has its default, a
reason code becomes the nearest that 3.1.1 knows, or nothing.
"""

import struct
from typing import Final

import mqtt5
from mqtt5 import (
    ConnAckPacket,
    ConnectPacket,
    DisconnectPacket,
    Packet,
    PubAckPacket,
    PubCompPacket,
    PublishPacket,
    PubRecPacket,
    PubRelPacket,
    QoS,
    SubAckPacket,
    SubscribePacket,
    TopicFilter,
    UnsubAckPacket,
    UnsubscribePacket,
    Will,
)

LENGTH_BITS: Final = 7
CONTINUES: Final = 1 << LENGTH_BITS
_REFUSED: Final = 0x80  # the one failure that SUBACK knows
_CONNECT, _PUBLISH, _SUBSCRIBE, _UNSUBSCRIBE = 1, 3, 8, 10
_RESERVED_2: Final = 2  # the flags that SUBSCRIBE and UNSUBSCRIBE must carry
_LONGEST_BARE: Final = 4  # type, length, packet id
_RETURN_CODES: Final = {0x00: 0, 0x84: 1, 0x85: 2, 0x86: 4, 0x87: 5}  # of CONNACK
_SERVER_UNAVAILABLE: Final = 3


class _Reader:
    """The fields of one packet, one after the other."""

    def __init__(self, data: bytes, place: int) -> None:
        self._data = data
        self._place = place

    @property
    def done(self) -> bool:
        return self._place >= len(self._data)

    def take(self, size: int) -> bytes:
        start, self._place = self._place, self._place + size
        if self._place > len(self._data):
            raise ValueError("a field runs beyond its packet")
        return self._data[start : self._place]

    def byte(self) -> int:
        return self.take(1)[0]

    def number(self) -> int:
        return int.from_bytes(self.take(2), "big")

    def blob(self) -> bytes:
        return self.take(self.number())

    def text(self) -> str:
        return self.blob().decode()

    def rest(self) -> bytes:
        return self.take(len(self._data) - self._place)

    def packet_id(self) -> int:
        number = self.number()
        if not number:
            raise ValueError("packet id 0")
        return number


def read(data: bytes) -> Packet:
    """Decode one whole packet that a client sent.

    Raises:
        ValueError: malformed.

    """
    kind, flags = data[0] >> 4, data[0] & 0x0F
    if kind == _PUBLISH:
        return _publish(flags, _body(data))
    if kind == _CONNECT and not flags:
        return _connect(_body(data))
    if kind == _SUBSCRIBE and flags == _RESERVED_2:
        return _subscribe(_body(data))
    if kind == _UNSUBSCRIBE and flags == _RESERVED_2:
        return _unsubscribe(_body(data))
    if len(data) > _LONGEST_BARE:
        raise ValueError("too long for its type")
    return mqtt5.read(memoryview(data))[0]  # the others are the same in both


def _body(data: bytes) -> _Reader:
    place = 1
    while data[place] >= CONTINUES:
        place += 1
    return _Reader(data, place + 1)


def _publish(flags: int, body: _Reader) -> PublishPacket:
    qos = flags >> 1 & 3
    topic = body.text()
    packet_id = body.packet_id() if qos else None
    return PublishPacket(
        topic,
        body.rest(),
        qos=QoS(qos),
        retain=bool(flags & 1),
        packet_id=packet_id,
        duplicate=bool(flags & 8),
    )


def _connect(body: _Reader) -> ConnectPacket:
    body.blob(), body.byte()  # name and version: they chose this module
    flags, keep_alive, client_id = body.byte(), body.number(), body.text()
    will = None
    if flags & 4:
        topic, payload = body.text(), body.blob()
        qos, retain = QoS(flags >> 3 & 3), bool(flags & 0x20)
        will = Will(topic, payload=payload, qos=qos, retain=retain)
    return ConnectPacket(
        client_id,
        clean_start=bool(flags & 2),
        keep_alive=keep_alive,
        will=will,
        username=body.text() if flags & 0x80 else None,
        password=body.blob() if flags & 0x40 else None,
    )


def _subscribe(body: _Reader) -> SubscribePacket:
    packet_id = body.packet_id()
    filters = []
    while not body.done:
        pattern, qos = body.text(), QoS(body.byte())
        chosen = TopicFilter(pattern, max_qos=qos, retain_as_published=False)
        filters.append(chosen)
    if not filters:
        raise ValueError("SUBSCRIBE without a filter")
    return SubscribePacket(packet_id, filters)


def _unsubscribe(body: _Reader) -> UnsubscribePacket:
    packet_id = body.packet_id()
    patterns = []
    while not body.done:
        patterns.append(body.text())
    if not patterns:
        raise ValueError("UNSUBSCRIBE without a filter")
    return UnsubscribePacket(packet_id, patterns)


def write(packet: Packet) -> bytes:
    """Encode what a server says; what 3.1.1 has no packet for is empty."""
    match packet:
        case PublishPacket():
            data = _written_publish(packet)
        case PubAckPacket():
            data = _numbered(0x40, packet.packet_id)
        case PubRecPacket():
            data = _numbered(0x50, packet.packet_id)
        case PubRelPacket():
            data = _numbered(0x62, packet.packet_id)
        case PubCompPacket():
            data = _numbered(0x70, packet.packet_id)
        case UnsubAckPacket():
            data = _numbered(0xB0, packet.packet_id)
        case ConnAckPacket():
            code = _RETURN_CODES.get(int(packet.reason_code), _SERVER_UNAVAILABLE)
            data = bytes([0x20, 2, packet.session_present, code])
        case SubAckPacket():
            codes = bytes(min(int(code), _REFUSED) for code in packet.reason_codes)
            data = _framed(0x90, packet.packet_id.to_bytes(2, "big") + codes)
        case DisconnectPacket():
            data = b""
        case _:
            data = packet.write()
    return data


def _written_publish(packet: PublishPacket) -> bytes:
    topic = packet.topic.encode()
    first = 0x30 | packet.duplicate << 3 | int(packet.qos) << 1 | packet.retain
    number = b"" if packet.packet_id is None else packet.packet_id.to_bytes(2, "big")
    size = len(topic).to_bytes(2, "big")
    return _framed(first, b"".join((size, topic, number, packet.payload)))


def _numbered(first: int, packet_id: int) -> bytes:
    return struct.pack(">BBH", first, 2, packet_id)


def _framed(first: int, body: bytes) -> bytes:
    header = bytearray([first])
    left = len(body)
    while left >= CONTINUES:
        header.append(left & (CONTINUES - 1) | CONTINUES)
        left >>= LENGTH_BITS
    header.append(left)
    return bytes(header) + body
