"""/sinks: an operator's word that an endpoint may be tried again."""

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from gateway.acts import ActName, SinkAct
from gateway.console.acts import Acts
from gateway.console.callers import Operator, whole_gateway
from gateway.console.items import ACT_RESPONSES
from gateway.console.problems import not_found
from gateway.console.requests import IdempotencyKey
from gateway.queries import DeliveryQueries


class Sinks:
    def __init__(self, deliveries: DeliveryQueries, acts: Acts) -> None:
        self._deliveries = deliveries
        self._acts = acts

    def router(self) -> APIRouter:
        router = APIRouter(prefix="/sinks", tags=["sinks"])
        router.add_api_route(
            "/{name}/enable",
            self.enable,
            methods=["POST"],
            name="enable_sink",
            responses=ACT_RESPONSES,
        )
        return router

    async def enable(
        self, name: str, caller: Operator, idempotency_key: IdempotencyKey = None
    ) -> JSONResponse:
        """Try it now: one that answered 410, or one that is held or waited for."""
        whole_gateway(caller)
        sinks = await run_in_threadpool(self._deliveries.sinks)
        if name not in {sink.name for sink in sinks}:
            raise not_found(f"sink {name}")
        act = SinkAct(author=caller.name, idempotency_key=idempotency_key, sink=name)
        return await self._acts.perform(ActName.SINK_ENABLED, act)
