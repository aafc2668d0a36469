"""A calendar that a site names gets its days, once; who is away is asked again."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import pytest

from gateway.errors import PermanentError, TransientError
from gateway.ports import Record
from gateway.processing.upkeep import publishing
from gateway.processing.upkeep.publishing import Publishing
from tests.support.folding import FoldedLedger

MONDAY = date(2026, 11, 23).toordinal()
DAYS = {"calendar": "DE", "days": {"2026-11-23": "rest"}}


def publish(name: str) -> Mapping[str, Any]:
    if name != "DE":
        raise PermanentError(f"nobody publishes {name}")
    return DAYS


class Away:
    """A ledger's submitter that fails the first time."""

    def __init__(self, ledger: FoldedLedger) -> None:
        self._ledger, self.asked = ledger, 0

    async def submit(self, records: Sequence[Record]) -> tuple[int, int, int]:
        self.asked += 1
        if self.asked == 1:
            raise TransientError("ingest is away")
        return self._ledger.append(records)


async def test_days_of_a_calendar_that_a_site_names_become_a_record(
    ledger: FoldedLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publishing, "RETRY_S", 0)
    away = Away(ledger)
    work = Publishing(ledger.state, away, ledger.clock, publish)
    rows = [{"id": "berlin", "calendar": "de"}, {"id": "atlantis", "calendar": "XX"}]
    ledger.act("registry_put", {"author": "ann", "table": "sites", "rows": rows})
    assert ledger.state.rulings["berlin"].calendar.day(MONDAY) == (True, True)
    async with asyncio.TaskGroup() as group, asyncio.timeout(30):
        task = group.create_task(work.run())
        while ledger.state.rulings.unpublished != {"XX"}:
            work.look()
            await asyncio.sleep(0)
        for _ in range(20):
            work.look()
            await asyncio.sleep(0)
        task.cancel()
    assert ledger.state.rulings["berlin"].calendar.day(MONDAY) == (False, False)
    assert away.asked == 2
    assert ledger.one("SELECT count(*) FROM act WHERE name = 'calendar_applied'") == 1
