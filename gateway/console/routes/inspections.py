"""/inspections, /inspection-records, /inspection-plans: routine maintenance."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Annotated, Any, Final, Literal

import msgspec
from fastapi import APIRouter, Query, Response
from fastapi.responses import JSONResponse
from pydantic import Field
from starlette.concurrency import run_in_threadpool

from fleet.inspections.due import State
from fleet.inspections.plans import CHECKLIST, Plan, Work
from fleet.inspections.records import Mark, Outcome
from gateway.acts import ActName, InspectionAct, InspectionPlansAct
from gateway.console.acts import Acts
from gateway.console.bodies import given, one_or_several
from gateway.console.callers import Caller, Operator, Reader
from gateway.console.instants import Instant, Rfc3339, milliseconds
from gateway.console.items import ACT_RESPONSES, Item, ListOf
from gateway.console.preconditions import IfMatch, etag, revisions
from gateway.console.problems import ProblemError
from gateway.console.requests import IdempotencyKey, ListQuery, Strict, Text
from gateway.console.sight import Sight
from gateway.queries import LedgerQueries
from gateway.queries.asking import Page
from gateway.queries.inspections import InspectionFilter, InspectionRow, RecordRow

_PLANS_MAX: Final = 1_000
_PLANS: Final = "inspection_plans"
"""What the ledger calls them, where it tells their revision."""
_Name = Annotated[str, Field(min_length=1, max_length=64)]


class SheetLine(Item):
    """`mark` is what the device proves by itself; null: somebody must look."""

    item: str
    mark: Mark | None
    proof: str


class Inspection(Item):
    """The open period of a device under a plan, with its sheet filled in.

    `next_due_at` is the end, exclusive, of the day on which it is due; null while only
    the number of presses decides.
    """

    inspection_id: str
    device_id: str
    site: str | None
    window: str | None
    type: Work
    plan_id: str
    state: State
    next_due_at: Instant | None = Field(validation_alias="next_due_ms")
    overdue_at: Instant | None = Field(validation_alias="overdue_ms")
    presses: int
    presses_due: int | None
    estimated: bool
    last_done_at: Instant | None = Field(validation_alias="last_done_ms")
    checklist: list[SheetLine]
    known: list[SheetLine]


class SiteWorkItem(Item):
    """Open periods of a site's devices by state."""

    site: str
    overdue: int
    due: int
    due_soon: int
    not_due: int
    next_due_at: Instant | None = Field(validation_alias="next_due_ms")


class InspectionRecord(Item):
    record_id: str
    device_id: str
    site: str | None
    type: Work
    plan_id: str | None
    started_at: Instant = Field(validation_alias="started_ms")
    finished_at: Instant | None = Field(validation_alias="finished_ms")
    operator: str
    checklist: dict[str, Mark]
    parts: dict[str, int]
    result: Outcome
    notes: str


class InspectionPlan(Item):
    """`subject` is a device_id, the name of a profile, or a site with all below it."""

    model_config = Strict.model_config | Item.model_config

    plan_id: _Name
    scope: Literal["device", "profile", "site"]
    subject: _Name
    type: Literal["inspection", "clean"] = "inspection"
    every_days: int | None = None
    every_presses: int | None = None
    day_unit: Literal["natural", "working"] = "natural"
    due_from: Literal["completion", "grid"] = "completion"
    grid_from: _Name | None = None
    grace_days: int = 0
    remind_before_days: int = 0
    on_overdue: Literal["warn", "degrade"] = "warn"
    checklist: tuple[_Name, ...] = CHECKLIST
    enabled: bool = True


class InspectionQuery(ListQuery):
    state: State | None = None
    site: Text | None = None
    device: Text | None = None
    type: Work | None = None

    def wanted(self, subtree: str | None) -> InspectionFilter:
        return InspectionFilter(
            subtree=subtree,
            state=self.state,
            site=self.site,
            device=self.device,
            type=self.type,
        )


class RecordQuery(ListQuery):
    site: Text | None = None
    device: Text | None = None
    type: Work | None = None

    def wanted(self, subtree: str | None) -> InspectionFilter:
        return InspectionFilter(
            subtree=subtree, site=self.site, device=self.device, type=self.type
        )


class RecordBody(Strict):
    """Without times it was done now; without an operator, by the caller."""

    device_id: _Name
    type: Work = "inspection"
    plan_id: _Name | None = None
    started_at: Rfc3339 | None = None
    finished_at: Rfc3339 | None = None
    operator: _Name | None = None
    checklist: Annotated[dict[_Name, Mark], Field(max_length=64, default_factory=dict)]
    parts: Annotated[dict[_Name, int], Field(max_length=64, default_factory=dict)]
    result: Outcome = "ok"
    notes: Annotated[str, Field(max_length=2000)] = ""


_PlansBody: Any = one_or_several(InspectionPlan, _PLANS_MAX)


