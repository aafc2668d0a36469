"""/devices: the registry, how each terminal is, and its lifecycle."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Final

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from gateway.acts import ActName, DeviceAct
from gateway.console.acts import Acts
from gateway.console.callers import LOCAL
from gateway.console.items import ACT_RESPONSES, Device, ListOf
from gateway.console.problems import not_found
from gateway.console.requests import DeviceChange, DeviceQuery, IdempotencyKey
from gateway.queries import LedgerQueries
from gateway.queries.asking import Page
from gateway.queries.rows import DeviceRow

_VERBS: Final = {
    "approve": ActName.DEVICE_APPROVED,
    "refuse": ActName.DEVICE_REFUSED,
    "retire": ActName.DEVICE_RETIRED,
    "maintenance": ActName.DEVICE_MAINTENANCE,
}

_Endpoint = Callable[
    [str, DeviceChange | None, IdempotencyKey], Awaitable[JSONResponse]
]


class Devices:
    def __init__(self, ledger: LedgerQueries, acts: Acts) -> None:
        self._ledger = ledger
        self._acts = acts

    def router(self) -> APIRouter:
        router = APIRouter(prefix="/devices", tags=["devices"])
        router.add_api_route("", self.list, response_model=ListOf[Device])
        router.add_api_route("/{device_id}", self.show, response_model=Device)
        for verb, name in _VERBS.items():
            router.add_api_route(
                f"/{{device_id}}/{verb}",
                self._changing(name),
                methods=["POST"],
                name=f"{verb}_device",
                responses=ACT_RESPONSES,
            )
        return router

    def list(self, query: Annotated[DeviceQuery, Query()]) -> Page[DeviceRow]:
        return self._ledger.devices(query.wanted(), query.part)

    def show(self, device_id: str) -> DeviceRow:
        row = self._ledger.device(device_id)
        if row is None:
            raise not_found(f"device {device_id}")
        return row

    def _changing(self, name: ActName) -> _Endpoint:
        async def change_device(
            device_id: str,
            change: DeviceChange | None = None,
            idempotency_key: IdempotencyKey = None,
        ) -> JSONResponse:
            await run_in_threadpool(self.show, device_id)
            wanted = change or DeviceChange()
            act = DeviceAct(
                author=LOCAL,
                idempotency_key=idempotency_key,
                device_id=device_id,
                reason=wanted.reason,
                site=wanted.site,
                window=wanted.window,
            )
            return await self._acts.perform(name, act)

        return change_device
