"""/visits, /spot-checks: who needs a visit, and devices drawn to be looked at."""

from typing import Annotated, Self

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse
from pydantic import Field, model_validator
from starlette.concurrency import run_in_threadpool

from fleet.planner import Visit
from gateway.acts import ActName, SpotChecksAct
from gateway.console.acts import Acts
from gateway.console.callers import Caller, Operator, Reader
from gateway.console.instants import Instant, Rfc3339, milliseconds
from gateway.console.items import ACT_RESPONSES, Item, ListOf
from gateway.console.requests import IdempotencyKey, ListQuery, Strict, Text
from gateway.console.sight import Sight
from gateway.queries import LedgerQueries
from gateway.queries.visits import VisitFilter

DRAWN_MAX = 1_000


class VisitQuery(Strict):
    """`site` is meant with those below it; without `until` the next 14 days."""

    site: Text | None = None
    until: Rfc3339 | None = None


class NeedItem(Item):
    """`why`: fault, forecast, drift, inspection or spot_check; `cause` its code."""

    why: str
    cause: str
    by: Instant = Field(validation_alias="by_ms")
    text: str


class StopItem(Item):
    """A device, its needs (the most urgent first), and the parts to bring for it."""

    device_id: str
    needs: list[NeedItem]
    parts: list[str]


class VisitItem(Item):
    """`by` is when the first of its needs can wait no longer."""

    site: str | None
    by: Instant
    overdue: bool
    stops: list[StopItem]
    parts: dict[str, int]


class VisitList(Item):
    items: list[VisitItem]
    as_of: Instant
    until: Instant


class SpotChecksBody(Strict):
    """So many devices, or a share of those in service, such as 0.05 (rounded up)."""

    seed: Text
    count: int | None = Field(None, ge=1, le=DRAWN_MAX)
    share: Annotated[
        str | None, Field(pattern=r"^(0(\.[0-9]{1,6})?|1(\.0{1,6})?)$")
    ] = None
    per_site_max: int | None = Field(None, ge=1, le=DRAWN_MAX)
    site: Text | None = None
    model: Text | None = None
    within_days: int = Field(14, ge=1, le=90)

    @model_validator(mode="after")
    def _one_size(self) -> Self:
        if (self.count is None) is (self.share is None):
            raise ValueError("say either count or share")
        return self


class SpotCheckItem(Item):
    """`devices` in the order of the draw; by `due_at` they are to be checked."""

    draw_id: str
    author: str
    drawn_at: Instant = Field(validation_alias="drawn_ms")
    due_at: Instant = Field(validation_alias="due_ms")
    seed: str
    count: int
    candidates: int
    devices: list[str]
    shortfall: int
    per_site_max: int | None
    site: str | None
    model: str | None


class PlannedVisits:
    def __init__(self, ledger: LedgerQueries, acts: Acts) -> None:
        self._ledger = ledger
        self._acts = acts
        self._sight = Sight(ledger)

    def router(self) -> APIRouter:
        router = APIRouter(tags=["inspections"])
        router.add_api_route("/visits", self.visits, response_model=VisitList)
        router.add_api_route(
            "/spot-checks", self.draws, response_model=ListOf[SpotCheckItem]
        )
        router.add_api_route(
            "/spot-checks", self.draw, methods=["POST"], responses=ACT_RESPONSES
        )
        return router

    def visits(
        self, query: Annotated[VisitQuery, Query()], caller: Reader
    ) -> VisitList:
        """One visit a site for all that calls for one, the soonest first."""
        wanted = VisitFilter(
            subtree=caller.site, site=query.site, until_ms=milliseconds(query.until)
        )
        found = self._ledger.visits(wanted)
        items = [_visit(one) for one in found.visits]
        return VisitList(items=items, as_of=found.as_of_ms, until=found.until_ms)

    def draws(
        self, query: Annotated[ListQuery, Query()], caller: Reader
    ) -> ListOf[SpotCheckItem]:
        """Newest first; who is bound to a site sees the draws made for it."""
        page = self._ledger.spot_checks(query.part)
        seen = [one for one in page.items if self._sight.sees(caller, one.site)]
        items = [SpotCheckItem.model_validate(one) for one in seen]
        return ListOf[SpotCheckItem](items=items, next_cursor=page.next_cursor)

    async def draw(
        self,
        body: SpotChecksBody,
        caller: Operator,
        idempotency_key: IdempotencyKey = None,
    ) -> JSONResponse:
        """Draw without replacement: of the same devices a seed draws the same."""
        act = await run_in_threadpool(self._asked, body, caller, idempotency_key)
        return await self._acts.perform(ActName.SPOT_CHECKS_DRAWN, act)

    def _asked(
        self, body: SpotChecksBody, caller: Caller, key: str | None
    ) -> SpotChecksAct:
        site = body.site or caller.site
        if site is not None:
            self._sight.place(caller, site)
            self._sight.known(caller, "sites", body.site)
        given = body.model_dump(exclude={"site"})
        return SpotChecksAct(
            author=caller.name, idempotency_key=key, site=site, **given
        )


def _visit(one: Visit) -> VisitItem:
    return VisitItem(
        site=one.site or None,
        by=one.by_ms,
        overdue=one.overdue,
        stops=[StopItem.model_validate(stop) for stop in one.stops],
        parts=one.parts,
    )
