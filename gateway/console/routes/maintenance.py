"""/maintenance-windows: hours in which nobody is told of alerts."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from gateway.acts import ActName, WindowAct, WindowEndAct
from gateway.console.acts import Acts
from gateway.console.callers import Caller, Operator, Reader
from gateway.console.instants import milliseconds
from gateway.console.items import ACT_RESPONSES, ListOf, MaintenanceWindow
from gateway.console.problems import not_found
from gateway.console.requests import IdempotencyKey, ItemId, NewWindow, WindowQuery
from gateway.console.sight import Sight
from gateway.queries import LedgerQueries
from gateway.queries.asking import Page
from gateway.queries.rows import WindowRow


class MaintenanceWindows:
    def __init__(self, ledger: LedgerQueries, acts: Acts) -> None:
        self._ledger = ledger
        self._acts = acts
        self._sight = Sight(ledger)

    def router(self) -> APIRouter:
        router = APIRouter(prefix="/maintenance-windows", tags=["alerts"])
        router.add_api_route("", self.list, response_model=ListOf[MaintenanceWindow])
        router.add_api_route("", self.begin, methods=["POST"], responses=ACT_RESPONSES)
        router.add_api_route(
            "/{window_id}/end", self.end, methods=["POST"], responses=ACT_RESPONSES
        )
        return router

    def list(
        self, query: Annotated[WindowQuery, Query()], caller: Reader
    ) -> Page[WindowRow]:
        wanted = query.wanted(caller.site)
        return self._ledger.maintenance_windows(wanted, query.part)

    async def begin(
        self,
        body: NewWindow,
        caller: Operator,
        idempotency_key: IdempotencyKey = None,
    ) -> JSONResponse:
        """Alerts stay visible meanwhile; who still stands at the end is told then."""
        await run_in_threadpool(self._check, body, caller)
        until_ms = milliseconds(body.until)
        assert until_ms is not None, "required"
        act = WindowAct(
            author=caller.name,
            idempotency_key=idempotency_key,
            device_id=body.device_id,
            site=body.site,
            from_ms=milliseconds(body.from_),
            until_ms=until_ms,
            reason=body.reason,
        )
        return await self._acts.perform(ActName.WINDOW_OPENED, act)

    async def end(
        self,
        window_id: ItemId,
        caller: Operator,
        idempotency_key: IdempotencyKey = None,
    ) -> JSONResponse:
        """End it now."""
        await run_in_threadpool(self._show, window_id, caller)
        act = WindowEndAct(
            author=caller.name, idempotency_key=idempotency_key, window_id=window_id
        )
        return await self._acts.perform(ActName.WINDOW_ENDED, act)

    def _check(self, body: NewWindow, caller: Caller) -> None:
        if body.device_id is not None:
            self._sight.device(caller, body.device_id)
        else:
            self._sight.place(caller, body.site)

    def _show(self, window_id: int, caller: Caller) -> None:
        row = self._ledger.maintenance_window(window_id)
        if row is None:
            raise not_found(f"maintenance window {window_id}")
        if row.device_id is not None:
            self._sight.device(caller, row.device_id)
        else:
            self._sight.show(caller, row.site, f"maintenance window {window_id}")
