"""One network connection of the broker: bytes, deadlines, backpressure."""

import asyncio
from typing import Final

from mqtt5 import DisconnectPacket, DisconnectReasonCode, Packet

from simulators.pretend.broker.core import Broker
from simulators.pretend.broker.dialogue import Dialogue
from simulators.pretend.broker.stream import (
    VERSION_5,
    Codec,
    Splitter,
    StreamError,
    UnknownVersionError,
)
from simulators.pretend.faults import FaultPlan

_CONNECT_MS: Final = 10_000  # for the first packet
_NONSENSE: Final = b"\xff\xffnot MQTT at all"
_UNSUPPORTED: Final = bytes([0x20, 2, 0, 1])  # CONNACK, as 3.1.1 writes it


class Connection(asyncio.Protocol):
    """Serves one client; `open_connections` holds it while it lasts.

    Everything written in one turn of the loop leaves in one write. While the
    client does not read, nothing more is read from it.
    """

    def __init__(
        self, broker: Broker, faults: FaultPlan, open_connections: set["Connection"]
    ) -> None:
        self._broker = broker
        self._open = open_connections
        self._splitter = Splitter(broker.limits.packet_bytes_max)
        self._codec = Codec()
        self._dialogue = Dialogue(broker, faults, self, self._codec)
        self._transport: asyncio.Transport | None = None
        self._out: list[bytes] = []
        self._heard_ms = broker.clock_ms()
        self.ended = False
        self._deaf = False
        self.silent_ms_max = _CONNECT_MS  # 0: for ever
        self.writable = True

    @property
    def client_id(self) -> str:
        """Empty until CONNECT was accepted."""
        return self._dialogue.client_id

    # ----- the transport's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        if len(self._open) >= self._broker.limits.connections_max:
            self._broker.counts["refused_connections_full"] += 1
            self.abort()
        else:
            self._open.add(self)

    def data_received(self, data: bytes) -> None:
        if self._deaf:
            return
        self._heard_ms = self._broker.clock_ms()
        try:
            for whole in self._splitter.feed(data):
                if self.ended or self._deaf:
                    return
                self._dialogue.take(self._codec.read(whole))
        except StreamError as error:
            self._broker.counts["protocol_errors"] += 1
            self.end(error.code)
        except UnknownVersionError:
            self.write(_UNSUPPORTED)
            self.close()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        self.ended = True
        self._open.discard(self)
        self._transport = None
        self._dialogue.leave(with_will=True)

    def pause_writing(self) -> None:
        self.writable = False
        if self._transport is not None:
            self._transport.pause_reading()

    def resume_writing(self) -> None:
        self.writable = True
        if self._transport is not None:
            self._transport.resume_reading()
        self._dialogue.resume()

    # ----- the broker's side

    def send(self, packet: Packet) -> None:
        self.write(self._codec.write(packet))

    def write(self, data: bytes) -> None:
        if not self._out:
            asyncio.get_running_loop().call_soon(self._flush)
        self._out.append(data)

    def end(self, code: DisconnectReasonCode) -> None:
        if self._codec.version == VERSION_5 and self.client_id and not self.ended:
            self.send(DisconnectPacket(reason_code=code))
        if code == DisconnectReasonCode.SESSION_TAKEN_OVER:
            self._dialogue.hand_over()
        self.close()

    def close(self) -> None:
        """Close once all that was said is written."""
        self._flush()
        self.ended = True
        if self._transport is not None:
            self._transport.close()
        self._dialogue.leave(with_will=True)

    def abort(self) -> None:
        """Break the connection without a word."""
        self.ended = True
        if self._transport is not None:
            self._transport.abort()

    def go_deaf(self) -> None:
        """Stay connected, take nothing more, say nothing more."""
        self._deaf = True
        self.silent_ms_max = 0

    def babble(self) -> None:
        """Say what no protocol knows, and close."""
        self.write(_NONSENSE)
        self.close()

    def tick(self) -> None:
        """End it when it was silent for one and a half keep-alives."""
        silent_ms = self._broker.clock_ms() - self._heard_ms
        # While it does not read us we do not read it: its silence proves nothing.
        if 0 < self.silent_ms_max < silent_ms and self.writable:
            self._broker.counts["keep_alive_timeouts"] += 1
            self.end(DisconnectReasonCode.KEEP_ALIVE_TIMEOUT)

    def _flush(self) -> None:
        data, self._out = b"".join(self._out), []
        if data and self._transport is not None and not self.ended:
            self._transport.write(data)
