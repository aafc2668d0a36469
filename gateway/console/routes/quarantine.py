"""/quarantine: what could not be accepted, and another try after a fix."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse

from gateway.acts import ActName, QuarantineAct
from gateway.console.acts import Acts
from gateway.console.callers import LOCAL
from gateway.console.items import ACT_RESPONSES, ListOf, Quarantined
from gateway.console.problems import not_found
from gateway.console.requests import (
    IdempotencyKey,
    ItemId,
    QuarantineChoice,
    QuarantineQuery,
)
from gateway.queries import LedgerQueries
from gateway.queries.asking import Page
from gateway.queries.rows import QuarantineRow


class Quarantine:
    def __init__(self, ledger: LedgerQueries, acts: Acts) -> None:
        self._ledger = ledger
        self._acts = acts

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

    def list(self, query: Annotated[QuarantineQuery, Query()]) -> Page[QuarantineRow]:
        return self._ledger.quarantine(query.wanted(), query.part)

    def show(self, item_id: ItemId) -> QuarantineRow:
        row = self._ledger.quarantined(item_id)
        if row is None:
            raise not_found(f"quarantine item {item_id}")
        return row

    async def replay(
        self, choice: QuarantineChoice, idempotency_key: IdempotencyKey = None
    ) -> JSONResponse:
        """Judge the items again: same identity, same receipt time."""
        act = _act(choice, idempotency_key)
        return await self._acts.perform(ActName.QUARANTINE_REPLAYED, act)

    async def purge(
        self, choice: QuarantineChoice, idempotency_key: IdempotencyKey = None
    ) -> JSONResponse:
        """Drop the payloads for good; the counts stay."""
        act = _act(choice, idempotency_key)
        return await self._acts.perform(ActName.QUARANTINE_PURGED, act)


def _act(choice: QuarantineChoice, key: str | None) -> QuarantineAct:
    return QuarantineAct(
        author=LOCAL, idempotency_key=key, ids=choice.ids, reason=choice.reason
    )
