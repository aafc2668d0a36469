"""/sinks: what operators ask of an endpoint: to be tried again, to be sent a range."""

from http import HTTPStatus

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from gateway.acts import ActName, RangeAct, SinkAct
from gateway.console.acts import Acts
from gateway.console.callers import Operator, whole_gateway
from gateway.console.instants import since_epoch
from gateway.console.items import ACT_RESPONSES
from gateway.console.problems import ProblemError, not_found
from gateway.console.requests import IdempotencyKey, RangeBody
from gateway.events.addressing import TO_TERMINALS
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
        router.add_api_route(
            "/{name}/replay",
            self.replay,
            methods=["POST"],
            name="replay_range",
            responses=ACT_RESPONSES,
        )
        return router

    async def enable(
        self, name: str, caller: Operator, idempotency_key: IdempotencyKey = None
    ) -> JSONResponse:
        """Try it now: one that answered 410, or one that is held or waited for."""
        whole_gateway(caller)
        await self._known(name)
        act = SinkAct(author=caller.name, idempotency_key=idempotency_key, sink=name)
        return await self._acts.perform(ActName.SINK_ENABLED, act)

    async def replay(
        self,
        name: str,
        body: RangeBody,
        caller: Operator,
        idempotency_key: IdempotencyKey = None,
    ) -> JSONResponse:
        """Send what happened in [from, to) once more; receivers know what they have."""
        whole_gateway(caller)
        if await self._known(name) in TO_TERMINALS:
            raise ProblemError(
                HTTPStatus.CONFLICT,
                "not_replayable",
                "what goes to terminals goes once: only events and points are replayed",
            )
        act = RangeAct(
            author=caller.name,
            idempotency_key=idempotency_key,
            sink=name,
            from_ms=since_epoch(body.from_),
            to_ms=since_epoch(body.to),
        )
        return await self._acts.perform(ActName.RANGE_REPLAYED, act)

    async def _known(self, name: str) -> str:
        """The kind of a sink."""
        sinks = await run_in_threadpool(self._deliveries.sinks)
        for sink in sinks:
            if sink.name == name:
                return sink.kind
        raise not_found(f"sink {name}")
