"""/pipeline: how the gateway does."""

from fastapi import APIRouter

from gateway.console.callers import Reader
from gateway.console.items import Pipeline
from gateway.console.pipeline import PipelineReader


class Overview:
    def __init__(self, pipeline: PipelineReader) -> None:
        self._pipeline = pipeline

    def router(self) -> APIRouter:
        router = APIRouter(tags=["overview"])
        router.add_api_route("/pipeline", self.pipeline, response_model=Pipeline)
        return router

    def pipeline(self, _caller: Reader) -> Pipeline:
        """Every element's fate, and how each sink stands; survives restarts."""
        return self._pipeline.read()
