"""/livez, /readyz, /metrics: for whatever watches the gateway."""

from collections.abc import Callable, Sequence
from http import HTTPStatus

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST

from gateway.console.figures import Scrape
from gateway.console.items import Check, Health
from gateway.observability.health import Finding, is_ready

Readiness = Callable[[], Sequence[Finding]]


class Probes:
    """`readiness` looks afresh at each call."""

    def __init__(self, readiness: Readiness, scrape: Scrape) -> None:
        self._readiness = readiness
        self._scrape = scrape

    def router(self) -> APIRouter:
        router = APIRouter(tags=["probes"])
        router.add_api_route("/livez", self.live, response_model=Health)
        router.add_api_route(
            "/readyz",
            self.ready,
            response_model=Health,
            responses={503: {"model": Health, "description": "Not ready"}},
        )
        router.add_api_route("/metrics", self.metrics, response_class=Response)
        return router

    async def live(self) -> Health:
        """Says that the console answers."""
        return Health(status="live", checks={})

    def ready(self) -> JSONResponse:
        """Every role runs, the journal can be written, the broker was reached."""
        findings = self._readiness()
        ready = is_ready(findings)
        health = Health(
            status="ready" if ready else "not_ready",
            checks={f.name: Check(ok=f.ok, detail=f.detail) for f in findings},
        )
        status = HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE
        return JSONResponse(health.model_dump(), status)

    def metrics(self) -> Response:
        """The figures of all roles, in Prometheus's text format."""
        return Response(self._scrape.text(), media_type=CONTENT_TYPE_LATEST)
