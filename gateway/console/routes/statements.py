"""/statements: closed months, sealed, and what was adjusted since."""

import json
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from gateway.acts import ActName, MonthSealAct
from gateway.console.acts import Acts
from gateway.console.callers import Auditor, Reader
from gateway.console.items import ACT_RESPONSES, Item, ListOf
from gateway.console.problems import not_found
from gateway.console.requests import IdempotencyKey, Month
from gateway.console.sealed import SealedItem, SiteQuery, told
from gateway.console.sight import Sight
from gateway.queries import LedgerQueries


class StatementItem(SealedItem):
    """A closed month of ratings."""


class Group(Item):
    """Counts by slot, of one employee of one department."""

    department: str | None
    employee: str | None
    counts: dict[str, int]


class StatementWhole(StatementItem):
    groups: list[Group]
    adjustments: list[Group]


class Statements:
    def __init__(self, ledger: LedgerQueries, acts: Acts) -> None:
        self._ledger = ledger
        self._acts = acts
        self._sight = Sight(ledger)

    def router(self) -> APIRouter:
        router = APIRouter(prefix="/statements", tags=["statistics"])
        router.add_api_route("", self.list, response_model=ListOf[StatementItem])
        router.add_api_route("/{month}", self.show, response_model=StatementWhole)
        router.add_api_route(
            "/{month}", self.seal, methods=["POST"], responses=ACT_RESPONSES
        )
        return router

    def list(self, caller: Reader) -> ListOf[StatementItem]:
        """The newest month first."""
        rows = self._ledger.statements()
        seen = [one for one in rows if self._sight.sees(caller, one.statement.site)]
        return ListOf[StatementItem](
            items=[
                StatementItem.model_validate(told(one.author, one.statement))
                for one in seen
            ],
            next_cursor=None,
        )

    def show(
        self, month: Month, query: Annotated[SiteQuery, Query()], caller: Reader
    ) -> StatementWhole:
        """What was sealed, and what later changes have added or taken since."""
        self._sight.reach(caller, query.site)
        detail = self._ledger.statement(query.site or "", month)
        if detail is None:
            raise not_found(f"sealed month {month}")
        cells = detail.row.statement.cells
        return StatementWhole(
            **told(detail.row.author, detail.row.statement),
            groups=[_group(key, counts) for key, counts in cells.items()],
            adjustments=[_group(*one) for one in detail.adjustments],
        )

    async def seal(
        self,
        month: Month,
        query: Annotated[SiteQuery, Query()],
        caller: Auditor,
        idempotency_key: IdempotencyKey = None,
    ) -> JSONResponse:
        """Seal a month that is over, once."""
        await run_in_threadpool(self._sight.reach, caller, query.site)
        act = MonthSealAct(
            author=caller.name,
            idempotency_key=idempotency_key,
            month=month,
            site=query.site,
        )
        return await self._acts.perform(ActName.MONTH_SEALED, act)


def _group(key: str, counts: dict[str, int]) -> Group:
    department, employee = json.loads(key)
    return Group(department=department, employee=employee, counts=counts)
