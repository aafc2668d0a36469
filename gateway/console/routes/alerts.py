"""/alerts: what needs hands, seen by somebody, put aside, or resolved."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from gateway.acts import ActName, AlertAct
from gateway.console.acts import Acts
from gateway.console.callers import Caller, Operator, Reader
from gateway.console.instants import milliseconds
from gateway.console.items import ACT_RESPONSES, Alert, AlertDetail, ListOf
from gateway.console.problems import not_found
from gateway.console.requests import (
    AlertQuery,
    Confirmation,
    IdempotencyKey,
    ItemId,
    Snooze,
)
from gateway.console.sight import Sight
from gateway.queries import LedgerQueries, rows
from gateway.queries.asking import Page


class Alerts:
    def __init__(self, ledger: LedgerQueries, acts: Acts) -> None:
        self._ledger = ledger
        self._acts = acts
        self._sight = Sight(ledger)

    def router(self) -> APIRouter:
        router = APIRouter(prefix="/alerts", tags=["alerts"])
        router.add_api_route("", self.list, response_model=ListOf[Alert])
        router.add_api_route("/{alert_id}", self.show, response_model=AlertDetail)
        for path, endpoint in (
            ("confirm", self.confirm),
            ("snooze", self.snooze),
            ("resolve", self.resolve),
        ):
            router.add_api_route(
                f"/{{alert_id}}/{path}",
                endpoint,
                methods=["POST"],
                name=f"{path}_alert",
                responses=ACT_RESPONSES,
            )
        return router

    def list(
        self, query: Annotated[AlertQuery, Query()], caller: Reader
    ) -> Page[rows.AlertRow]:
        return self._ledger.alerts(query.wanted(caller.site), query.part)

    def show(self, alert_id: ItemId, caller: Reader) -> rows.AlertDetail:
        """One alert with its history: what happened to it, and who did it."""
        self._show(alert_id, caller)
        found = self._ledger.alert_detail(alert_id)
        if found is None:
            raise not_found(f"alert {alert_id}")
        return found

    async def confirm(
        self,
        alert_id: ItemId,
        caller: Operator,
        body: Confirmation | None = None,
        idempotency_key: IdempotencyKey = None,
    ) -> JSONResponse:
        """Say that somebody has seen it and sees to it."""
        await run_in_threadpool(self._show, alert_id, caller)
        act = AlertAct(
            author=caller.name,
            idempotency_key=idempotency_key,
            alert_id=alert_id,
            reason=body.reason if body else None,
        )
        return await self._acts.perform(ActName.ALERT_CONFIRMED, act)

    async def snooze(
        self,
        alert_id: ItemId,
        body: Snooze,
        caller: Operator,
        idempotency_key: IdempotencyKey = None,
    ) -> JSONResponse:
        """Put it aside; it is open again at that time, unless it is resolved."""
        await run_in_threadpool(self._show, alert_id, caller)
        act = AlertAct(
            author=caller.name,
            idempotency_key=idempotency_key,
            alert_id=alert_id,
            until_ms=milliseconds(body.until),
            reason=body.reason,
        )
        return await self._acts.perform(ActName.ALERT_SNOOZED, act)

    async def resolve(
        self,
        alert_id: ItemId,
        caller: Operator,
        body: Confirmation | None = None,
        idempotency_key: IdempotencyKey = None,
    ) -> JSONResponse:
        """Say that nothing is left to be done about what has happened.

        409 for an alert whose cause still stands: `advice` says what ends it.
        """
        await run_in_threadpool(self._show, alert_id, caller)
        act = AlertAct(
            author=caller.name,
            idempotency_key=idempotency_key,
            alert_id=alert_id,
            reason=body.reason if body else None,
        )
        return await self._acts.perform(ActName.ALERT_RESOLVED, act)

    def _show(self, alert_id: int, caller: Caller) -> None:
        row = self._ledger.alert(alert_id)
        if row is None:
            raise not_found(f"alert {alert_id}")
        self._sight.show(caller, row.site, f"alert {alert_id}")
