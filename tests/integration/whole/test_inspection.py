"""An inspection walked from due to done: CLI, API, a broker, and a terminal."""

import asyncio
import json
import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from simulators.terminals.outbox import Outbox
from simulators.terminals.terminal import Place, Terminal
from tests.support.whole import Done, Whole, arrived, counts_agree, eventually

pytestmark = pytest.mark.service

DEVICE = "dev-1"
EVERYTHING = "statistics?from=2026-01-01T00:00:00Z&to=2036-01-01T00:00:00Z"
ALL_DONE = ("--mark", "clean=pass", "every key pressed=pass", "--operator", "C. Wu")
RESEND_S = 5.0


class Hall:
    """A running gateway, and one terminal on its broker that waits for receipts."""

    def __init__(self, gateway: Whole) -> None:
        self.gateway = gateway
        dice = random.Random(1)
        self.outbox = Outbox(dice, RESEND_S)
        place = Place(gateway.services.broker_port)
        self.terminal = Terminal(DEVICE, place, self.outbox, dice)
        self._pressed = 0

    async def press(self, *levels: int) -> None:
        """Press, and wait until the gateway says that it keeps what was pressed."""
        for level in levels:
            self._pressed += 1
            event_id = f"press-{self._pressed:04}"
            body = {"v": 1, "event_id": event_id, "level": level}
            self.outbox.keep(event_id, json.dumps(body).encode())
        await self.until(lambda: not len(self.outbox), "receipts")

    async def until(self, check: Any, what: str) -> None:  # noqa: ANN401 -- any condition
        await asyncio.to_thread(eventually, check, what)

    async def cli(self, *words: str) -> Done:
        return await asyncio.to_thread(self.gateway.cli, "inspections", *words)

    async def ask(self, path: str) -> dict[str, Any]:
        return await asyncio.to_thread(self.gateway.ask, path)

    def state(self) -> list[str]:
        return [it["state"] for it in self.gateway.ask("inspections")["items"]]


@pytest.fixture
async def hall(gateway: Whole) -> AsyncIterator[Hall]:
    await asyncio.to_thread(gateway.start)
    hall = Hall(gateway)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(hall.terminal.run())
        yield hall
        running.cancel()


async def test_from_due_to_done_with_a_press_test_that_moves_no_figure(
    hall: Hall, directory: Path
) -> None:
    two_days_ago = (datetime.now(UTC) - timedelta(days=2)).isoformat()
    last = await hall.cli("record", DEVICE, "--finished", two_days_ago, *ALL_DONE)
    assert last.code == 0, last.err
    plan = ("--device", DEVICE, "--every-days", "1")
    items = ("--checklist", "clean", "every key pressed")
    assert (await hall.cli("put", "daily", *plan, *items)).code == 0
    await hall.press(4)
    assert hall.state() == ["due"]
    before = await hall.ask(EVERYTHING)
    assert [group["rated"] for group in before["items"]] == [1]

    async with asyncio.TaskGroup() as group:
        testing = group.create_task(hall.cli("press-test", DEVICE, "--timeout", "60"))
        path = f"devices/{DEVICE}/press-test"
        await hall.until(lambda: hall.gateway.ask(path)["state"] == "running", "begun")
        await hall.press(3, 1, 5, 2, 4)
    tested = testing.result()
    assert (tested.code, tested.err) == (0, "")
    assert tested.out.splitlines()[-1].startswith("passed: every key was confirmed")

    sheet = (await hall.cli("sheet", "--device", DEVICE)).out
    assert "  [ ] clean" in sheet
    assert "  [x] every key pressed: press test passed" in sheet
    marks = ("--mark", "clean=pass", "--operator", "W. Li")
    recorded = await hall.cli("record", DEVICE, *marks)
    assert recorded.code == 0, recorded.err
    assert "completes True" in recorded.out
    assert hall.state() == ["not_due"]
    kept = (await hall.ask("inspection-records"))["items"]
    assert [one["operator"] for one in kept] == ["W. Li", "C. Wu"]

    assert await hall.ask(EVERYTHING) == before
    flagged = (await hall.ask("ratings?flag=press_test"))["items"]
    assert sorted(it["level"] for it in flagged) == [1, 2, 3, 4, 5]
    pipeline = await hall.ask("pipeline")
    assert counts_agree(pipeline)
    assert pipeline["quarantined"] == 0
    log = directory / "backend.log"
    await hall.until(lambda: arrived(log, "inspection.completed"), "told")
    assert len(arrived(log, "inspection.due")) == 1
