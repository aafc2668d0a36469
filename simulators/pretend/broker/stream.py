"""Bytes of one connection to packets: both versions, one bound for a packet."""

from collections.abc import Callable, Iterator
from typing import Final

import mqtt5
from mqtt5 import DisconnectReasonCode, Packet

from simulators.pretend.broker import mqtt311
from simulators.pretend.broker.mqtt311 import CONTINUES, LENGTH_BITS

_LENGTH_BYTES_MAX: Final = 4
_CONNECT: Final = 0x10
VERSION_5: Final = 5
_VERSION_311: Final = 4


class StreamError(ValueError):
    """The client broke the protocol; `code` is what a DISCONNECT tells it."""

    def __init__(self, code: DisconnectReasonCode, detail: str) -> None:
        super().__init__(detail)
        self.code = code


class UnknownVersionError(ValueError):
    """Neither MQTT 5 nor 3.1.1."""


class Splitter:
    """Cuts a stream of bytes into whole packets of at most `packet_bytes_max`."""

    def __init__(self, packet_bytes_max: int) -> None:
        self._packet_bytes_max = packet_bytes_max
        self._rest = b""
        self._begun = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield each packet that is whole now, its header included.

        Raises:
            StreamError: its length is none or beyond the bound, or it is no MQTT.

        """
        if not self._begun and data and data[0] != _CONNECT:
            raise _malformed("no CONNECT of MQTT")
        self._begun = True
        data = self._rest + data if self._rest else data
        place, end = 0, len(data)
        while end - place > 1:
            size = self._size(data, place)
            if size is None or place + size > end:
                break
            yield data[place : place + size]
            place += size
        self._rest = data[place:]

    def _size(self, data: bytes, place: int) -> int | None:
        """The whole packet's size; None when its header is not here yet."""
        length = shift = 0
        for index, byte in enumerate(data[place + 1 : place + 1 + _LENGTH_BYTES_MAX]):
            length |= (byte & ~CONTINUES) << shift
            shift += LENGTH_BITS
            if byte < CONTINUES:
                size = 2 + index + length
                if size > self._packet_bytes_max:
                    detail = f"a packet of {size} bytes"
                    raise StreamError(DisconnectReasonCode.PACKET_TOO_LARGE, detail)
                return size
        if shift == LENGTH_BITS * _LENGTH_BYTES_MAX:
            raise StreamError(DisconnectReasonCode.MALFORMED_PACKET, "length")
        return None


class Codec:
    """Reads and writes whole packets of the version that CONNECT has chosen."""

    def __init__(self) -> None:
        self.version = 0  # until the first packet
        self.write: Callable[[Packet], bytes] = mqtt311.write

    def read(self, data: bytes) -> Packet:
        """Decode one whole packet.

        Raises:
            StreamError: malformed.
            UnknownVersionError: the first packet is a CONNECT of another version.

        """
        if not self.version:
            self._choose(data)
        try:
            if self.version == _VERSION_311:
                return mqtt311.read(data)
            packet, size = mqtt5.read(memoryview(data))
        except (ValueError, IndexError) as error:
            raise _malformed(str(error)) from error
        except BaseException as error:
            # The codec panics at text that is not UTF-8; its exception has no
            # importable name and derives from BaseException.
            if type(error).__name__ == "PanicException":
                raise _malformed("text") from error
            raise
        if size != len(data):
            raise _malformed("bytes after the last field")
        return packet

    def _choose(self, data: bytes) -> None:
        name, _, rest = data[2:].partition(b"MQTT")
        if not rest or len(name) > _LENGTH_BYTES_MAX + 1:
            raise _malformed("no CONNECT of MQTT")
        if rest[0] not in (_VERSION_311, VERSION_5):
            raise UnknownVersionError(f"version {rest[0]}")
        self.version = rest[0]
        if self.version == VERSION_5:
            self.write = _write_5


def _write_5(packet: Packet) -> bytes:
    return packet.write()


def _malformed(detail: str) -> StreamError:
    return StreamError(DisconnectReasonCode.MALFORMED_PACKET, detail)
