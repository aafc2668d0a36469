"""A connection that asks the broker what it grants, and leaves nothing behind."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import NamedTuple, TypeVar

from mqtt5 import (
    ConnAckPacket,
    ConnAckReasonCode,
    ConnectPacket,
    DisconnectPacket,
    Packet,
    PubAckPacket,
    PublishPacket,
    QoS,
    SubAckPacket,
    SubscribePacket,
    TopicFilter,
    read,
)

from gateway.errors import PermanentError, TransientError
from gateway.mqtt.options import LinkOptions

Answer = TypeVar("Answer", bound=Packet)

_CHUNK_BYTES = 65_536
_PACKET_ID = 1  # one question at a time


class RefusedError(PermanentError):
    """CONNACK with a failure; `code` is its reason code."""

    def __init__(self, code: ConnAckReasonCode, reason: str) -> None:
        super().__init__(reason)
        self.code = code


class Limits(NamedTuple):
    """What CONNACK grants; None: the broker states no limit.

    `session_expiry_s` None means as long as was asked for.
    """

    receive_max: int
    packet_bytes_max: int | None
    session_expiry_s: int | None
    keep_alive_s: int | None
    qos_max: int
    retain: bool
    wildcards: bool


class Enquiry:
    """Questions on one connection; what is published to us meanwhile is ignored."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._rest = b""

    async def connect(self, options: LinkOptions) -> Limits:
        """Raises RefusedError; TransientError when it is no MQTT 5 that answers."""
        wanted = options.connect
        self._writer.write(
            ConnectPacket(
                wanted.client_id,
                username=wanted.username,
                password=wanted.password,
                clean_start=True,
                session_expiry_interval=wanted.session_expiry_s,
                keep_alive=wanted.keep_alive_s,
            ).write()
        )
        packet = await self._answer(ConnAckPacket)
        if packet.reason_code != ConnAckReasonCode.SUCCESS:
            words = packet.reason_code.name.lower().replace("_", " ")
            raise RefusedError(packet.reason_code, packet.reason_str or words)
        return Limits(
            packet.receive_max,
            packet.max_packet_size,
            packet.session_expiry_interval,
            packet.server_keep_alive,
            int(packet.max_qos),
            packet.retain_available,
            packet.wildcard_subscription_available,
        )

    async def subscribe(self, filters: Sequence[TopicFilter]) -> list[int]:
        """The granted QoS of each filter, or a failure (>= 0x80)."""
        self._writer.write(SubscribePacket(_PACKET_ID, list(filters)).write())
        packet = await self._answer(SubAckPacket)
        return [int(code) for code in packet.reason_codes]

    async def publish(self, topic: str, payload: bytes) -> int:
        """Publish with QoS 1; the reason code (>= 0x80: refused)."""
        packet = PublishPacket(
            topic, payload, qos=QoS.AT_LEAST_ONCE, packet_id=_PACKET_ID
        )
        self._writer.write(packet.write())
        return int((await self._answer(PubAckPacket)).reason_code)

    def leave(self) -> None:
        """Say good-bye; the broker forgets the session."""
        self._writer.write(DisconnectPacket(session_expiry_interval=0).write())

    async def _answer(self, kind: type[Answer]) -> Answer:
        while True:
            packet = await self._packet()
            if isinstance(packet, kind):
                return packet
            if isinstance(packet, DisconnectPacket):
                words = packet.reason_code.name.lower().replace("_", " ")
                raise TransientError(f"the broker ended the connection: {words}")

    async def _packet(self) -> Packet:
        while True:
            with suppress(IndexError):  # not whole yet
                packet, used = _read(self._rest)
                self._rest = self._rest[used:]
                return packet
            chunk = await self._reader.read(_CHUNK_BYTES)
            if not chunk:
                raise TransientError("the broker closed the connection")
            self._rest += chunk


@asynccontextmanager
async def enquiring(options: LinkOptions) -> AsyncIterator[tuple[Enquiry, Limits]]:
    """A connection with its limits, all within `connect_timeout_ms`.

    Raises:
        OSError: the broker cannot be reached.
        RefusedError: it does not let us in.
        TransientError: it does not answer as MQTT 5, or not in time.

    """
    tls = options.tls.context() if options.tls else None
    try:
        async with asyncio.timeout(options.connect_timeout_ms / 1000):
            async with _stream(options, tls) as enquiry:
                yield enquiry, await enquiry.connect(options)
                enquiry.leave()
    except TimeoutError as error:
        seconds = options.connect_timeout_ms / 1000
        raise TransientError(f"no answer within {seconds:g} s") from error


@asynccontextmanager
async def _stream(
    options: LinkOptions, tls: ssl.SSLContext | None
) -> AsyncIterator[Enquiry]:
    reader, writer = await asyncio.open_connection(options.host, options.port, ssl=tls)
    try:
        yield Enquiry(reader, writer)
    finally:
        writer.close()
        with suppress(OSError, ssl.SSLError):
            await writer.wait_closed()


def _read(data: bytes) -> tuple[Packet, int]:
    """Raises IndexError when more is needed, TransientError when it is no MQTT 5."""
    try:
        return read(memoryview(data))
    except ValueError as error:
        raise TransientError(f"it does not answer as MQTT 5: {error}") from error
    except BaseException as error:
        # The codec panics at text that is not UTF-8; see device_protocol.
        if type(error).__name__ == "PanicException":
            raise TransientError("it does not answer as MQTT 5") from error
        raise
