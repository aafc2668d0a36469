"""The role `deliver` over an outbox in memory, with short delays."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gateway.clock import SystemClock
from gateway.delivery.lane import LaneLimits
from gateway.delivery.pace import PaceLimits
from gateway.delivery.queries import SqliteDeliveryQueries
from gateway.delivery.retention import OwedLimits
from gateway.delivery.role import run_deliver
from gateway.delivery.runner import Outlet
from gateway.delivery.store import DeliveryStore
from gateway.errors import DiskFullError, TransientError
from gateway.events import CloudEvents
from gateway.ipc.doorbell import ring
from gateway.ports import Control, Link, Outbox, OutboxRow, Record, Sink, SinkSince
from gateway.queries.asking import DeadLetterFilter, Slice
from gateway.queries.rows import DeadLetterRow, SinkRow
from gateway.reading import Reader
from gateway.sinks.addresses import AddressRule
from gateway.sinks.backend import BackendOptions, BackendSink
from gateway.sinks.influx_v2 import InfluxV2
from gateway.sinks.influxdb import InfluxdbSink
from simulators.pretend.influx import PretendInflux
from tests.support.outbox import MemoryOutbox

DEADLINE_S = 30.0
QUICK = PaceLimits(
    retry_ms_base=5, retry_ms_max=40, open_ms_min=10, slow_retry_ms=60, open_after=3
)


def quick_limits(units_max: int = 100) -> LaneLimits:
    return LaneLimits(units_max=units_max, delay_ms=20, doubt_ms=50, pace=QUICK)


class Submissions:
    """A submitter that keeps what it was given; `broken` makes it fail."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.broken = False

    async def submit(self, records: Sequence[Record]) -> tuple[int, int, int]:
        if self.broken:
            raise TransientError("away")
        self.records += records
        return (1, len(self.records), 0)

    @property
    def states(self) -> list[tuple[str, str]]:
        acts = self.told("sink_state_changed")
        return [(act["name"], act["state"]) for act in acts]

    def told(self, topic: str) -> list[dict[str, Any]]:
        """What was submitted of one kind of act."""
        return [
            msgspec.json.decode(record.payload)
            for record in self.records
            if record.topic == topic
        ]


class Delivering:
    """A running dispatcher, and what a test wants to know of it."""

    def __init__(self, directory: Path, outbox: MemoryOutbox) -> None:
        self.directory = directory
        self.outbox = outbox
        self.submissions = Submissions()
        self._reader = Reader(directory / "delivery.db")
        self._queries = SqliteDeliveryQueries(self._reader)

    def add(self, *rows: OutboxRow) -> None:
        self.outbox.add(*rows)
        ring(self.directory / "deliver.bell")

    def control(self, name: str, **fields: object) -> None:
        data = msgspec.json.encode({"author": "test", **fields})
        block = self.outbox.folded() + 1
        self.add(OutboxRow(block, 0, [], [], [Control(name, data)]))

    def sink(self, name: str) -> SinkRow:
        return {row.name: row for row in self._queries.sinks()}[name]

    def letters(self, sink: str) -> list[DeadLetterRow]:
        wanted = DeadLetterFilter(sink=sink)
        return self._queries.dead_letters(wanted, Slice(1000)).items

    async def until(self, happened: Callable[[], bool]) -> None:
        async with asyncio.timeout(DEADLINE_S):
            while not happened():  # noqa: ASYNC110 -- a store tells nobody of a change
                await asyncio.sleep(0.005)

    async def settled(self, name: str) -> SinkRow:
        """Wait until the sink owes nothing of what is in the outbox."""
        last = self.outbox.folded()
        await self.until(lambda: self.sink(name).cursor.block > last)
        return self.sink(name)

    def close(self) -> None:
        self._reader.close()


@asynccontextmanager
async def delivering(
    directory: Path,
    outbox: MemoryOutbox,
    *outlets: Outlet,
    links: Sequence[Link] = (),
    limits: OwedLimits | None = None,
) -> AsyncIterator[Delivering]:
    """Run the role until the block ends, then stop it in good order."""
    store = DeliveryStore(directory / "delivery.db")
    running = Delivering(directory, outbox)
    stop = asyncio.Event()
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(
                run_deliver(
                    directory,
                    store,
                    outbox,
                    outlets,
                    submitter=running.submissions,
                    clock=SystemClock(),
                    dice=random.Random(1).random,
                    stop=stop,
                    links=links,
                    limits=limits,
                )
            )
            async with asyncio.timeout(DEADLINE_S):
                bell = directory / "deliver.bell"
                while not bell.exists():  # noqa: ASYNC110 -- nor does a file
                    await asyncio.sleep(0.001)
            try:
                yield running
            finally:
                stop.set()
    finally:
        running.close()
        store.close()


def backend_sink(url: str, outbox: Outbox, **options: object) -> BackendSink:
    values: dict[str, object] = {
        "url": f"{url}/events",
        "secrets": ("whsec_" + "c2VjcmV0" * 4,),
        "rule": AddressRule(private=True),
        "timeout_s": 20.0,
        **options,
    }
    chosen = BackendOptions(**values)  # type: ignore[arg-type] # a test's own options
    return BackendSink(chosen, CloudEvents("hall-1", outbox.personal), SystemClock())


def influx_sink(server: PretendInflux) -> InfluxdbSink:
    writer = InfluxV2(server.url, org="o", bucket="b", token="t", timeout_s=20.0)
    return InfluxdbSink(writer, SystemClock())


def fail_once(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """The store's disk is full the first time that this is asked of it."""
    shipped, full = getattr(DeliveryStore, name), [True]

    def failing(store: DeliveryStore, *args: object) -> None:
        if full:
            full.clear()
            raise DiskFullError("no space for the delivery store")
        shipped(store, *args)

    monkeypatch.setattr(DeliveryStore, name, failing)


def outlet(name: str, sink: Sink, limits: LaneLimits | None = None) -> Outlet:
    return Outlet(name, sink, limits or quick_limits())


def since(name: str, kind: str, *events: str, block: int = 1) -> SinkSince:
    return SinkSince(name, kind, events or ("*",), block, 0)
