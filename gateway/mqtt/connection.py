"""One network connection: an asyncio transport under an MQTT session."""

import asyncio
from collections.abc import Callable
from typing import Protocol

from device_protocol.mqtt_session import Event, RemoteProtocolError, Session, State
from gateway.clock import Clock


class ConnectionOwner(Protocol):
    """Hears what one connection says; the calls return at once."""

    def on_event(self, connection: "Connection", event: Event) -> None: ...

    def on_closed(self, connection: "Connection") -> None: ...


class Connection(asyncio.Protocol):
    """Sends CONNECT as soon as the transport stands.

    `reason` says why the connection ended, None while it stands; `error` is what
    our own code raised, never the world's fault.
    """

    def __init__(
        self, epoch: int, session: Session, owner: ConnectionOwner, clock: Clock
    ) -> None:
        self.epoch = epoch
        self.session = session
        self.begun_ms = clock.monotonic_ms()
        self.reason: str | None = None
        self.error: Exception | None = None
        self._owner = owner
        self._clock = clock
        self._transport: asyncio.Transport | None = None
        self._held = False

    @property
    def usable(self) -> bool:
        """Whether packets may still be sent on it."""
        return self.reason is None and self.session.state is State.CONNECTED

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(self.session.connect(self._clock.monotonic_ms()))

    def data_received(self, data: bytes) -> None:
        try:
            events = self.session.receive(data, self._clock.monotonic_ms())
        except RemoteProtocolError as error:
            self.abort(f"the broker broke the protocol: {error}")
            return
        for event in events:
            self._owner.on_event(self, event)

    def connection_lost(self, exc: Exception | None) -> None:
        """Here asyncio also brings what our own code raised in `data_received`."""
        if exc is not None and not isinstance(exc, OSError):
            self.error = exc
        self._ended(str(exc) if exc else "closed by the broker")
        self._owner.on_closed(self)

    def send(self, make: Callable[[int], bytes]) -> None:
        """Write what `make(now_ms)` gives."""
        assert self._transport is not None
        if data := make(self._clock.monotonic_ms()):
            self._transport.write(data)

    def hold_reading(self, *, held: bool) -> None:
        if held is self._held or self._transport is None:
            return
        self._held = held
        if held:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()

    def keep_alive(self) -> None:
        """Ping when it is due, part from a broker that fell silent."""
        try:
            self.send(lambda now: self.session.tick(now, listening=not self._held))
        except RemoteProtocolError as error:
            self.abort(str(error))

    def part(self, reason: str) -> None:
        """DISCONNECT, and close once everything is written."""
        if self.usable:
            self.send(lambda _now: self.session.disconnect())
        self._ended(reason)
        if self._transport is not None:
            self._transport.close()

    def abort(self, reason: str) -> None:
        """Close at once."""
        self._ended(reason)
        if self._transport is not None:
            self._transport.abort()

    def _ended(self, reason: str) -> None:
        if self.reason is None:
            self.reason = reason
