"""A day's end through the fold and the role `deliver`, with sinks that answer."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from gateway.clock import SystemClock
from gateway.delivery.role import run_deliver
from gateway.delivery.store import DeliveryStore
from gateway.ipc.doorbell import ring
from gateway.ledger.outbox import SqliteOutbox
from simulators.pretend.backend import PretendBackend
from simulators.pretend.faults import Fault
from simulators.pretend.influx import PretendInflux
from tests.support.delivering import DEADLINE_S, backend_sink, influx_sink, outlet
from tests.support.folding import START_MS, FoldedLedger, element

MIDNIGHT_MS = START_MS + 4 * 3_600_000
HALF_AN_HOUR_MS = 1_800_000
SINKS = [
    {"name": "business", "kind": "backend", "events": ["rating.*"]},
    {"name": "main", "kind": "influxdb", "events": ["*"]},
]


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[FoldedLedger]:
    world = FoldedLedger(tmp_path / "ledger.db")
    world.rules()
    rows = [{"device_id": "d-1", "site": "hall"}]
    world.act("tables_applied", {"table": "devices", "rows": rows})
    world.act("sinks_applied", {"sinks": SINKS})
    yield world
    world.close()


@asynccontextmanager
async def delivered(
    world: FoldedLedger, directory: Path, backend: PretendBackend, influx: PretendInflux
) -> AsyncIterator[None]:
    """The role as it is shipped; what it submits is folded at once."""
    store = DeliveryStore(directory / "delivery.db")
    outbox = SqliteOutbox(world.path, world.keyring)
    outlets = [
        outlet("business", backend_sink(backend.url, outbox)),
        outlet("main", influx_sink(influx)),
    ]
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(
            run_deliver(
                directory,
                store,
                outbox,
                outlets,
                submitter=world,
                clock=SystemClock(),
                dice=random.random,
                stop=stop,
            )
        )
        yield
        stop.set()
        ring(directory / "deliver.bell")
    outbox.close()
    store.close()


def until(world: FoldedLedger, at_ms: int) -> None:
    world.clock.advance(at_ms - world.clock.wall_ms())
    world.take()


async def confirmed(world: FoldedLedger, name: str) -> tuple[int, int, int]:
    row = "SELECT delivered, dead, owed FROM sink_day WHERE name = ?"
    async with asyncio.timeout(DEADLINE_S):
        while (found := world.all(row, name)[0])[0] is None:  # noqa: ASYNC110 -- a store tells nobody of a change
            await asyncio.sleep(0.01)
    delivered, dead, owed = found
    return delivered, dead, owed


async def test_every_sinks_own_count_is_in_the_record_of_the_day(
    world: FoldedLedger, tmp_path: Path
) -> None:
    async with (
        PretendBackend(tmp_path / "backend.log") as backend,
        PretendInflux("v2", store="b", token="t") as influx,
    ):
        backend.faults.replace([Fault(status=422, match="event-0003")])
        influx.faults.replace([Fault(status=503)])
        async with delivered(world, tmp_path, backend, influx):
            for number in range(5):
                name = f"event-{number:04d}"
                world.publish("d-1", element(name, session_id=name))
            ring(tmp_path / "deliver.bell")
            await asyncio.sleep(0)
            until(world, MIDNIGHT_MS)
            ring(tmp_path / "deliver.bell")
            assert sum(await confirmed(world, "business")) == 5
            assert await confirmed(world, "main") == (0, 0, 5)
            until(world, MIDNIGHT_MS + HALF_AN_HOUR_MS)
            (told,) = world.events("reconciliation.daily")
        backend.close()
        influx.close()
    day = msgspec.json.decode(told.data)
    assert day["equal"]
    assert {one["name"]: one["addressed"] for one in day["sinks"]} == {
        "business": 5,
        "main": 5,
    }
