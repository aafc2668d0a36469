"""The pretend broker's misconduct on command, and what only it promises."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import ClientSession
from mqtt5 import (
    ConnAckPacket,
    ConnectPacket,
    DisconnectPacket,
    Packet,
    PubAckPacket,
    PublishPacket,
    QoS,
    SubAckPacket,
    SubscribePacket,
    TopicFilter,
    Will,
    read,
)

from simulators.pretend.broker.core import Limits
from simulators.pretend.broker.service import PretendBroker, main
from simulators.pretend.faults import Conduct, Fault

QUIET_S = 0.1
DEADLINE_S = 30.0


class Client:
    """One connection of MQTT 5."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.reader = reader
        self.writer = writer
        self._buffer = b""

    async def next(self, within_s: float = QUIET_S) -> Packet | None:
        """The next packet; None when nothing comes for a while."""
        try:
            async with asyncio.timeout(within_s):
                while True:
                    try:
                        packet, size = read(memoryview(self._buffer))
                    except IndexError:
                        data = await self.reader.read(1000)
                        if not data:
                            raise ConnectionResetError("closed") from None
                        self._buffer += data
                    else:
                        self._buffer = self._buffer[size:]
                        return packet
        except TimeoutError:
            return None

    async def publish(self, topic: str = "a/b") -> Packet | None:
        """Publish with QoS 1; what the broker answers."""
        packet = PublishPacket(topic, b"x", qos=QoS.AT_LEAST_ONCE, packet_id=1)
        self.writer.write(packet.write())
        return await self.next()


@asynccontextmanager
async def client(
    broker: PretendBroker,
    name: str,
    *,
    filters: str = "",
    **options: Any,  # noqa: ANN401 - the codec's own
) -> AsyncIterator[Client]:
    reader, writer = await asyncio.open_connection("127.0.0.1", broker.port)
    one = Client(reader, writer)
    try:
        writer.write(ConnectPacket(name, session_expiry_interval=60, **options).write())
        assert isinstance(await one.next(DEADLINE_S), ConnAckPacket)
        if filters:
            chosen = TopicFilter(filters, max_qos=QoS.AT_LEAST_ONCE)
            writer.write(SubscribePacket(1, [chosen]).write())
            assert isinstance(await one.next(DEADLINE_S), SubAckPacket)
        yield one
    finally:
        writer.transport.abort()


@pytest.fixture
async def broker() -> AsyncIterator[PretendBroker]:
    async with PretendBroker() as broker:
        yield broker


@pytest.mark.parametrize("code", [0x87, 0x97])
async def test_a_denied_publish_goes_nowhere(broker: PretendBroker, code: int) -> None:
    broker.faults.replace([Fault(status=code, match="^publish pad ", count=1)])
    async with client(broker, "pad", filters="#") as pad:
        answer = await pad.publish()
        assert isinstance(answer, PubAckPacket)
        assert int(answer.reason_code) == code
        assert await pad.next() is None


async def test_a_code_that_the_packet_does_not_know_is_an_unspecified_error(
    broker: PretendBroker,
) -> None:
    broker.faults.replace([Fault(status=3, match="^publish")])
    async with client(broker, "pad") as pad:
        answer = await pad.publish()
        assert isinstance(answer, PubAckPacket)
        assert int(answer.reason_code) == 0x80


async def test_an_answer_can_be_left_out_though_the_message_was_taken(
    broker: PretendBroker,
) -> None:
    broker.faults.replace([Fault(conduct=Conduct.NO_ANSWER, match="^publish")])
    async with client(broker, "taker", filters="#") as taker:
        async with client(broker, "pad") as pad:
            assert await pad.publish() is None
        assert isinstance(await taker.next(DEADLINE_S), PublishPacket)


@pytest.mark.parametrize(
    ("conduct", "taken"),
    [(Conduct.RESET_BEFORE, False), (Conduct.RESET_AFTER, True)],
)
async def test_the_connection_breaks_before_or_after_the_message_is_taken(
    broker: PretendBroker, conduct: Conduct, *, taken: bool
) -> None:
    broker.faults.replace([Fault(conduct=conduct, match="^publish")])
    async with client(broker, "taker", filters="#") as taker:
        async with client(broker, "pad") as pad:
            with pytest.raises(ConnectionError):
                await pad.publish()
        assert (await taker.next() is not None) is taken


async def test_a_refused_connect_says_why(broker: PretendBroker) -> None:
    broker.faults.replace([Fault(status=0x88, match="^connect pad$")])
    reader, writer = await asyncio.open_connection("127.0.0.1", broker.port)
    one = Client(reader, writer)
    writer.write(ConnectPacket("pad").write())
    answer = await one.next()
    assert isinstance(answer, ConnAckPacket)
    assert int(answer.reason_code) == 0x88
    with pytest.raises(ConnectionError):
        await one.next()
    writer.close()


