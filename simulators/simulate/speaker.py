"""The MQTT side of a terminal: connection, presence, unacknowledged packets.

It owns no task and no timer: its `World` connects it and calls it back.
"""

import json
import random
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from enum import Enum, auto
from functools import partial
from typing import Final, NamedTuple, Protocol

from mqtt5 import (
    ConnAckPacket,
    ConnAckReasonCode,
    ConnectPacket,
    DisconnectPacket,
    Packet,
    PingReqPacket,
    PubAckPacket,
    PubAckReasonCode,
    PublishPacket,
    QoS,
    SubscribePacket,
    TopicFilter,
    Will,
)

from device_protocol.topics import Channel, topic
from simulators.simulate.book import BIRTH, OFFLINE, Book, Event, Part, Verdict
from simulators.simulate.meter import Meter
from simulators.simulate.obeying import COMMANDS
from simulators.simulate.presses import Clock
from simulators.simulate.wire import Wire

_PATIENCE_S: Final = 15.0  # for CONNACK
_BACKOFF_S: Final = 1.0
_BACKOFF_S_MAX: Final = 60.0
_SESSION_EXPIRY_S: Final = 3600
_PACKET_IDS: Final = 65_535
_PING: Final = PingReqPacket().write()
_GOODBYE: Final = DisconnectPacket(session_expiry_interval=0).write()
_PAUSE: Final = DisconnectPacket().write()
_HEARD: Final = (Channel.RECEIPT, Channel.COMMAND, Channel.CONFIG)
_KNOWN: Final = json.dumps(COMMANDS)
_NONE: Final = "[]"
_BIRTH: Final = Verdict(BIRTH)
_OFFLINE: Final = Verdict(OFFLINE)


class State(Enum):
    OFF = auto()
    CONNECTING = auto()
    ON = auto()


class Traits(NamedTuple):
    """What a terminal is like; `delay_s` is its network's, one way."""

    device_id: str
    client_id: str
    kind: str  # conformance level
    clock: Clock
    positive: float
    employee_id: str
    delay_s: float


class Sending(NamedTuple):
    """A publish of QoS 1 until its PUBACK."""

    topic: str
    payload: bytes
    parts: tuple[Part, ...]
    retain: bool = False


class World(Protocol):
    """What a terminal needs of the program around it."""

    root: str
    dice: random.Random
    book: Book
    meter: Meter
    deaf: float
    keep_alive_s: int
    credential: tuple[str | None, bytes | None]

    def later(self, delay_s: float, call: Callable[[], None]) -> None: ...

    def connect(self, wire: Wire) -> None:
        """Open the connection; `lost` of its owner is called if that fails."""

    def taken(self, terminal: "Speaker", event: Event, payload: bytes) -> None:
        """The broker has taken an event for the first time.

        `payload` is empty when the receipt came before.
        """


