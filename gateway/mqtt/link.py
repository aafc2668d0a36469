"""A connection to the broker that is made again whenever it ends.

The life of one epoch: connect → CONNACK (`link_opened`) → SUBSCRIBE → SUBACK
(`link_subscribed`) → publishes (`link_received`) → the end (`link_closed`). Whoever
acknowledges names the epoch in which the message came: packet ids of an earlier
connection are never sent, because there they may belong to new messages.
"""

import asyncio
from collections.abc import Sequence
from typing import Final, assert_never

import structlog
from mqtt5 import TopicFilter

from device_protocol.mqtt_publish import PLAIN, PublishOptions
from device_protocol.mqtt_session import (
    TAKEN_OVER,
    Confirmed,
    Connected,
    Disconnected,
    Event,
    Ponged,
    Published,
    Refused,
    Session,
    State,
    Subscribed,
)
from gateway.backoff import Backoff, Dice
from gateway.clock import Clock
from gateway.mqtt.connection import Connection
from gateway.mqtt.options import LinkOptions
from gateway.mqtt.reconnecting import Reconnecting
from gateway.ports import LinkListener

_PART_MS_MAX: Final = 2000

_log = structlog.get_logger(__name__)


class MqttLink:
    """The `Link` of `gateway.ports`, over TCP or TLS."""

    def __init__(
        self, options: LinkOptions, listener: LinkListener, clock: Clock, dice: Dice
    ) -> None:
        self._options = options
        self._listener = listener
        self._clock = clock
        backoff = Backoff(options.retry_delay_ms, options.retry_delay_ms_max, dice)
        self._reconnecting = Reconnecting(backoff, options.taken_over_delay_ms)
        self._retry_delay_ms = 0
        self._epochs = 0
        self._connection: Connection | None = None
        self._opened = False  # whether `link_opened` was said for this connection
        self._announced = False  # the broker said that another client took over
        self._held = False
        self._stopping = False
        self._wake = asyncio.Event()
        self._asked: dict[int, Sequence[TopicFilter]] = {}  # by SUBSCRIBE's packet id
        self._refused: dict[str, int] = {}
        self._subscribe_by_ms = 0
        self._resubscribe_ms = 0

    # ----- what others ask of it

    @property
    def epoch(self) -> int:
        connection = self._connection
        return connection.epoch if connection and connection.usable else 0

    @property
    def quota(self) -> int:
        connection = self._connection
        return connection.session.quota if connection and connection.usable else 0

    def acknowledge(self, epoch: int, packet_ids: Sequence[int]) -> bool:
        connection = self._connection
        if connection is None or not connection.usable or epoch != self.epoch:
            return False
        connection.send(lambda now: connection.session.acknowledge(packet_ids, now))
        return True

    def publish(
        self,
        messages: Sequence[tuple[str, bytes]],
        options: PublishOptions = PLAIN,
    ) -> list[int]:
        connection = self._connection
        if connection is None or not connection.usable:
            return []
        now = self._clock.monotonic_ms()
        session = connection.session
        sent = [
            session.publish(topic, payload, now, options)
            for topic, payload in messages[: session.quota]
        ]
        connection.send(lambda _now: b"".join(data for _, data in sent))
        return [packet_id for packet_id, _ in sent]

    def barrier(self) -> int:
        connection = self._connection
        assert connection is not None, "a barrier needs a connection"
        number, data = connection.session.ping(self._clock.monotonic_ms())
        connection.send(lambda _now: data)
        return number

    def hold_reading(self, *, held: bool) -> None:
        self._held = held
        if self._connection is not None and self._opened:
            self._connection.hold_reading(held=held)

    def stop(self) -> None:
        self._stopping = True
        self._wake.set()

    async def run(self) -> None:
        while not self._stopping:
            reason = await self._live_once()
            if not self._stopping:
                delay_ms = self._retry_delay_ms
                _log.warning("link_ended", reason=reason, retry_delay_ms=delay_ms)
                await self._pause(self._clock.monotonic_ms() + delay_ms)

    # ----- one connection

    async def _live_once(self) -> str:
        """Connect, serve until the end; why it ended."""
        try:
            async with asyncio.timeout(self._options.connect_timeout_ms / 1000):
                connection = await self._connect()
        except TimeoutError:
            return self._failed("cannot connect: no answer in time")
        except OSError as error:
            return self._failed(f"cannot connect: {error}")
        try:
            await self._serve(connection)
        finally:
            if connection.reason is None:
                connection.abort("cancelled")
            self._close(connection)
        if connection.error is not None:
            raise connection.error
        return connection.reason or ""

    def _failed(self, reason: str) -> str:
        self._connection = None
        self._retry_delay_ms = self._reconnecting.failed().delay_ms
        self._listener.link_failed(reason)
        return reason

    async def _connect(self) -> Connection:
        options = self._options
        self._epochs += 1
        self._opened = self._announced = False
        session = Session(options.connect)
        connection = Connection(self._epochs, session, self, self._clock)
        self._connection = connection
        await asyncio.get_running_loop().create_connection(
            lambda: connection,
            options.host,
            options.port,
            ssl=options.tls.context() if options.tls else None,
        )
        return connection

    async def _serve(self, connection: Connection) -> None:
        while connection.reason is None and not self._stopping:
            self._watch(connection)
            await self._wait_ms(self._options.tick_ms)
        if self._stopping and connection.reason is None:
            connection.part("stopped")
        by_ms = self._clock.monotonic_ms() + _PART_MS_MAX
        while self._connection is connection and self._clock.monotonic_ms() < by_ms:
            await self._wait_ms(_PART_MS_MAX)
        connection.abort("not closed in time")

    def _watch(self, connection: Connection) -> None:
        """Deadlines, the keep-alive, and another try for what was refused."""
        now = self._clock.monotonic_ms()
        if connection.session.state is State.CONNECTING:
            if now - connection.begun_ms >= self._options.connect_timeout_ms:
                connection.abort("no CONNACK in time")
            return
        if not connection.usable:
            return
        if self._asked and not self._held and now >= self._subscribe_by_ms:
            connection.abort("no SUBACK in time")
            return
        if self._refused and not self._asked and now >= self._resubscribe_ms:
            filters = self._options.filters
            self._subscribe([f for f in filters if f.pattern in self._refused])
        connection.keep_alive()

    def _close(self, connection: Connection) -> None:
        """Once for each connection: tell the listener if it knew of it."""
        if self._connection is not connection:
            return
        reason = connection.reason or "closed"
        self._asked.clear()
        if not self._opened:
            self._failed(reason)
            return
        self._connection = None
        retry = self._reconnecting.ended(
            self._clock.monotonic_ms() - connection.begun_ms,
            announced=self._announced,
            wordless=connection.wordless,
        )
        self._retry_delay_ms = retry.delay_ms
        self._listener.link_closed(
            connection.epoch, reason, taken_over=retry.taken_over
        )

    async def _pause(self, until_ms: int) -> None:
        while not self._stopping and self._clock.monotonic_ms() < until_ms:
            await self._wait_ms(until_ms - self._clock.monotonic_ms())

    async def _wait_ms(self, timeout_ms: int) -> None:
        """Until something happens, or the time is over."""
        try:
            async with asyncio.timeout(timeout_ms / 1000):
                await self._wake.wait()
        except TimeoutError:
            return
        self._wake.clear()

    # ----- what the connection says

    def on_event(self, connection: Connection, event: Event) -> None:
        """Tell the listener. An old connection's last words are not heard."""
        if connection is not self._connection or connection.reason is not None:
            return
        match event:
            case Published(packets):
                self._listener.link_received(connection.epoch, packets)
            case Confirmed(packet_id, code):
                self._listener.link_confirmed(connection.epoch, packet_id, code)
            case Ponged(number):
                self._listener.link_passed(connection.epoch, number)
            case Connected():
                self._connected(connection, session_present=event.session_present)
            case Subscribed(packet_id, codes):
                self._subscribed(connection, packet_id, codes)
            case Refused(code, reason):
                connection.abort(f"refused by the broker: {reason} ({code:#04x})")
            case Disconnected(code, reason):
                self._announced = code == TAKEN_OVER
                connection.part(f"ended by the broker: {reason} ({code:#04x})")
            case _:
                assert_never(event)

    def on_closed(self, connection: Connection) -> None:
        self._close(connection)
        self._wake.set()

    def _connected(self, connection: Connection, *, session_present: bool) -> None:
        self._opened = True
        _log.info(
            "link_opened", epoch=connection.epoch, session_present=session_present
        )
        self._refused.clear()
        self._listener.link_opened(connection.epoch, session_present=session_present)
        if self._options.filters:
            self._subscribe(self._options.filters)
        else:
            self._listener.link_subscribed(connection.epoch, {})
        connection.hold_reading(held=self._held)

    def _subscribe(self, filters: Sequence[TopicFilter]) -> None:
        connection = self._connection
        assert connection is not None
        now = self._clock.monotonic_ms()
        packet_id, data = connection.session.subscribe(filters, now)
        self._asked[packet_id] = filters
        self._subscribe_by_ms = now + self._options.connect_timeout_ms
        connection.send(lambda _now: data)

    def _subscribed(
        self, connection: Connection, packet_id: int, codes: Sequence[int]
    ) -> None:
        filters = self._asked.pop(packet_id)
        if len(codes) != len(filters):
            connection.abort("SUBACK answers another number of filters")
            return
        for wanted, code in zip(filters, codes, strict=True):
            if code == wanted.max_qos:
                self._refused.pop(wanted.pattern, None)
            else:
                self._refused[wanted.pattern] = code
        self._resubscribe_ms = (
            self._clock.monotonic_ms() + self._options.resubscribe_delay_ms
        )
        if self._refused:
            _log.error("subscription_refused", refused=self._refused)
        self._listener.link_subscribed(connection.epoch, dict(self._refused))
