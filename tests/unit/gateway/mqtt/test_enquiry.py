"""What a broker is asked, byte by byte: whatever it answers, in whatever portions."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest
from mqtt5 import (
    ConnAckPacket,
    ConnAckReasonCode,
    DisconnectPacket,
    DisconnectReasonCode,
    PubAckPacket,
    PublishPacket,
    QoS,
)

from device_protocol.mqtt_session import ConnectOptions
from gateway.errors import TransientError
from gateway.mqtt.enquiry import RefusedError, enquiring
from gateway.mqtt.options import LinkOptions

CONNACK = ConnAckPacket(
    receive_max=7, max_packet_size=9000, session_expiry_interval=60, max_qos=QoS(1)
).write()


@asynccontextmanager
async def broker(*answers: bytes, part: int = 0) -> AsyncIterator[LinkOptions]:
    """Says one answer for each packet it gets, `part` bytes at a time, and hangs up."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for answer in answers:
            await reader.read(1000)
            for piece in _pieces(answer, part):
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(0)
        await reader.read(1000)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        yield LinkOptions(
            "127.0.0.1", port, ConnectOptions("x"), connect_timeout_ms=5000
        )


def _pieces(answer: bytes, part: int) -> Sequence[bytes]:
    size = part or len(answer) or 1
    return [answer[at : at + size] for at in range(0, len(answer), size)]


@pytest.mark.parametrize("part", [0, 1, 3])
async def test_limits_are_what_connack_says(part: int) -> None:
    async with broker(CONNACK, part=part) as options, enquiring(options) as (_, limits):
        assert limits.receive_max == 7
        assert limits.packet_bytes_max == 9000
        assert limits.session_expiry_s == 60
        assert limits.qos_max == 1
        assert limits.retain


async def test_who_is_refused_learns_why() -> None:
    code = ConnAckReasonCode.BANNED
    refusal = ConnAckPacket(reason_code=code, reason_str="go away").write()
    async with broker(refusal) as options:
        with pytest.raises(RefusedError, match="go away") as caught:
            async with enquiring(options):
                raise AssertionError
    assert caught.value.code == code


async def test_what_is_published_to_us_meanwhile_is_ignored() -> None:
    other = PublishPacket("a/b", b"x" * 300).write()
    async with (
        broker(CONNACK, other + PubAckPacket(1).write(), part=100) as options,
        enquiring(options) as (enquiry, _),
    ):
        assert await enquiry.publish("c/d", b"") == 0


async def test_a_broker_that_ends_the_connection_is_told_by_its_reason() -> None:
    end = DisconnectPacket(reason_code=DisconnectReasonCode.QUOTA_EXCEEDED).write()
    async with broker(CONNACK, end) as options:
        with pytest.raises(TransientError, match="quota exceeded"):
            async with enquiring(options) as (enquiry, _):
                await enquiry.publish("c/d", b"")


@pytest.mark.parametrize(
    "answer", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x20\x02\x00\x01", b"\xff" * 40]
)
async def test_nonsense_is_no_mqtt_5(answer: bytes) -> None:
    async with broker(answer) as options:
        with pytest.raises(TransientError):
            async with enquiring(options):
                raise AssertionError
