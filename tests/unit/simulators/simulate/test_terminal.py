"""Terminals keep, send and forget as their conformance level says."""

import asyncio
import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from mqtt5 import (
    ConnAckPacket,
    ConnectPacket,
    Packet,
    PubAckPacket,
    PubAckReasonCode,
    PublishPacket,
    read,
)

from simulators.simulate.book import Book, Event
from simulators.simulate.meter import Meter
from simulators.simulate.presses import Clock
from simulators.simulate.speaker import Speaker, Traits
from simulators.simulate.terminal import IN_FLIGHT_MAX, Terminal
from simulators.simulate.wire import Wire


class Pipe(asyncio.Transport):
    """What a terminal wrote, as packets."""

    def __init__(self, wire: Wire) -> None:
        super().__init__()
        self.wire = wire
        self.written = b""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += bytes(data)

    def abort(self) -> None:
        self.wire.connection_lost(None)

    close = abort

    def take(self) -> list[Packet]:
        found, view = [], memoryview(self.written)
        while view:
            packet, size = read(view)
            found.append(packet)
            view = view[size:]
        self.written = b""
        return found

    def give(self, *packets: ConnAckPacket | PubAckPacket | PublishPacket) -> None:
        for packet in packets:
            data = packet.write()
            buffer = self.wire.get_buffer(len(data))
            buffer[: len(data)] = data
            self.wire.buffer_updated(len(data))


@dataclass
class Stage:
    """A world without sockets: time moves when `pass_time` is called."""

    root: str = "evaluators"
    dice: random.Random = field(default_factory=lambda: random.Random(1))
    book: Book = field(default_factory=Book)
    meter: Meter = field(default_factory=Meter)
    deaf: float = 0.0
    keep_alive_s: int = 300
    credential: tuple[str | None, bytes | None] = (None, None)
    timers: list[tuple[float, Callable[[], None]]] = field(default_factory=list)
    pipes: list[Pipe] = field(default_factory=list)

    def later(self, delay_s: float, call: Callable[[], None]) -> None:
        self.timers.append((delay_s, call))

    def connect(self, wire: Wire) -> None:
        self.pipes.append(Pipe(wire))
        wire.connection_made(self.pipes[-1])

    def taken(self, terminal: Speaker, event: Event, payload: bytes) -> None:
        """Nothing goes wrong here."""

    def pass_time(self) -> None:
        """Run what was asked for later, once."""
        due, self.timers = self.timers, []
        for _, call in due:
            call()


@pytest.fixture
def stage() -> Stage:
    made = Stage()
    made.meter.begin_stage()
    return made


def terminal(stage: Stage, kind: str) -> Terminal:
    traits = Traits("sim-1", "sim-1", kind, Clock.RIGHT, 0.97, "E1", 0.0)
    made = Terminal(traits, stage)
    made.switch_on()
    return made


def greet(stage: Stage, *, known: bool = False, receive_max: int = 100) -> list[Packet]:
    """The broker answers; returns what the terminal said so far."""
    pipe = stage.pipes[-1]
    pipe.give(ConnAckPacket(session_present=known, receive_max=receive_max))
    return pipe.take()


def event(number: int, kind: str) -> Event:
    name = f"event-{number:04d}"
    return Event("sim-1", name, 5, f"S{number}", "E1", kind, 1000, 1000)


def press(one: Terminal, stage: Stage, number: int = 1) -> Event:
    made = event(number, one.traits.kind)
    stage.book.enter(made)
    one.press(made, "", text=False)
    return made


def ratings(packets: list[Packet]) -> list[PublishPacket]:
    return [
        packet
        for packet in packets
        if isinstance(packet, PublishPacket) and packet.topic.endswith("/rating")
    ]


def acknowledge(stage: Stage, packets: list[Packet]) -> None:
    for packet in packets:
        if isinstance(packet, PublishPacket) and packet.packet_id:
            stage.pipes[-1].give(PubAckPacket(packet.packet_id))


def receipt(stage: Stage, **told: object) -> None:
    payload = json.dumps({"event_ids": [], "rejected": [], **told}).encode()
    stage.pipes[-1].give(PublishPacket("evaluators/v1/sim-1/receipt", payload))


def test_will_and_birth_carry_the_same_conn_id(stage: Stage) -> None:
    terminal(stage, "A")
    said = greet(stage)
    connect, birth = said[0], said[-1]
    assert isinstance(connect, ConnectPacket)
    assert isinstance(birth, PublishPacket)
    assert connect.will is not None
    assert birth.retain
    will = json.loads(connect.will.payload or b"")
    born = json.loads(birth.payload or b"")
    assert (will["state"], born["state"]) == ("offline", "online")
    assert will["conn_id"] == born["conn_id"]
    assert born["capabilities"]["receipts"] is True


def test_level_a_forgets_at_the_receipt_and_not_before(stage: Stage) -> None:
    one = terminal(stage, "A")
    greet(stage)
    made = press(one, stage)
    acknowledge(stage, stage.pipes[-1].take())
    assert (one.owes, made.taken, made.receipted) == (1, 1, False)
    receipt(stage, event_ids=["event-0001"])
    assert (one.owes, made.receipted) == (0, True)


