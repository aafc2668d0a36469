"""What a sink never takes is kept for so long and so much; then the oldest goes."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from gateway.clock import SteppedClock
from gateway.delivery import feed, role
from gateway.delivery.retention import LOOK_EVERY_MS, OwedLimits, OwedRetention
from gateway.ledger.packing import pack
from gateway.ports import Answer, OutboxRow, Unit, Verdict
from tests.support.delivering import (
    Delivering,
    delivering,
    fail_once,
    outlet,
    since,
)
from tests.support.events import outbox_row
from tests.support.outbox import MemoryOutbox

DAY_MS = 86_400_000
ROWS = 20
EACH = 10


class Stubborn:
    """A sink that answers 503 until it is well."""

    def __init__(self) -> None:
        self.well = False
        self.taken = 0

    async def send(self, units: Sequence[Unit]) -> Answer:
        await asyncio.sleep(0)
        if not self.well:
            return Answer(Verdict.RETRY, len(units), 503, "ill")
        self.taken += len(units)
        return Answer(Verdict.DELIVERED, len(units), 204)

    async def close(self) -> None:
        pass


def row(block: int, day: int) -> OutboxRow:
    made = outbox_row(block, range(block * EACH, block * EACH + EACH))
    made.appended_ms = day * DAY_MS
    return made


def a_row_a_day() -> MemoryOutbox:
    outbox = MemoryOutbox()
    outbox.apply(since("ill", "backend"), since("well", "backend"))
    outbox.add(*(row(block, day=block) for block in range(1, ROWS + 1)))
    return outbox


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is owed too long goes some rows at a time: not once a second."""
    monkeypatch.setattr(role, "FIGURES_EVERY_S", 0.02)


@pytest.fixture
def ill() -> Stubborn:
    return Stubborn()


@pytest.fixture
def well() -> Stubborn:
    made = Stubborn()
    made.well = True
    return made


async def given_up(running: Delivering, count: int) -> None:
    await running.until(lambda: running.sink("ill").expired == count)


async def test_what_is_owed_too_long_is_given_up_counted_and_told(
    tmp_path: Path, ill: Stubborn, well: Stubborn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "ROWS_COUNTED_MAX", 3)
    sinks = outlet("ill", ill), outlet("well", well)
    async with delivering(
        tmp_path, a_row_a_day(), *sinks, limits=OwedLimits(days=5)
    ) as running:
        await given_up(running, (ROWS - 6) * EACH)
        await running.until(
            lambda: (
                [told["count"] for told in running.submissions.told("events_given_up")][
                    -1:
                ]
                == [(ROWS - 6) * EACH]
            )
        )
        ill.well = True
        after = await running.settled("ill")
        untouched = await running.settled("well")
    assert (after.delivered, after.expired) == (6 * EACH, (ROWS - 6) * EACH)
    assert (untouched.delivered, untouched.expired) == (ROWS * EACH, 0)
    assert ill.taken == 6 * EACH


async def test_a_full_disk_puts_off_what_is_given_up(
    tmp_path: Path, ill: Stubborn, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_once(monkeypatch, "give_up")
    async with delivering(
        tmp_path, a_row_a_day(), outlet("ill", ill), limits=OwedLimits(days=5)
    ) as running:
        await given_up(running, (ROWS - 6) * EACH)


async def test_of_too_much_the_oldest_is_given_up(
    tmp_path: Path, ill: Stubborn
) -> None:
    outbox = a_row_a_day()
    newest = sum(len(pack(one)) for one in outbox.rows(ROWS - 3, ROWS))
    async with delivering(
        tmp_path,
        outbox,
        outlet("ill", ill),
        limits=OwedLimits(days=1000, bytes_max=newest),
    ) as running:
        await given_up(running, (ROWS - 4) * EACH)
        ill.well = True
        assert (await running.settled("ill")).delivered == 4 * EACH


def test_within_its_bounds_nothing_is_given_up() -> None:
    retention = OwedRetention(a_row_a_day(), OwedLimits(days=ROWS), SteppedClock())
    assert retention.bound(0).block == 1  # the first row there is


def test_the_bounds_are_looked_at_once_a_minute_by_the_time_of_the_rows() -> None:
    outbox, clock = a_row_a_day(), SteppedClock()
    retention = OwedRetention(outbox, OwedLimits(days=5), clock)
    assert retention.bound(0).block == ROWS - 5
    clock.advance(100 * DAY_MS)
    assert retention.bound(0).block == ROWS - 5
    outbox.add(row(ROWS + 1, day=ROWS + 3))
    assert retention.bound(0).block == ROWS - 5
    clock.advance(LOOK_EVERY_MS)
    assert retention.bound(0) == (ROWS - 2, "older than 5 days")