class Inspections:
    def __init__(self, ledger: LedgerQueries, acts: Acts) -> None:
        self._ledger = ledger
        self._acts = acts
        self._sight = Sight(ledger)

    def router(self) -> APIRouter:
        router = APIRouter(tags=["inspections"])
        lists: tuple[tuple[str, Any, type[Item]], ...] = (
            ("/inspections", self.list, Inspection),
            ("/inspections/sites", self.by_site, SiteWorkItem),
            ("/inspection-records", self.records, InspectionRecord),
            ("/inspection-plans", self.plans, InspectionPlan),
        )
        for path, endpoint, item in lists:
            router.add_api_route(path, endpoint, response_model=ListOf[item])  # type: ignore[valid-type]  # one of these
        router.add_api_route(
            "/inspections", self.record, methods=["POST"], responses=ACT_RESPONSES
        )
        router.add_api_route(
            "/inspection-plans",
            self.put_plans,
            methods=["PUT"],
            responses=ACT_RESPONSES,
        )
        return router

    def list(
        self, query: Annotated[InspectionQuery, Query()], caller: Reader
    ) -> Page[InspectionRow]:
        """What is asked for at each device under a plan."""
        return self._ledger.inspections(query.wanted(caller.site), query.part)

    def by_site(self, caller: Reader) -> ListOf[SiteWorkItem]:
        """Where hands are needed: the site with the most that is overdue first."""
        found = self._ledger.inspections_by_site(caller.site)
        items = [SiteWorkItem.model_validate(one) for one in found]
        return ListOf[SiteWorkItem](items=items, next_cursor=None)

    def records(
        self, query: Annotated[RecordQuery, Query()], caller: Reader
    ) -> Page[RecordRow]:
        """What was done, the record that was entered last first."""
        return self._ledger.inspection_records(query.wanted(caller.site), query.part)

    def plans(
        self,
        query: Annotated[ListQuery, Query()],
        caller: Reader,
        response: Response,
    ) -> Page[Plan]:
        """The plans that people wrote, by their ids; a profile's are told to all.

        The first page has an `ETag` of all that the caller sees, for `If-Match` of
        who changes some.
        """
        if query.cursor is None:  # before the plans, so that it is never newer
            response.headers["ETag"] = etag(self._ledger.revision(_PLANS, caller.site))
        return self._ledger.inspection_plans(query.part, caller.site)

    async def record(
        self,
        body: RecordBody,
        caller: Operator,
        idempotency_key: IdempotencyKey = None,
    ) -> JSONResponse:
        """Enter what was done; the answer names what of the plan has no mark."""
        await run_in_threadpool(self._sight.device, caller, body.device_id)
        act = InspectionAct(
            author=caller.name,
            idempotency_key=idempotency_key,
            device_id=body.device_id,
            operator=body.operator or caller.name,
            type=body.type,
            plan_id=body.plan_id,
            started_ms=milliseconds(body.started_at),
            finished_ms=milliseconds(body.finished_at),
            checklist=body.checklist,
            parts=body.parts,
            result=body.result,
            notes=body.notes,
        )
        return await self._acts.perform(ActName.INSPECTION_RECORDED, act)

    async def put_plans(
        self,
        body: _PlansBody,
        caller: Operator,
        if_match: IfMatch = None,
        idempotency_key: IdempotencyKey = None,
    ) -> JSONResponse:
        """Put plans in force: one, an array, or `items`; all of them, or none.

        Each is the whole plan of its id; plans that are not named stay. With
        `If-Match`, 412 when somebody else changed any that the caller sees.
        """
        plans = [msgspec.convert(one.model_dump(), Plan) for one in given(body)]
        if caller.site is not None:
            await run_in_threadpool(self._bounded, plans, caller)
        act = InspectionPlansAct(
            author=caller.name,
            idempotency_key=idempotency_key,
            plans=plans,
            revisions=revisions(if_match),
            subtree=caller.site,
        )
        return await self._acts.perform(ActName.INSPECTION_PLAN_PUT, act)

    def _bounded(self, plans: Sequence[Plan], caller: Caller) -> None:
        """Who is bound to a site writes plans for it, and replaces none of another."""
        for plan in plans:
            self._sight.place(caller, self._site(plan))
            known = self._ledger.inspection_plan(plan.plan_id)
            if known is not None and not self._sight.sees(caller, self._site(known)):
                detail = f"The plan {plan.plan_id} is not of {caller.site}."
                raise ProblemError(HTTPStatus.FORBIDDEN, "outside_site", detail)

    def _site(self, plan: Plan) -> str | None:
        """Where a plan belongs; a profile's belongs to no site."""
        if plan.scope == "device":
            device = self._ledger.device(plan.subject)
            return None if device is None else device.site
        return plan.subject if plan.scope == "site" else None
