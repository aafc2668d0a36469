"""The runner when its own disk fails it."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from gateway.delivery import runner
from gateway.delivery.store import DeliveryStore
from gateway.errors import DiskFullError
from gateway.ports import Answer, Unit, Verdict
from tests.support.delivering import delivering, outlet, since
from tests.support.events import outbox_row
from tests.support.outbox import MemoryOutbox


class Taking:
    """A sink that takes all and counts its requests."""

    def __init__(self) -> None:
        self.requests = 0

    async def send(self, units: Sequence[Unit]) -> Answer:
        self.requests += 1
        await asyncio.sleep(0)
        return Answer(Verdict.DELIVERED, len(units), 204)

    async def close(self) -> None:
        pass


async def test_a_full_disk_stops_sending_until_the_cursor_can_be_committed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "_COMMIT_RETRY_MS", 10)
    settle = DeliveryStore.settle
    refusals = iter(range(5))

    def full_at_first(store: DeliveryStore, *args: object) -> None:
        if next(refusals, None) is not None:
            raise DiskFullError("no space for the delivery store")
        settle(store, *args)  # type: ignore[arg-type] # handed on as they came

    monkeypatch.setattr(DeliveryStore, "settle", full_at_first)
    outbox = MemoryOutbox()
    outbox.apply(since("a", "backend"))
    sink = Taking()
    async with delivering(tmp_path, outbox, outlet("a", sink)) as running:
        running.add(outbox_row(1, range(10)))
        await running.until(lambda: sink.requests == 1)
        running.add(outbox_row(2, range(10, 20)))
        assert (await running.settled("a")).delivered == 20
    assert sink.requests == 2


async def test_an_error_of_ours_ends_the_role(tmp_path: Path) -> None:
    class Broken(Taking):
        async def send(self, units: Sequence[Unit]) -> Answer:
            raise AssertionError("a mistake of ours")

    outbox = MemoryOutbox()
    outbox.apply(since("a", "backend"))
    with pytest.RaisesGroup(
        pytest.RaisesExc(AssertionError, match="a mistake of ours"),
        flatten_subgroups=True,
    ):
        async with delivering(tmp_path, outbox, outlet("a", Broken())) as running:
            running.add(outbox_row(1, range(10)))
            await asyncio.sleep(5)
