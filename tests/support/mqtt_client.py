"""A bare MQTT 5 client over a socket: says what it is told, answers nothing itself."""

import socket
import time
from types import TracebackType
from typing import Any, Self, TypeVar

from mqtt5 import (
    ConnAckPacket,
    ConnectPacket,
    DisconnectPacket,
    Packet,
    PublishPacket,
    QoS,
    SubAckPacket,
    SubscribePacket,
    TopicFilter,
    read,
)

DEADLINE_S = 30.0
_QUIET_S = 0.08

Kind = TypeVar("Kind", bound=Packet)


class ClosedError(ConnectionError):
    """The broker closed the connection."""


class BareClient:
    """One connection; use it with `with`. Every wait has a deadline."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), DEADLINE_S)
        self._buffer = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._socket.close()

    def say(self, packet: Packet) -> None:
        self.say_bytes(packet.write())

    def say_bytes(self, data: bytes) -> None:
        self._socket.sendall(data)

    def connect(
        self,
        client_id: str,
        **options: Any,  # noqa: ANN401 - the codec's own, as they are named there
    ) -> ConnAckPacket:
        self.say(ConnectPacket(client_id, **options))
        return self.hear(ConnAckPacket)

    def subscribe(
        self,
        pattern: str,
        qos: int = 1,
        *,
        identifier: int | None = None,
        **how: Any,  # noqa: ANN401 - as above
    ) -> int:
        """The code of the broker's answer."""
        chosen = TopicFilter(pattern, max_qos=QoS(qos), **how)
        self.say(SubscribePacket(99, [chosen], subscription_id=identifier))
        (code,) = self.hear(SubAckPacket).reason_codes
        return int(code)

    def publish(
        self,
        topic: str,
        payload: bytes = b"x",
        qos: int = 0,
        **options: Any,  # noqa: ANN401 - as above
    ) -> None:
        """Send only; the answer is to be heard."""
        number = options.pop("packet_id", 1 if qos else None)
        packet = PublishPacket(
            topic, payload, qos=QoS(qos), packet_id=number, **options
        )
        self.say(packet)

    def hear(self, kind: type[Kind], deadline_s: float = DEADLINE_S) -> Kind:
        """The next packet, which must be of this kind."""
        packet = self.next(deadline_s)
        assert isinstance(packet, kind), packet
        return packet

    def next(self, deadline_s: float = DEADLINE_S) -> Packet:
        """The next packet.

        Raises:
            ClosedError: the broker closed.
            TimeoutError: nothing came.
        """
        end_s = time.monotonic() + deadline_s
        while True:
            try:
                packet, size = read(memoryview(self._buffer))
            except IndexError:
                self._fill(max(end_s - time.monotonic(), 0.001))
            else:
                self._buffer = self._buffer[size:]
                return packet

    def hears_nothing(self, quiet_s: float = _QUIET_S) -> bool:
        try:
            self.next(quiet_s)
        except TimeoutError:
            return True
        return False

    def depart(self) -> None:
        """Say goodbye, and wait until the broker has heard it."""
        self.say(DisconnectPacket())
        assert self.is_closed()

    def last_words(self, deadline_s: float = DEADLINE_S) -> int | None:
        """The code of the broker's DISCONNECT; None when it closes without one."""
        try:
            code = int(self.hear(DisconnectPacket, deadline_s).reason_code)
        except ClosedError:
            return None
        assert self.is_closed()
        return code

    def is_closed(self, deadline_s: float = DEADLINE_S) -> bool:
        """Whether the broker ends the connection, whatever it says before."""
        try:
            while True:
                self.next(deadline_s)
        except ConnectionError:
            return True
        except TimeoutError:
            return False

    def _fill(self, deadline_s: float) -> None:
        self._socket.settimeout(deadline_s)
        data = self._socket.recv(65_536)
        if not data:
            raise ClosedError("closed by the broker")
        self._buffer += data
