"""/ratings: effective and superseded versions, flags, binding, and each one's way."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query

from gateway.console.items import ListOf, Rating, RatingWhole
from gateway.console.problems import ProblemError, not_found
from gateway.console.requests import RatingQuery
from gateway.console.tracing import Tracer
from gateway.queries import LedgerQueries
from gateway.queries.asking import Page
from gateway.queries.rows import RatingRow


class Ratings:
    def __init__(self, ledger: LedgerQueries, tracer: Tracer) -> None:
        self._ledger = ledger
        self._tracer = tracer

    def router(self) -> APIRouter:
        router = APIRouter(prefix="/ratings", tags=["ratings"])
        router.add_api_route("", self.list, response_model=ListOf[Rating])
        router.add_api_route("/{rating_id}", self.show, response_model=RatingWhole)
        return router

    def list(self, query: Annotated[RatingQuery, Query()]) -> Page[RatingRow]:
        return self._ledger.ratings(query.wanted(), query.part)

    def show(self, rating_id: str) -> RatingWhole:
        """By `device_id:event_id`, or by an event_id alone when it is unique."""
        device_id, event_id = self._identity(rating_id)
        detail = self._ledger.rating(device_id, event_id)
        if detail is None:
            raise not_found(f"rating {rating_id}")
        return self._tracer.trace(detail)

    def _identity(self, rating_id: str) -> tuple[str, str]:
        """Split at the first colon; an event_id may hold colons of its own."""
        device_id, colon, event_id = rating_id.partition(":")
        if colon and self._ledger.device(device_id):
            return device_id, event_id
        devices = self._ledger.rating_devices(rating_id)
        if len(devices) > 1:
            detail = f"Several devices gave out {rating_id}: ask for device_id:event_id"
            raise ProblemError(HTTPStatus.CONFLICT, "ambiguous", detail)
        if not devices:
            raise not_found(f"rating {rating_id}")
        return devices[0], rating_id
