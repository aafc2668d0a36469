"""/pipeline and /alerts: how the gateway does, and what needs hands."""

from typing import Annotated

from fastapi import APIRouter, Query

from gateway.console.items import Alert, ListOf, Pipeline
from gateway.console.pipeline import PipelineReader
from gateway.console.requests import AlertQuery
from gateway.queries import LedgerQueries
from gateway.queries.asking import Page
from gateway.queries.rows import AlertRow


class Overview:
    def __init__(self, pipeline: PipelineReader, ledger: LedgerQueries) -> None:
        self._pipeline = pipeline
        self._ledger = ledger

    def router(self) -> APIRouter:
        router = APIRouter(tags=["overview"])
        router.add_api_route("/pipeline", self.pipeline, response_model=Pipeline)
        router.add_api_route("/alerts", self.alerts, response_model=ListOf[Alert])
        return router

    def pipeline(self) -> Pipeline:
        """Every element's fate, and how each sink stands; survives restarts."""
        return self._pipeline.read()

    def alerts(self, query: Annotated[AlertQuery, Query()]) -> Page[AlertRow]:
        return self._ledger.alerts(query.wanted(), query.part)