def test_level_a_sends_again_until_its_receipt_comes(stage: Stage) -> None:
    one = terminal(stage, "A")
    greet(stage)
    press(one, stage)
    first = ratings(stage.pipes[-1].take())
    stage.pass_time()
    second = ratings(stage.pipes[-1].take())
    assert len(first) == len(second) == 1
    assert b'"retry":1' in (second[0].payload or b"")
    receipt(stage, event_ids=["event-0001"])
    stage.pass_time()
    assert not ratings(stage.pipes[-1].take())


def test_refusal_is_final_and_noted(stage: Stage) -> None:
    one = terminal(stage, "A")
    greet(stage)
    made = press(one, stage)
    receipt(stage, rejected=[{"event_id": "event-0001", "reason": "schema"}])
    assert (one.owes, made.refused) == (0, "schema")


def test_level_b_forgets_at_puback(stage: Stage) -> None:
    one = terminal(stage, "B")
    greet(stage)
    press(one, stage)
    acknowledge(stage, stage.pipes[-1].take())
    assert one.owes == 0


def test_level_b_keeps_what_nobody_subscribes_to(stage: Stage) -> None:
    one = terminal(stage, "B")
    greet(stage)
    made = press(one, stage)
    (sent,) = ratings(stage.pipes[-1].take())
    code = PubAckReasonCode.NO_MATCHING_SUBSCRIBERS
    stage.pipes[-1].give(PubAckPacket(sent.packet_id or 0, reason_code=code))
    assert not made.certain
    stage.pass_time()
    assert len(ratings(stage.pipes[-1].take())) == 1


def test_level_c_keeps_nothing(stage: Stage) -> None:
    one = terminal(stage, "C")
    press(one, stage, 1)
    greet(stage)
    press(one, stage, 2)
    (sent,) = ratings(stage.pipes[-1].take())
    assert sent.packet_id is None
    assert (one.owes, stage.book.lost_offline) == (0, 1)


def test_what_was_pressed_offline_is_flushed_as_an_array(stage: Stage) -> None:
    one = terminal(stage, "A")
    for number in range(3):
        press(one, stage, number)
    (flush,) = ratings(greet(stage))
    told = json.loads(flush.payload or b"")
    assert [each["event_id"] for each in told] == [f"event-{n:04d}" for n in range(3)]
    assert all(each["buffered"] for each in told)


@pytest.mark.parametrize("known", [True, False])
def test_unacknowledged_comes_again_with_dup_only_in_the_same_session(
    stage: Stage, *, known: bool
) -> None:
    one = terminal(stage, "B")
    greet(stage)
    press(one, stage)
    one.go_offline(1.0, clean=False)
    stage.pass_time()
    (again,) = ratings(greet(stage, known=known))
    assert again.duplicate is known
    assert stage.book.fates()["duplicate"] == (0, 1)


def test_no_more_than_the_window_is_under_way(stage: Stage) -> None:
    one = terminal(stage, "A")
    greet(stage)
    for number in range(IN_FLIGHT_MAX + 10):
        press(one, stage, number)
    assert len(ratings(stage.pipes[-1].take())) == IN_FLIGHT_MAX
    receipt(stage, event_ids=["event-0000"])
    assert len(ratings(stage.pipes[-1].take())) == 1


def test_receive_maximum_of_the_broker_is_kept_to(stage: Stage) -> None:
    one = terminal(stage, "A")
    said = greet(stage, receive_max=1)  # taken by the birth
    press(one, stage)
    assert not ratings(stage.pipes[-1].take())
    acknowledge(stage, said)
    assert len(ratings(stage.pipes[-1].take())) == 1


def test_lost_connection_is_made_again(stage: Stage) -> None:
    terminal(stage, "A")
    greet(stage)
    stage.pipes[-1].abort()
    stage.pass_time()
    assert len(stage.pipes) == 2
    assert stage.meter.connected == 0


def test_reboot_starts_seq_anew_under_another_boot_id(stage: Stage) -> None:
    one = terminal(stage, "B")
    acknowledge(stage, greet(stage))
    press(one, stage, 1)
    acknowledge(stage, stage.pipes[-1].take())
    one.reboot(1.0)
    stage.pass_time()
    greet(stage)
    press(one, stage, 2)
    (sent,) = ratings(stage.pipes[-1].take())
    told = json.loads(sent.payload or b"")
    assert (told["seq"], told["boot_id"]) == (1, "sim-1-2")


def test_reused_id_is_a_conflict_in_the_book(stage: Stage) -> None:
    one = terminal(stage, "B")
    greet(stage)
    made = press(one, stage)
    acknowledge(stage, stage.pipes[-1].take())
    one.reuse(made)
    acknowledge(stage, stage.pipes[-1].take())
    assert stage.book.fates()["conflict"] == (1, 1)
    assert stage.book.reasons() == {"id_conflict": (1, 1)}
