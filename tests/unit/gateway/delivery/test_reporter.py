"""The newest state of each sink reaches the journal, sooner or later."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from gateway.clock import SteppedClock
from gateway.delivery import reporter
from gateway.delivery.pace import SinkState
from gateway.delivery.reporter import Reporter
from tests.support.delivering import Submissions

PAUSE_S = 0.01


@pytest.fixture
def submissions() -> Submissions:
    return Submissions()


@pytest.fixture
async def made(
    submissions: Submissions, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Reporter]:
    monkeypatch.setattr(reporter, "_PAUSE_S", PAUSE_S)
    made = Reporter(submissions, SteppedClock())
    async with asyncio.TaskGroup() as group:
        running = group.create_task(made.run())
        yield made
        running.cancel()


async def until(submissions: Submissions, *states: tuple[str, str]) -> None:
    async with asyncio.timeout(30):
        while submissions.states != list(states):  # noqa: ASYNC110 -- it tells nobody
            await asyncio.sleep(PAUSE_S / 2)


async def test_a_change_is_submitted_with_its_error(
    made: Reporter, submissions: Submissions
) -> None:
    made.changed("main", SinkState.HELD, "401 no such token")
    await until(submissions, ("main", "held"))
    (record,) = submissions.records
    assert record.topic == "sink_state_changed"
    assert b'"error":"401 no such token"' in record.payload


async def test_of_many_changes_at_once_only_the_last_is_told(
    made: Reporter, submissions: Submissions
) -> None:
    for state in (SinkState.RETRYING, SinkState.OPEN, SinkState.OK):
        made.changed("main", state, None)
    made.changed("business", SinkState.OK, None)
    await until(submissions, ("main", "ok"), ("business", "ok"))


async def test_what_the_journal_does_not_take_is_told_again(
    made: Reporter, submissions: Submissions
) -> None:
    submissions.broken = True
    made.changed("main", SinkState.OPEN, "503")
    await asyncio.sleep(3 * PAUSE_S)
    made.changed("main", SinkState.OK, None)
    submissions.broken = False
    await until(submissions, ("main", "ok"))
