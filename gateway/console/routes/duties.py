"""/followups and /complaints: what is owed to customers, and the steps taken."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse
from pydantic import Field
from starlette.concurrency import run_in_threadpool

from gateway.acts import ActName, StepAct
from gateway.console.acts import Acts
from gateway.console.callers import Caller, Operator, Reader
from gateway.console.instants import Instant
from gateway.console.items import ACT_RESPONSES, Item, ListOf
from gateway.console.problems import not_found
from gateway.console.requests import IdempotencyKey, ListQuery, Strict, Text
from gateway.console.sight import Sight
from gateway.queries import LedgerQueries
from gateway.queries.asking import Page
from gateway.queries.duties import DutyFilter, DutyRow

Kind = Literal["followup", "complaint"]
Step = Literal["contacted", "fixed", "confirmed"]


class Followup(Item):
    """A rating at level 1 or 2, until its customer was contacted and helped."""

    rating_id: str = Field(validation_alias="subject")
    device_id: str
    site: str | None
    department: str | None
    window: str | None
    employee_id: str | None
    session_id: str | None
    level: int
    occurred_at: Instant = Field(validation_alias="since_ms")
    followup_due_at: Instant = Field(validation_alias="due_ms")
    rectify_due_at: Instant | None = Field(validation_alias="rectify_due_ms")
    contacted_at: Instant | None = Field(validation_alias="contacted_ms")
    fixed_at: Instant | None = Field(validation_alias="fixed_ms")
    confirmed_at: Instant | None = Field(validation_alias="confirmed_ms")
    state: str


class Complaint(Item):
    complaint_id: str = Field(validation_alias="subject")
    device_id: str
    site: str | None
    department: str | None
    window: str | None
    employee_id: str | None
    session_id: str | None
    category: str
    occurred_at: Instant = Field(validation_alias="since_ms")
    reply_due_at: Instant = Field(validation_alias="due_ms")
    contacted_at: Instant | None = Field(validation_alias="contacted_ms")
    fixed_at: Instant | None = Field(validation_alias="fixed_ms")
    confirmed_at: Instant | None = Field(validation_alias="confirmed_ms")
    state: str


class DutyQuery(ListQuery):
    """`open` is `due` and `overdue` together."""

    state: Literal["due", "overdue", "open", "closed"] | None = None
    site: Text | None = None


class StepBody(Strict):
    note: Annotated[str | None, Field(max_length=500)] = None


class Duties:
    def __init__(self, ledger: LedgerQueries, acts: Acts) -> None:
        self._ledger = ledger
        self._acts = acts
        self._sight = Sight(ledger)

    def router(self) -> APIRouter:
        router = APIRouter()
        router.add_api_route(
            "/followups",
            self.followups,
            response_model=ListOf[Followup],
            tags=["followups"],
        )
        router.add_api_route(
            "/complaints",
            self.complaints,
            response_model=ListOf[Complaint],
            tags=["complaints"],
        )
        router.add_api_route(
            "/followups/{rating_id}/{step}",
            self.follow_up,
            methods=["POST"],
            responses=ACT_RESPONSES,
            tags=["followups"],
        )
        router.add_api_route(
            "/complaints/{complaint_id}/{step}",
            self.reply,
            methods=["POST"],
            responses=ACT_RESPONSES,
            tags=["complaints"],
        )
        return router

    def followups(
        self, query: Annotated[DutyQuery, Query()], caller: Reader
    ) -> Page[DutyRow]:
        return self._list("followup", query, caller)

    def complaints(
        self, query: Annotated[DutyQuery, Query()], caller: Reader
    ) -> Page[DutyRow]:
        return self._list("complaint", query, caller)

    async def follow_up(
        self,
        rating_id: str,
        step: Step,
        caller: Operator,
        body: StepBody | None = None,
        idempotency_key: IdempotencyKey = None,
    ) -> JSONResponse:
        """A step taken for a dissatisfied customer; the first of each name counts."""
        await run_in_threadpool(self._check, "followup", rating_id, caller)
        act = self._act(rating_id, step, caller, body, idempotency_key)
        return await self._acts.perform(ActName.FOLLOWUP_STEP_TAKEN, act)

    async def reply(
        self,
        complaint_id: str,
        step: Step,
        caller: Operator,
        body: StepBody | None = None,
        idempotency_key: IdempotencyKey = None,
    ) -> JSONResponse:
        """A step taken for a complaint; any of them stops its clock."""
        await run_in_threadpool(self._check, "complaint", complaint_id, caller)
        act = self._act(complaint_id, step, caller, body, idempotency_key)
        return await self._acts.perform(ActName.COMPLAINT_STEP_TAKEN, act)

    def _list(self, kind: Kind, query: DutyQuery, caller: Caller) -> Page[DutyRow]:
        wanted = DutyFilter(
            subtree=caller.site, kind=kind, state=query.state, site=query.site
        )
        return self._ledger.duties(wanted, query.part)

    def _check(self, kind: Kind, subject: str, caller: Caller) -> None:
        duty = self._ledger.duty(kind, subject)
        if duty is None:
            raise not_found(f"{kind} {subject}")
        self._sight.show(caller, duty.site, f"{kind} {subject}")

    @staticmethod
    def _act(
        subject: str,
        step: Step,
        caller: Caller,
        body: StepBody | None,
        key: str | None,
    ) -> StepAct:
        note = None if body is None else body.note
        return StepAct(
            author=caller.name,
            idempotency_key=key,
            subject=subject,
            step=step,
            note=note,
        )
