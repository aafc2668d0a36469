"""A range of time sent once more: all of it, to whom it was asked, whatever happens."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from gateway.delivery import gathering, runner
from gateway.ports import Answer, RatingEvent, Unit, Verdict
from tests.support.delivering import (
    Delivering,
    delivering,
    fail_once,
    outlet,
    since,
)
from tests.support.events import outbox_row
from tests.support.outbox import MemoryOutbox


class Counting:
    """A sink that remembers what it took; it refuses some, alone or among others."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.refused: set[str] = set()

    async def send(self, units: Sequence[Unit]) -> Answer:
        await asyncio.sleep(0)
        ids = [unit.event_id for unit in units if isinstance(unit, RatingEvent)]
        if self.refused & set(ids):
            return Answer(Verdict.REFUSED, len(units), 400, "no")
        self.taken += ids
        return Answer(Verdict.DELIVERED, len(units), 204)

    async def close(self) -> None:
        pass


def filled(*names: str) -> MemoryOutbox:
    outbox = MemoryOutbox()
    outbox.apply(*(since(name, "backend") for name in names))
    for block in range(1, 21):
        outbox.add(outbox_row(block, range(block * 10, block * 10 + 10)))
    return outbox


def times(outbox: MemoryOutbox) -> dict[str, int]:
    rows = outbox.rows(0, 1000)
    events = [event for row in rows for event in row.events]
    return {e.event_id: e.occurred_ms for e in events if isinstance(e, RatingEvent)}


def ask(running: Delivering, sink: str, from_ms: int, to_ms: int) -> None:
    running.control("range_replayed", sink=sink, from_ms=from_ms, to_ms=to_ms)


async def test_a_range_is_sent_once_more_and_only_to_whom_it_was_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gathering, "UNITS_A_STEP", 7)
    outbox = filled("a", "b")
    when = times(outbox)
    low, high = sorted(when.values())[50], sorted(when.values())[120]
    wanted = {event for event, at in when.items() if low <= at < high}
    a, b = Counting(), Counting()
    async with delivering(tmp_path, outbox, outlet("a", a), outlet("b", b)) as running:
        before = await running.settled("a")
        await running.settled("b")
        a.taken.clear()
        ask(running, "a", low, high)
        await running.until(lambda: len(a.taken) >= len(wanted))
        await running.until(
            lambda: all(one.state == "replayed" for one in running.letters("a"))
        )
        after = await running.settled("a")
    assert sorted(a.taken) == sorted(wanted)
    assert len(b.taken) == 200
    assert (after.delivered, after.dead) == (before.delivered, before.dead) == (200, 0)


async def test_what_is_refused_again_stays_a_dead_letter(tmp_path: Path) -> None:
    outbox, sink = filled("a"), Counting()
    when = times(outbox)
    guilty = sorted(when)[3]
    async with delivering(tmp_path, outbox, outlet("a", sink)) as running:
        await running.settled("a")
        sink.refused = {guilty}
        ask(running, "a", 0, 1 << 50)
        await running.until(lambda: len(sink.taken) == 399)
        await running.until(
            lambda: (
                [x.status for x in running.letters("a") if x.state == "dead"] == [400]
            )
        )
        sink.refused.clear()
        running.control("deadletters_replayed", sink="a")
        await running.until(lambda: len(sink.taken) == 400)
        after = await running.settled("a")
    assert (after.delivered, after.dead) == (200, 0)


async def test_a_range_goes_on_after_a_stop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gathering, "UNITS_A_STEP", 5)
    outbox, sink = filled("a"), Counting()
    async with delivering(tmp_path, outbox, outlet("a", sink)) as running:
        await running.settled("a")
        ask(running, "a", 0, 1 << 50)
        await running.until(lambda: len(sink.taken) > 230)
    async with delivering(tmp_path, outbox, outlet("a", sink)) as running:
        await running.until(lambda: len(set(sink.taken[200:])) == 200)


async def test_a_full_disk_puts_off_a_range(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "_COMMIT_RETRY_MS", 10)
    fail_once(monkeypatch, "gather")
    outbox, sink = filled("a"), Counting()
    async with delivering(tmp_path, outbox, outlet("a", sink)) as running:
        await running.settled("a")
        ask(running, "a", 0, 1 << 50)
        await running.until(lambda: len(sink.taken) == 400)


async def test_a_sink_that_came_later_can_be_sent_what_was_before(
    tmp_path: Path,
) -> None:
    outbox, sink = filled(), Counting()
    outbox.apply(since("new", "backend", block=30))
    async with delivering(tmp_path, outbox, outlet("new", sink)) as running:
        ask(running, "new", 0, 1 << 50)
        await running.until(lambda: len(sink.taken) == 200)


async def test_what_is_asked_of_nobody_is_passed_over(tmp_path: Path) -> None:
    outbox, sink = filled("a"), Counting()
    async with delivering(tmp_path, outbox, outlet("a", sink)) as running:
        ask(running, "gone", 0, 1 << 50)
        assert (await running.settled("a")).delivered == 200
