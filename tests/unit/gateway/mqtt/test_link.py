"""The link against a broker that does what the test writes down."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from mqtt5 import (
    ConnAckPacket,
    ConnAckReasonCode,
    ConnectPacket,
    DisconnectPacket,
    DisconnectReasonCode,
    Packet,
    PublishPacket,
    QoS,
    SubAckPacket,
    SubAckReasonCode,
    SubscribePacket,
    read,
)

from gateway.clock import SystemClock
from gateway.mqtt import LinkOptions, MqttLink
from tests.support.listening import Listener, link_options, linked, until

GRANTED = SubAckReasonCode.GRANTED_QOS_AT_LEAST_ONCE
Answers = Callable[[Packet], bytes | None]


class ScriptedBroker:
    """Answers each packet as told; None closes the connection."""

    def __init__(self, answers: Answers) -> None:
        self.answers = answers
        self.heard: list[Packet] = []
        self.connections = 0

    async def serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.connections += 1
        rest = b""
        while data := await reader.read(65_536):
            rest += data
            while rest:
                packet, used = read(memoryview(rest))
                rest = rest[used:]
                self.heard.append(packet)
                answer = self.answers(packet)
                if answer is None:
                    rest = b""
                    writer.close()
                else:
                    writer.write(answer)
        writer.close()


@asynccontextmanager
async def scripted(answers: Answers) -> AsyncIterator[tuple[ScriptedBroker, int]]:
    broker = ScriptedBroker(answers)
    server = await asyncio.start_server(broker.serve, "127.0.0.1", 0)
    try:
        yield broker, server.sockets[0].getsockname()[1]
    finally:
        server.close()


def answering(
    codes: Sequence[SubAckReasonCode] = (GRANTED,) * 7,
    connack: ConnAckPacket | None = None,
    afterwards: bytes = b"",
) -> Answers:
    """A broker that accepts, and sends `afterwards` behind its SUBACK."""

    def answer(packet: Packet) -> bytes | None:
        match packet:
            case ConnectPacket():
                return (connack or ConnAckPacket()).write()
            case SubscribePacket():
                return SubAckPacket(packet.packet_id, list(codes)).write() + afterwards
            case DisconnectPacket():
                return None
            case _:
                return b""

    return answer


def quick(port: int) -> LinkOptions:
    return replace(link_options(port), connect_timeout_ms=100, tick_ms=20)


async def test_a_lower_quality_than_asked_is_told() -> None:
    codes = [GRANTED, SubAckReasonCode.GRANTED_QOS_AT_MOST_ONCE, *[GRANTED] * 5]
    async with (
        scripted(answering(codes)) as (_, port),
        linked(link_options(port)) as (_, listener),
    ):
        assert listener.refused == [{"evaluators/v1/+/session": 0}]


async def test_what_was_refused_is_asked_again_and_told_when_granted() -> None:
    refused = [SubAckReasonCode.NOT_AUTHORIZED] + [GRANTED] * 6
    async with scripted(answering(refused)) as (broker, port):
        options = replace(link_options(port), resubscribe_delay_ms=50)
        async with linked(options) as (_, listener):
            broker.answers = answering([GRANTED])
            await until(lambda: len(listener.refused) == 2)
            assert listener.refused[1] == {}
    again = [p for p in broker.heard if isinstance(p, SubscribePacket)][1]
    assert [f.pattern for f in again.topic_filters] == ["evaluators/v1/+/rating"]


@pytest.mark.parametrize(
    "answers",
    [
        pytest.param(lambda _packet: b"", id="no CONNACK"),
        pytest.param(lambda _packet: b"\xff\xff\xff\xff\xff\xff", id="nonsense"),
        pytest.param(lambda _packet: None, id="closes at once"),
        pytest.param(
            answering(
                connack=ConnAckPacket(reason_code=ConnAckReasonCode.NOT_AUTHORIZED)
            ),
            id="refuses",
        ),
    ],
)
async def test_a_broker_that_does_not_accept_is_tried_again(answers: Answers) -> None:
    async with (
        scripted(answers) as (broker, port),
        linked(quick(port), subscribed=False) as (link, listener),
    ):
        await until(lambda: broker.connections >= 3)
        assert link.epoch == 0
        assert listener.opened == []
        assert listener.closed == []
        assert len(listener.failures) >= 2


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        (
            lambda p: ConnAckPacket().write() if isinstance(p, ConnectPacket) else b"",
            "no SUBACK in time",
        ),
        (answering(codes=[GRANTED]), "SUBACK answers another number"),
        (answering(afterwards=b"\x00\x00"), "broke the protocol"),
        (
            answering(
                afterwards=DisconnectPacket(
                    reason_code=DisconnectReasonCode.SERVER_SHUTTING_DOWN
                ).write()
            ),
            "SERVER_SHUTTING_DOWN",
        ),
    ],
)
async def test_a_connection_that_ends_says_why(answers: Answers, reason: str) -> None:
    async with (
        scripted(answers) as (_, port),
        linked(quick(port), subscribed=False) as (_, listener),
    ):
        await until(lambda: bool(listener.closed))
        assert reason in listener.closed[0][1]
        assert not listener.closed[0][2]


async def test_an_announced_take_over_is_told() -> None:
    ended = DisconnectPacket(reason_code=DisconnectReasonCode.SESSION_TAKEN_OVER)
    async with (
        scripted(answering(afterwards=ended.write())) as (broker, port),
        linked(link_options(port), subscribed=False) as (_, listener),
    ):
        await until(lambda: bool(listener.closed))
        assert listener.closed[0][2]
        assert broker.connections == 1


async def test_the_connection_before_is_over_when_its_listener_fails() -> None:
    class Failing(Listener):
        def link_received(self, epoch: int, packets: Sequence[PublishPacket]) -> None:
            raise AssertionError("our own fault")

    message = PublishPacket("t", b"", qos=QoS.AT_LEAST_ONCE, packet_id=1).write()
    async with scripted(answering(afterwards=message)) as (_, port):
        link = MqttLink(link_options(port), Failing(), SystemClock(), lambda: 0.5)
        asyncio.get_running_loop().set_exception_handler(lambda *_: None)
        with pytest.raises(AssertionError, match="our own fault"):
            await link.run()
        assert link.epoch == 0


async def test_publishes_beyond_the_brokers_window_are_not_sent() -> None:
    answers = answering(connack=ConnAckPacket(receive_max=2))
    async with (
        scripted(answers) as (_, port),
        linked(link_options(port)) as (link, _),
    ):
        assert link.quota == 2
        assert len(link.publish([("t", b"")] * 5)) == 2
        assert link.quota == 0
        assert link.publish([("t", b"")]) == []


async def test_without_a_connection_nothing_is_sent() -> None:
    link = MqttLink(link_options(1), Listener(), SystemClock(), lambda: 0.5)
    assert link.epoch == 0
    assert link.quota == 0
    assert not link.acknowledge(1, [1])
    assert link.publish([("t", b"")]) == []
    link.hold_reading(held=True)
    link.stop()
    await link.run()
