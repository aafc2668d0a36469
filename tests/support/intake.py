"""Fakes around the intake: a link that notes what it is told, a journal that obeys."""

import threading
from collections.abc import Sequence

from mqtt5 import PublishPacket, QoS

from device_protocol.mqtt_publish import PLAIN, PublishOptions
from gateway.clock import SteppedClock
from gateway.ingress.intake import Intake
from gateway.ingress.receiver import Receiver
from gateway.ingress.ticks import Ticks
from gateway.ingress.writing import JournalWriter
from gateway.observability.metrics import IngestMetrics
from gateway.ports import Header, Record, RecordKind

BUFFERED_BYTES_MAX = 100_000


def publish(
    packet_id: int | None,
    payload: bytes = b"{}",
    *,
    device: str = "d1",
    retain: bool = False,
    duplicate: bool = False,
) -> PublishPacket:
    return PublishPacket(
        f"evaluators/v1/{device}/rating",
        payload,
        qos=QoS.AT_MOST_ONCE if packet_id is None else QoS.AT_LEAST_ONCE,
        packet_id=packet_id,
        retain=retain,
        duplicate=duplicate,
    )


def header(number: int, records: Sequence[Record], appended_ms: int = 0) -> Header:
    """A header as a journal would give it, without seal and chain."""
    messages = sum(record.kind != RecordKind.ACT for record in records)
    return Header(number, 1, 0, messages, len(records), appended_ms, 0, 1, b"", b"")


class ObedientJournal:
    """Appends when allowed: `gate` cleared blocks it, `failures` are raised in turn."""

    def __init__(self, clock: SteppedClock) -> None:
        self.blocks: list[list[Record]] = []
        self.failures: list[Exception] = []
        self.gate = threading.Event()
        self.gate.set()
        self.attempts = 0
        self.clocks_accepted = 0
        self._clock = clock
        self._head: Header | None = None

    @property
    def head(self) -> Header | None:
        return self._head

    @property
    def topics(self) -> list[str]:
        return [record.topic for block in self.blocks for record in block]

    def append(self, records: Sequence[Record]) -> Header:
        assert self.gate.wait(30.0), "the test never let the journal go on"
        self.attempts += 1
        if self.failures:
            raise self.failures.pop(0)
        self.blocks.append(list(records))
        self._head = header(len(self.blocks), records, self._clock.wall_ms())
        return self._head

    def accept_clock(self) -> None:
        self.clocks_accepted += 1


class NotedLink:
    """Notes acknowledgements of the present epoch; drops others as a link does."""

    def __init__(self) -> None:
        self.epoch = 1
        self.quota = 0
        self.acknowledged: list[int] = []
        self.held = False
        self.barriers = 0

    def acknowledge(self, epoch: int, packet_ids: Sequence[int]) -> bool:
        if epoch != self.epoch:
            return False
        self.acknowledged += packet_ids
        return True

    def publish(
        self,
        messages: Sequence[tuple[str, bytes]],
        options: PublishOptions = PLAIN,
    ) -> list[int]:
        return []

    def barrier(self) -> int:
        self.barriers += 1
        return self.barriers

    def hold_reading(self, *, held: bool) -> None:
        self.held = held

    def stop(self) -> None:
        self.epoch = 0

    async def run(self) -> None:
        return


class Bench:
    """An intake with everything around it under the test's control."""

    def __init__(self, records_max: int = 3, delay_ms: int = 10) -> None:
        self.clock = SteppedClock()
        self.journal = ObedientJournal(self.clock)
        self.link = NotedLink()
        self.metrics = IngestMetrics(None)
        self.exits: list[int] = []
        self.rings = 0
        self.reserve_freed = 0
        self.known_session = False
        self.writer = JournalWriter(
            self.journal,
            self.clock,
            self.metrics,
            exit_process=self.exits.append,
            free_reserve=self._free_reserve,
        )
        self.intake = Intake(
            receiver=Receiver(records_max, delay_ms),
            writer=self.writer,
            ticks=Ticks(
                None,
                wall_ms=self.clock.wall_ms(),
                now_ms=self.clock.monotonic_ms(),
            ),
            clock=self.clock,
            metrics=self.metrics,
            buffered_bytes_max=BUFFERED_BYTES_MAX,
            ring=self._ring,
            remember_session=lambda: self.known_session,
        )
        self.intake.attach(self.link)

    def figure(self, name: str) -> float | None:
        return self.metrics.registry.get_sample_value(name)

    def _ring(self) -> None:
        self.rings += 1

    def _free_reserve(self) -> None:
        self.reserve_freed += 1
