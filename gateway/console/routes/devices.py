"""/devices: the registry, how each terminal is, and its lifecycle."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response
from starlette.concurrency import run_in_threadpool

from gateway.acts import ActName, DeviceAct, DevicePutAct, DevicesImportAct, RowRefused
from gateway.console.acts import Acts, pending
from gateway.console.bounds import Bounds
from gateway.console.callers import Caller, Operator, Reader
from gateway.console.device_items import Device, Imported
from gateway.console.items import ACT_RESPONSES, ListOf
from gateway.console.requests import (
    DeviceChange,
    DeviceQuery,
    DeviceRow,
    IdempotencyKey,
    ImportQuery,
)
from gateway.console.sight import Sight
from gateway.console.tables import (
    Sheet,
    foreseen,
    read_sheet,
    refuse_repeated,
    rows_by_id,
    write_sheet,
)
from gateway.queries import LedgerQueries
from gateway.queries.asking import Page
from gateway.queries.rows import DeviceRow as Known

_VERBS: Final = {
    "approve": ActName.DEVICE_APPROVED,
    "refuse": ActName.DEVICE_REFUSED,
    "retire": ActName.DEVICE_RETIRED,
    "maintenance": ActName.DEVICE_MAINTENANCE,
}
_CSV: Final = "text/csv"
_SHEET: Final = {"schema": {"type": "string"}}
_SHEET_BODY: Final[dict[str, Any]] = {
    "requestBody": {"required": True, "content": {_CSV: _SHEET}}
}

_Endpoint = Callable[
    [str, Operator, DeviceChange | None, IdempotencyKey], Awaitable[JSONResponse]
]


class Devices:
    def __init__(self, ledger: LedgerQueries, acts: Acts) -> None:
        self._ledger = ledger
        self._acts = acts
        self._sight = Sight(ledger)
        self._bounds = Bounds(ledger)

    def router(self) -> APIRouter:
        router = APIRouter(prefix="/devices", tags=["devices"])
        router.add_api_route("", self.list, response_model=ListOf[Device])
        router.add_api_route(
            "/export",
            self.export,
            response_class=Response,
            responses={200: {"content": {_CSV: _SHEET}, "description": "All columns"}},
        )
        router.add_api_route(
            "/import",
            self.take_in,
            methods=["POST"],
            response_model=Imported,
            responses={202: ACT_RESPONSES[202]},
            openapi_extra=_SHEET_BODY,
            name="import_devices",
        )
        router.add_api_route("/{device_id}", self.show, response_model=Device)
        router.add_api_route(
            "/{device_id}", self.put, methods=["PUT"], responses=ACT_RESPONSES
        )
        for verb, name in _VERBS.items():
            router.add_api_route(
                f"/{{device_id}}/{verb}",
                self._changing(name),
                methods=["POST"],
                name=f"{verb}_device",
                responses=ACT_RESPONSES,
            )
        return router

    def list(
        self, query: Annotated[DeviceQuery, Query()], caller: Reader
    ) -> Page[Known]:
        return self._ledger.devices(query.wanted(caller.site), query.part)

    def export(self, caller: Reader) -> Response:
        """Every terminal as a CSV table, which `import` takes again."""
        known = rows_by_id(self._ledger.registered(caller.site))
        text = write_sheet(known.values())
        disposition = {"Content-Disposition": 'attachment; filename="devices.csv"'}
        return Response(text, media_type=f"{_CSV}; charset=utf-8", headers=disposition)

    async def take_in(
        self,
        request: Request,
        query: Annotated[ImportQuery, Query()],
        caller: Operator,
        idempotency_key: IdempotencyKey = None,
    ) -> Response:
        """Put the rows of a CSV table in force; each that cannot be is told by line.

        What is empty stays as it is. The same table again changes nothing.
        """
        sheet = refuse_repeated(read_sheet(await request.body()))
        if caller.site is not None:
            sheet = await run_in_threadpool(self._in_sight, sheet, caller)
        if query.dry_run:
            done = await run_in_threadpool(self._foreseen, sheet)
            return JSONResponse(done.model_dump())
        act = DevicesImportAct(
            author=caller.name,
            idempotency_key=idempotency_key,
            rows=sheet.rows,
            lines=sheet.lines,
            refused=sheet.refused,
        )
        place, outcome = await self._acts.settle(ActName.DEVICES_IMPORTED, act)
        if outcome is None:
            return pending(place)
        done = Imported(dry_run=False, place=str(place), **outcome)
        return JSONResponse(done.model_dump())

    def show(self, device_id: str, caller: Reader) -> Known:
        return self._sight.device(caller, device_id)

    async def put(
        self,
        device_id: str,
        body: DeviceRow,
        caller: Operator,
        idempotency_key: IdempotencyKey = None,
    ) -> JSONResponse:
        """Register a terminal, or change its row: null clears, what is absent stays."""
        row = {"device_id": device_id, **body.given()}
        await run_in_threadpool(self._placed, caller, device_id, row)
        act = DevicePutAct(
            author=caller.name, idempotency_key=idempotency_key, device=row
        )
        return await self._acts.perform(ActName.DEVICE_PUT, act)

    def _changing(self, name: ActName) -> _Endpoint:
        async def change_device(
            device_id: str,
            caller: Operator,
            change: DeviceChange | None = None,
            idempotency_key: IdempotencyKey = None,
        ) -> JSONResponse:
            await run_in_threadpool(self.show, device_id, caller)
            wanted = change or DeviceChange()
            if wanted.site is not None:
                await run_in_threadpool(self._sight.place, caller, wanted.site)
            await run_in_threadpool(self._bounds.window, wanted.window, caller)
            act = DeviceAct(
                author=caller.name,
                idempotency_key=idempotency_key,
                device_id=device_id,
                reason=wanted.reason,
                site=wanted.site,
                window=wanted.window,
            )
            return await self._acts.perform(name, act)

        return change_device

    def _placed(
        self, caller: Caller, device_id: str, row: dict[str, str | None]
    ) -> None:
        """Whether the device is in sight, or new there, and stays so."""
        known = self._ledger.device(device_id)
        if known is not None:
            self._sight.show(caller, known.site, f"device {device_id}")
        if known is None or "site" in row:
            self._sight.place(caller, row.get("site"))
        if known is None or row.get("window") != known.window:
            self._bounds.window(row.get("window"), caller)

    def _in_sight(self, sheet: Sheet, caller: Caller) -> Sheet:
        """Without rows that concern another site than the caller's."""
        assert caller.site is not None
        below = self._ledger.sites_below(caller.site)
        everywhere = rows_by_id(self._ledger.registered(None))
        windows = {row["window"] or "" for row in sheet.rows if "window" in row}
        elsewhere = self._bounds.elsewhere(windows, caller.site)
        kept = Sheet([], [], list(sheet.refused))
        for row, line in zip(sheet.rows, sheet.lines, strict=True):
            now = everywhere.get(row.get("device_id") or "", {})
            sites = {row.get("site") or now.get("site")}
            if now:
                sites.add(now.get("site"))
            moves = row.get("window", now.get("window")) != now.get("window")
            if sites <= below and not (moves and row["window"] in elsewhere):
                kept.rows.append(row)
                kept.lines.append(line)
            else:
                detail = f"outside of the site {caller.site}"
                kept.refused.append(RowRefused(line, detail))
        return kept

    def _foreseen(self, sheet: Sheet) -> Imported:
        known = rows_by_id(self._ledger.registered(None))
        return Imported.model_validate(
            {"dry_run": True, "place": None, **foreseen(sheet, known)}
        )
