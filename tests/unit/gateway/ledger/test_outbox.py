"""The outbox of a ledger that another process has yet to make."""

import asyncio
from pathlib import Path

import pytest

from gateway.clock import SteppedClock
from gateway.errors import TransientError
from gateway.ledger.outbox import ledger_made
from gateway.ledger.store import connect


async def test_a_first_start_waits_until_the_ledger_is_made(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        waiting = group.create_task(ledger_made(path, SteppedClock(), lambda: False))
        await asyncio.sleep(0)
        assert not waiting.done()
        connect(path).close()
    assert waiting.result()


async def test_a_stop_ends_the_wait(tmp_path: Path) -> None:
    assert not await ledger_made(tmp_path / "l.db", SteppedClock(), lambda: True)


async def test_a_ledger_that_stays_away_is_told(tmp_path: Path) -> None:
    clock = SteppedClock()

    def stopped() -> bool:
        clock.advance(60_000)
        return False

    with pytest.raises(TransientError, match="does process run"):
        await ledger_made(tmp_path / "ledger.db", clock, stopped)
