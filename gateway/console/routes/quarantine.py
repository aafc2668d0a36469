"""/quarantine: what could not be accepted, and another try after a fix."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse

from gateway.acts import ActName, QuarantineAct
from gateway.console.acts import Acts
from gateway.console.callers import Caller, Operator, Reader, whole_gateway
from gateway.console.items import ACT_RESPONSES, ListOf, Quarantined
from gateway.console.payloads import Payloads
from gateway.console.problems import not_found
from gateway.console.requests import (
    IdempotencyKey,
    ItemId,
    QuarantineChoice,
    QuarantineQuery,
)
from gateway.console.sight import Sight
from gateway.queries import LedgerQueries
from gateway.queries.asking import Page
from gateway.queries.journal import JournalRecords
from gateway.queries.rows import QuarantineRow


class Quarantine:
    def __init__(
        self, ledger: LedgerQueries, acts: Acts, records: JournalRecords
    ) -> None:
        self._ledger = ledger
        self._acts = acts
        self._sight = Sight(ledger)
        self._payloads = Payloads(ledger, records)

    def router(self) -> APIRouter:
        router = APIRouter(prefix="/quarantine", tags=["quarantine"])
        router.add_api_route("", self.list, response_model=ListOf[Quarantined])
        router.add_api_route("/{item_id}", self.show, response_model=Quarantined)
        router.add_api_route(
            "/replay", self.replay, methods=["POST"], responses=ACT_RESPONSES
        )
        router.add_api_route(
            "/purge", self.purge, methods=["POST"], responses=ACT_RESPONSES
        )
        return router

    def list(
        self, query: Annotated[QuarantineQuery, Query()], caller: Reader
    ) -> Page[QuarantineRow]:
        """Comments and contacts in payloads are shown to the scope `contact` alone."""
        found = self._ledger.quarantine(query.wanted(caller.site), query.part)
        shown = [self._payloads.shown(row, caller) for row in found.items]
        return Page(shown, found.next_cursor)

    def show(self, item_id: ItemId, caller: Reader) -> QuarantineRow:
        row = self._ledger.quarantined(item_id)
        what = f"quarantine item {item_id}"
        if row is None:
            raise not_found(what)
        device = self._ledger.device(row.device_id) if row.device_id else None
        self._sight.show(caller, device.site if device else None, what)
        return self._payloads.shown(row, caller)

    async def replay(
        self,
        choice: QuarantineChoice,
        caller: Operator,
        idempotency_key: IdempotencyKey = None,
    ) -> JSONResponse:
        """Judge the items again: same identity, same receipt time."""
        act = _act(caller, choice, idempotency_key)
        return await self._acts.perform(ActName.QUARANTINE_REPLAYED, act)

    async def purge(
        self,
        choice: QuarantineChoice,
        caller: Operator,
        idempotency_key: IdempotencyKey = None,
    ) -> JSONResponse:
        """Drop the payloads for good; the counts stay."""
        act = _act(caller, choice, idempotency_key)
        return await self._acts.perform(ActName.QUARANTINE_PURGED, act)


def _act(caller: Caller, choice: QuarantineChoice, key: str | None) -> QuarantineAct:
    whole_gateway(caller)  # one reason may concern devices of every site
    return QuarantineAct(
        author=caller.name, idempotency_key=key, ids=choice.ids, reason=choice.reason
    )
