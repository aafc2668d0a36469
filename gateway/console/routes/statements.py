"""/statements: closed months, sealed, and what was adjusted since."""

import json
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from gateway.acts import ActName, MonthSealAct
from gateway.console.acts import Acts
from gateway.console.callers import Auditor, Caller, Reader, whole_gateway
from gateway.console.instants import Instant
from gateway.console.items import ACT_RESPONSES, Item, ListOf
from gateway.console.problems import not_found
from gateway.console.requests import IdempotencyKey, Month, Strict, Text
from gateway.console.sight import Sight
from gateway.queries import LedgerQueries
from gateway.queries.statements import StatementRow
from gateway.ratings.statements import is_intact


class SiteQuery(Strict):
    """Of which site; without one of all of them together."""

    site: Text | None = None


class StatementItem(Item):
    """`digest` is the SHA-256 of all that was sealed; `intact`: it still fits."""

    month: str
    site: str | None
    as_of: Instant
    author: str
    rules_revision: str
    digest: str
    intact: bool


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
            items=[StatementItem(**_told(one)) for one in seen], next_cursor=None
        )

    def show(
        self, month: Month, query: Annotated[SiteQuery, Query()], caller: Reader
    ) -> StatementWhole:
        """What was sealed, and what later changes have added or taken since."""
        self._check(query.site, caller)
        detail = self._ledger.statement(query.site or "", month)
        if detail is None:
            raise not_found(f"sealed month {month}")
        cells = detail.row.statement.cells
        return StatementWhole(
            **_told(detail.row),
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
        await run_in_threadpool(self._check, query.site, caller)
        act = MonthSealAct(
            author=caller.name,
            idempotency_key=idempotency_key,
            month=month,
            site=query.site,
        )
        return await self._acts.perform(ActName.MONTH_SEALED, act)

    def _check(self, site: str | None, caller: Caller) -> None:
        """Raises ProblemError when the caller is bound to another site."""
        if site is None:
            whole_gateway(caller)
        else:
            self._sight.place(caller, site)


def _told(row: StatementRow) -> dict[str, object]:
    one = row.statement
    return {
        "month": one.period,
        "site": one.site or None,
        "as_of": one.as_of_ms,
        "author": row.author,
        "rules_revision": one.rules,
        "digest": one.digest,
        "intact": is_intact(one),
    }


def _group(key: str, counts: dict[str, int]) -> Group:
    department, employee = json.loads(key)
    return Group(department=department, employee=employee, counts=counts)