class Speaker(ABC):
    """A connection that is made again whenever it is lost, until it is switched off."""

    __slots__ = (
        "_backoff_s",
        "_boot_ms",
        "_boots",
        "_connections",
        "_inflight",
        "_packet_id",
        "_quota",
        "_unsent",
        "_wanted",
        "_wire",
        "_world",
        "state",
        "traits",
    )

    def __init__(self, traits: Traits, world: World) -> None:
        self.traits = traits
        self.state = State.OFF
        self._world = world
        self._wire: Wire | None = None
        self._wanted = False  # whether it shall be connected
        self._backoff_s = _BACKOFF_S
        self._connections = 0
        self._boots = 1
        self._boot_ms = now_ms()
        self._packet_id = 0
        self._quota = 0
        self._inflight: dict[int, Sending] = {}  # not acknowledged
        self._unsent: list[Sending] = []  # the broker takes no more at once

    # ----- what its terminal makes of it

    @abstractmethod
    def greeted(self) -> None:
        """The broker knows it; `_post` works from now on."""

    @abstractmethod
    def acknowledged(self, parts: tuple[Part, ...]) -> None:
        """The broker has taken a publish."""

    @abstractmethod
    def not_taken(self, code: str, parts: tuple[Part, ...]) -> None:
        """The broker has refused a publish, or had nobody to give it to."""

    @abstractmethod
    def told(self, channel: str, payload: bytes) -> None:
        """The gateway has published something for it."""

    @abstractmethod
    def config_revision(self) -> int | None:
        """Which settings it has."""

    @abstractmethod
    def taken_back(self, events: list[Event]) -> None:
        """These never left before the connection was lost."""

    # ----- what the world asks

    @property
    def boot_ms(self) -> int:
        return self._boot_ms

    @property
    def boot_id(self) -> str:
        return f"{self.traits.client_id}-{self._boots}"

    @property
    def conn_id(self) -> str:
        return f"{self.boot_id}-{self._connections}"

    @property
    def unacknowledged(self) -> bool:
        return bool(self._inflight or self._unsent)

    def switch_on(self) -> None:
        """Connect, and stay connected."""
        self._wanted = True
        if self.state is State.OFF:
            self._connect()

    def publish(self, where: str, payload: bytes, verdict: Verdict) -> None:
        """Publish something that is no press of its own; not while it is away."""
        if self.state is State.ON:
            self._post(Sending(where, payload, (verdict,)))

    def go_offline(self, for_s: float, *, clean: bool) -> None:
        """Be away for a while, after a goodbye or without one."""
        if self.state is not State.ON or self._wire is None:
            return
        if clean:
            self._post(self._presence("offline"))
        else:
            self._world.book.note_sent((_OFFLINE,), 0)  # its will
        wire, self._wanted = self._wire, False
        self._away()
        wire.close(_PAUSE) if clean else wire.abort()
        self._world.later(for_s, self.switch_on)

    def switch_off(self) -> None:
        """Say goodbye for good; the broker keeps nothing for it."""
        self._wanted = False
        if self.state is State.ON and self._wire is not None:
            wire = self._wire
            self._post(self._presence("offline"))
            self._away()
            wire.close(_GOODBYE)
        elif self._wire is not None:
            self._wire.abort()

    def ping(self) -> None:
        if self.state is State.ON and self._wire is not None:
            self._wire.write(_PING)

    # ----- the connection

    def _connect(self) -> None:
        self._connections += 1
        self.state = State.CONNECTING
        traits = self.traits
        where = topic(self._world.root, traits.device_id, Channel.PRESENCE)
        username, password = self._world.credential
        first = ConnectPacket(
            traits.client_id,
            username=username,
            password=password,
            clean_start=traits.kind == "C",
            keep_alive=self._world.keep_alive_s,
            session_expiry_interval=_SESSION_EXPIRY_S,
            will=Will(
                where,
                payload=self._presence_payload("offline"),
                qos=QoS.AT_LEAST_ONCE,
                retain=True,
            ),
        ).write()
        self._wire = Wire(self, first, traits.delay_s)
        self._world.connect(self._wire)
        self._world.later(_PATIENCE_S, partial(self._despair, self._wire))

    def _despair(self, wire: Wire) -> None:
        """No CONNACK came on this connection."""
        if wire is self._wire and self.state is State.CONNECTING:
            wire.abort()

    def received(self, wire: Wire, packet: Packet) -> None:
        if wire is not self._wire:
            return
        if isinstance(packet, PubAckPacket):
            self._acknowledged(packet)
        elif isinstance(packet, PublishPacket):
            self._told(packet)
        elif isinstance(packet, ConnAckPacket):
            self._greeted(packet)
        elif isinstance(packet, DisconnectPacket):
            self._world.meter.refusals[f"disconnect {packet.reason_code.name}"] += 1

    def lost(self, wire: Wire) -> None:
        if wire is not self._wire:
            return
        if self.state is State.ON:
            self._world.book.note_sent((_OFFLINE,), 0)  # its will, maybe
            self._world.meter.counts["connections lost"] += 1
        self._away()
        if self._wanted:
            delay_s = self._backoff_s * (0.5 + self._world.dice.random())
            self._backoff_s = min(self._backoff_s * 2, _BACKOFF_S_MAX)
            self._world.later(delay_s, self.switch_on)

    def _away(self) -> None:
        """Forget the connection; what was never sent waits again, in its order."""
        if self.state is State.ON:
            self._world.meter.connected -= 1
        self.state, self._wire = State.OFF, None
        back = [
            part
            for sending in self._unsent
            for part in sending.parts
            if isinstance(part, Event) and not part.sendings
        ]
        self._unsent.clear()
        self.taken_back(back)

    def _greeted(self, packet: ConnAckPacket) -> None:
        wire = self._wire
        assert wire is not None
        if packet.reason_code != ConnAckReasonCode.SUCCESS:
            self._world.meter.refusals[f"connect {packet.reason_code.name}"] += 1
            wire.abort()
            return
        self.state, self._backoff_s = State.ON, _BACKOFF_S
        self._quota = packet.receive_max
        meter = self._world.meter
        meter.connected += 1
        meter.counts["connections"] += 1
        if self.traits.kind == "A":
            chosen = [
                TopicFilter(
                    topic(self._world.root, self.traits.device_id, channel),
                    max_qos=QoS.AT_LEAST_ONCE,
                )
                for channel in _HEARD
            ]
            wire.write(SubscribePacket(self._next_id(), chosen).write())
        self._redeliver(known=packet.session_present)
        self._post(self._presence("online"))
        self.greeted()

    def _redeliver(self, *, known: bool) -> None:
        """What was not acknowledged goes out again first: MQTT's own resend."""
        unacknowledged, self._inflight = self._inflight, {}
        for packet_id, sending in unacknowledged.items():
            if known:
                self._write(packet_id, sending, dup=True)
            else:
                self._post(sending)

    # ----- packets

    def _presence_payload(self, state: str) -> bytes:
        hears = self.traits.kind == "A"
        receipts = "true" if hears else "false"
        revision = self.config_revision()
        told = "" if revision is None else f'"config_revision":{revision},'
        return (
            f'{{"v":1,"state":"{state}","conn_id":"{self.conn_id}",'
            f'"boot_id":"{self.boot_id}","boot_count":{self._boots},"model":"sim",'
            f'"firmware":"1.0.0",'
            f"{told}"
            f'"capabilities":{{"keys":5,"receipts":{receipts},'
            f'"commands":{_KNOWN if hears else _NONE}}}}}'
        ).encode()

    def _presence(self, state: str) -> Sending:
        where = topic(self._world.root, self.traits.device_id, Channel.PRESENCE)
        verdict = _BIRTH if state == "online" else _OFFLINE
        return Sending(where, self._presence_payload(state), (verdict,), retain=True)

    def _post(self, sending: Sending, *, dup: bool = False) -> None:
        """Publish with QoS 1, at once or when the broker takes more."""
        if len(self._inflight) < self._quota:
            self._write(self._next_id(), sending, dup=dup)
        else:
            self._unsent.append(sending)

    def _write(self, packet_id: int, sending: Sending, *, dup: bool) -> None:
        assert self._wire is not None
        self._inflight[packet_id] = sending
        packet = PublishPacket(
            sending.topic,
            sending.payload,
            qos=QoS.AT_LEAST_ONCE,
            retain=sending.retain,
            packet_id=packet_id,
            duplicate=dup,
        )
        self._wire.write(packet.write())
        self._world.book.note_sent(sending.parts, now_ms())
        self._world.meter.counts["published"] += 1

    def _next_id(self) -> int:
        while True:
            self._packet_id = self._packet_id % _PACKET_IDS + 1
            if self._packet_id not in self._inflight:
                return self._packet_id

    def _acknowledged(self, packet: PubAckPacket) -> None:
        sending = self._inflight.pop(packet.packet_id, None)
        if sending is None:
            return
        if packet.reason_code != PubAckReasonCode.SUCCESS:
            self._world.meter.refusals[f"publish {packet.reason_code.name}"] += 1
            self.not_taken(packet.reason_code.name, sending.parts)
        else:
            self._world.book.note_taken(sending.parts, now_ms())
            self.acknowledged(sending.parts)
        while self._unsent and len(self._inflight) < self._quota:
            self._write(self._next_id(), self._unsent.pop(0), dup=False)

    def _told(self, packet: PublishPacket) -> None:
        if packet.packet_id is not None and self._wire is not None:
            self._wire.write(PubAckPacket(packet.packet_id).write())
        self.told(packet.topic.rpartition("/")[2], packet.payload)


def now_ms() -> int:
    return time.time_ns() // 1_000_000