async def test_a_black_hole_keeps_the_connection_and_says_nothing(
    broker: PretendBroker,
) -> None:
    broker.faults.replace([Fault(conduct=Conduct.BLACK_HOLE, match="^publish")])
    async with client(broker, "pad") as pad:
        assert await pad.publish() is None
        broker.faults.replace([])
        assert await pad.publish() is None


async def test_its_sessions_are_cut_and_its_queue_is_lost_over_the_control_way(
    broker: PretendBroker,
) -> None:
    async with (
        broker.control("127.0.0.1:0") as way,
        ClientSession() as session,
        client(broker, "away", filters="#") as away,
        client(broker, "pad") as pad,
    ):
        async with session.post(f"{way.url}/pretend/cut?match=^away$") as done:
            assert await done.json() == {"done": 1}
        with pytest.raises(ConnectionError):
            await away.next()
        for _ in range(3):
            await pad.publish()
        async with session.get(f"{way.url}/pretend/sessions") as told:
            queued = {
                it["client_id"]: it["queued"] for it in json.loads(await told.read())
            }
        assert queued == {"away": 3, "pad": 0}
        async with session.post(f"{way.url}/pretend/forget?match=^away$") as done:
            assert await done.json() == {"done": 3}
        async with client(broker, "away") as again:
            assert await again.next() is None


async def test_a_clean_stop_says_that_the_server_shuts_down() -> None:
    async with PretendBroker() as broker, client(broker, "pad") as pad:
        await broker.__aexit__(None, None, None)
        told = await pad.next()
        assert isinstance(told, DisconnectPacket)
        assert int(told.reason_code) == 0x8B


async def test_whoever_is_silent_for_one_and_a_half_keep_alives_is_told_and_left(
    broker: PretendBroker,
) -> None:
    now_ms = [0]
    broker.broker.clock_ms = lambda: now_ms[0]
    async with client(broker, "silent", keep_alive=10) as one:
        now_ms[0] = 15_000
        assert await one.next() is None
        now_ms[0] = 15_001
        told = await one.next(DEADLINE_S)
        assert isinstance(told, DisconnectPacket)
        assert int(told.reason_code) == 0x8D


async def test_a_session_that_expires_takes_its_will_along(
    broker: PretendBroker,
) -> None:
    now_ms = [0]
    broker.broker.clock_ms = lambda: now_ms[0]
    will = Will("last", payload=b"gone", will_delay_interval=3600)
    async with client(broker, "heir", filters="last") as heir:
        async with client(broker, "mortal", will=will):
            pass
        assert await heir.next() is None
        now_ms[0] = 60_000
        assert isinstance(await heir.next(DEADLINE_S), PublishPacket)
        assert set(broker.broker.sessions) == {"heir"}


async def test_a_take_over_tells_the_loser(broker: PretendBroker) -> None:
    async with client(broker, "same") as old, client(broker, "same"):
        told = await old.next()
        assert isinstance(told, DisconnectPacket)
        assert int(told.reason_code) == 0x8E


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        (Limits(packet_bytes_max=100), 0x95),
        (Limits(qos_max=0), 0x9B),
    ],
)
async def test_beyond_its_limits_it_ends_the_connection(
    limits: Limits, code: int
) -> None:
    async with PretendBroker(limits=limits) as broker:
        reader, writer = await asyncio.open_connection("127.0.0.1", broker.port)
        writer.write(ConnectPacket("p").write())
        data = await reader.readexactly(2)
        await reader.readexactly(data[1])
        topic = "t" * 200 if limits.packet_bytes_max == 100 else "t"
        one = Client(reader, writer)
        told = await one.publish(topic)
        assert isinstance(told, DisconnectPacket)
        assert int(told.reason_code) == code
        writer.close()


async def test_a_connection_too_many_is_closed() -> None:
    async with (
        PretendBroker(limits=Limits(connections_max=1)) as broker,
        client(broker, "first"),
    ):
        with pytest.raises(ConnectionError):
            async with client(broker, "second"):
                pass
        assert broker.broker.counts["refused_connections_full"] == 1


async def test_more_unanswered_publishes_than_receive_maximum_end_the_connection() -> (
    None
):
    async with (
        PretendBroker(limits=Limits(receive_max=1)) as broker,
        client(broker, "pad") as pad,
    ):
        broker.faults.replace([Fault(conduct=Conduct.NO_ANSWER, match="^publish")])
        assert await pad.publish() is None
        packet = PublishPacket("a", b"x", qos=QoS.AT_LEAST_ONCE, packet_id=2)
        pad.writer.write(packet.write())
        told = await pad.next()
        assert isinstance(told, DisconnectPacket)
        assert int(told.reason_code) == 0x93


@pytest.mark.parametrize("words", [["--qos-max", "3"], ["--receive-max", "0"]])
def test_limits_that_cannot_be_are_refused_in_one_line(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    assert "is not within" in capsys.readouterr().err.splitlines()[-1]
