"""When the socket is left alone for a moment, so that bytes gather."""

import asyncio
from collections.abc import Callable

import pytest
from mqtt5 import ConnAckPacket, PublishPacket, QoS

from device_protocol.mqtt_session import ConnectOptions, Event, Session
from gateway.clock import SteppedClock
from gateway.mqtt.connection import Connection

HEARTBEAT = PublishPacket("evaluators/v1/d1/heartbeat", b"{}", qos=QoS.AT_MOST_ONCE)
RATING = PublishPacket(
    "evaluators/v1/d1/rating", b"{}", qos=QoS.AT_LEAST_ONCE, packet_id=1
)


class Transport(asyncio.Transport):
    """Notes whether the socket is read."""

    def __init__(self) -> None:
        super().__init__()
        self.reading = True

    def write(self, data: object) -> None:
        """Nobody reads it."""

    def is_closing(self) -> bool:
        return False

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True


class Owner:
    def on_event(self, connection: Connection, event: Event) -> None:
        """Hear it."""

    def on_closed(self, connection: Connection) -> None:
        """Hear it."""


class Bench:
    """A connection whose pauses end when the test says so."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.pauses_ms: list[int] = []
        self._resume: list[Callable[[], None]] = []
        loop = asyncio.get_running_loop()
        monkeypatch.setattr(loop, "call_later", self._later)
        self.clock = SteppedClock(monotonic_ms=1)
        self.transport = Transport()
        session = Session(ConnectOptions("gateway"))
        self.connection = Connection(1, session, Owner(), self.clock)
        self.connection.connection_made(self.transport)
        self.connection.data_received(ConnAckPacket().write())

    def _later(self, delay_s: float, callback: Callable[[], None]) -> None:
        self.pauses_ms.append(round(delay_s * 1000))
        self._resume.append(callback)

    def hear(self, packet: PublishPacket, after_ms: int) -> int:
        """It comes so much later; how long the socket is left alone then."""
        self.clock.advance(after_ms)
        pauses = len(self.pauses_ms)
        self.connection.data_received(packet.write())
        if len(self.pauses_ms) == pauses:
            return 0
        assert not self.transport.reading
        self._resume.pop()()
        assert self.transport.reading
        return self.pauses_ms[-1]


async def test_heartbeats_gather_the_longer_the_longer_nothing_else_came(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bench = Bench(monkeypatch)
    assert bench.hear(HEARTBEAT, 50) == 0
    assert bench.hear(HEARTBEAT, 150) == 200 // 20
    assert bench.hear(HEARTBEAT, 200) == 400 // 20
    assert bench.hear(HEARTBEAT, 60_000) == 200


async def test_what_wants_an_answer_ends_the_pauses(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bench = Bench(monkeypatch)
    assert bench.hear(HEARTBEAT, 60_000) == 200
    assert bench.hear(RATING, 5) == 0
    assert bench.hear(HEARTBEAT, 5) == 0


async def test_a_thousand_ratings_a_second_wait_for_no_heartbeat(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bench = Bench(monkeypatch)
    waits = [bench.hear(one, 1) for _ in range(500) for one in (RATING, HEARTBEAT)]
    assert waits == [0] * 1000


async def test_reads_within_a_millisecond_are_followed_by_a_short_pause(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bench = Bench(monkeypatch)
    assert bench.hear(RATING, 10) == 0
    assert bench.hear(RATING, 0) == 2
