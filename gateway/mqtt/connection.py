"""One network connection: an asyncio transport under an MQTT session."""

import asyncio
from collections.abc import Callable
from typing import Final, Protocol

from device_protocol.mqtt_session import (
    Event,
    Published,
    RemoteProtocolError,
    Session,
    State,
)
from gateway.clock import Clock

# A broker that writes each publish by itself would cost us a turn of the event loop
# for every one or two. So, when reads follow within a millisecond, the socket is left
# alone for a moment: short against the age a block may reach before it is appended.
_LINGER_S: Final = 0.002

# Publishes of QoS 0 (heartbeats) want no answer, and a turn of the event loop for each
# of them costs more than all else that ingest does with it. So they gather in a pause
# after each read, the longer the longer nothing else has come: what then comes first of
# another kind, a press, waits for the rest of one pause, what follows it for none.
_GATHER_SHARE: Final = 20
_GATHER_MS_MIN: Final = 4
_GATHER_MS_MAX: Final = 200


class ConnectionOwner(Protocol):
    """Hears what one connection says; the calls return at once."""

    def on_event(self, connection: "Connection", event: Event) -> None: ...

    def on_closed(self, connection: "Connection") -> None: ...


def _may_wait(event: Event) -> bool:
    """Whether nobody waits for an answer to what came."""
    return isinstance(event, Published) and all(
        packet.packet_id is None for packet in event.packets
    )


class Connection(asyncio.Protocol):
    """Sends CONNECT as soon as the transport stands.

    `reason` says why the connection ended, None while it stands; `error` is what
    our own code raised, never the world's fault. `wordless`: the broker closed it and
    said nothing.
    """

    def __init__(
        self, epoch: int, session: Session, owner: ConnectionOwner, clock: Clock
    ) -> None:
        self.epoch = epoch
        self.session = session
        self.begun_ms = clock.monotonic_ms()
        self.reason: str | None = None
        self.error: Exception | None = None
        self.wordless = False
        self._owner = owner
        self._clock = clock
        self._transport: asyncio.Transport | None = None
        self._held = False
        self._lingering = False
        self._read_ms = 0
        self._asked_ms = self.begun_ms  # when something came that wants an answer

    @property
    def usable(self) -> bool:
        """Whether packets may still be sent on it."""
        return self.reason is None and self.session.state is State.CONNECTED

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(self.session.connect(self._clock.monotonic_ms()))

    def data_received(self, data: bytes) -> None:
        if self.reason is not None:
            return
        now = self._clock.monotonic_ms()
        try:
            events = self.session.receive(data, now)
        except RemoteProtocolError as error:
            self.abort(f"the broker broke the protocol: {error}")
            return
        for event in events:
            self._owner.on_event(self, event)
        if not all(map(_may_wait, events)):
            self._asked_ms = now
        gather_ms = (now - self._asked_ms) // _GATHER_SHARE
        if gather_ms >= _GATHER_MS_MIN:
            self._linger(min(gather_ms, _GATHER_MS_MAX) / 1000)
        elif now == self._read_ms:
            self._linger(_LINGER_S)
        self._read_ms = now

    def connection_lost(self, exc: Exception | None) -> None:
        """Here asyncio also brings what our own code raised in `data_received`."""
        if exc is not None and not isinstance(exc, OSError):
            self.error = exc
        self.wordless = self.reason is None
        self._ended(str(exc) if exc else "closed by the broker")
        self._owner.on_closed(self)

    def send(self, make: Callable[[int], bytes]) -> None:
        """Write what `make(now_ms)` gives."""
        assert self._transport is not None
        if data := make(self._clock.monotonic_ms()):
            self._transport.write(data)

    def hold_reading(self, *, held: bool) -> None:
        self._held = held
        self._read_or_not()

    def _linger(self, pause_s: float) -> None:
        if not self._lingering:
            self._lingering = True
            self._read_or_not()
            asyncio.get_running_loop().call_later(pause_s, self._lingered)

    def _lingered(self) -> None:
        self._lingering = False
        self._read_or_not()

    def _read_or_not(self) -> None:
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        if self._held or self._lingering:
            transport.pause_reading()
        else:
            transport.resume_reading()

    def keep_alive(self) -> None:
        """Ping when it is due, part from a broker that fell silent."""
        try:
            self.send(lambda now: self.session.tick(now, listening=not self._held))
        except RemoteProtocolError as error:
            self.abort(str(error))

    def part(self, reason: str) -> None:
        """Say DISCONNECT and let the broker close; without a session close at once.

        A broker that sees the end of the stream may leave unread what we wrote
        before, acknowledgements too. What still comes is read and not heard: an
        unread byte would turn our own end into a reset.
        """
        usable = self.usable
        if usable:
            self.send(lambda _now: self.session.disconnect())
            self.hold_reading(held=False)
        self._ended(reason)
        if self._transport is not None and not usable:
            self._transport.close()

    def abort(self, reason: str) -> None:
        """Close at once."""
        self._ended(reason)
        if self._transport is not None:
            self._transport.abort()

    def _ended(self, reason: str) -> None:
        if self.reason is None:
            self.reason = reason
