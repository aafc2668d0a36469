"""/ratings: effective and superseded versions, flags, binding, and each one's way."""

import json
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse, Response
from starlette.concurrency import run_in_threadpool

from gateway.acts import ActName, RatingVoidAct
from gateway.console.acts import Acts, pending
from gateway.console.callers import HTTP_DEVICE, LOCAL
from gateway.console.items import ACT_RESPONSES, ListOf, Rating, RatingWhole
from gateway.console.problems import ProblemError, not_found
from gateway.console.requests import IdempotencyKey, RatingBody, RatingQuery, VoidReason
from gateway.console.tracing import Tracer
from gateway.ports import RecordKind
from gateway.queries import LedgerQueries
from gateway.queries.asking import Page, QuarantineFilter, Slice
from gateway.queries.rows import RatingRow

_UNPROCESSABLE: Final = HTTPStatus.UNPROCESSABLE_ENTITY
_NEWEST: Final = Slice(20)
"""Where a refused element is looked for: others may have been refused since."""


class Ratings:
    def __init__(self, ledger: LedgerQueries, tracer: Tracer, acts: Acts) -> None:
        self._ledger = ledger
        self._tracer = tracer
        self._acts = acts

    def router(self) -> APIRouter:
        router = APIRouter(prefix="/ratings", tags=["ratings"])
        router.add_api_route("", self.list, response_model=ListOf[Rating])
        router.add_api_route("/{rating_id}", self.show, response_model=RatingWhole)
        router.add_api_route(
            "",
            self.record,
            methods=["POST"],
            status_code=HTTPStatus.CREATED,
            responses={
                201: {"model": Rating, "description": "Accepted"},
                200: {"model": Rating, "description": "Known before: a duplicate"},
                202: ACT_RESPONSES[202],
            },
        )
        router.add_api_route(
            "/{rating_id}/void", self.void, methods=["POST"], responses=ACT_RESPONSES
        )
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

    async def record(self, body: RatingBody) -> Response:
        """Take a rating from another medium, by the rules that terminals obey."""
        # Escaped: what no encoding can hold is for the fold to refuse, not for us.
        payload = json.dumps(body.model_dump()).encode("ascii")
        topic = f"{HTTP_DEVICE}/rating"
        place = await self._acts.submit(RecordKind.HTTP, topic, payload)
        if not await self._acts.processed(place):
            return pending(place)
        row = await run_in_threadpool(self._outcome, body.event_id, payload)
        if row is None:
            return pending(place)
        status = HTTPStatus.CREATED if row.place == place.pack() else HTTPStatus.OK
        rating = Rating.model_validate(row)
        return JSONResponse(rating.model_dump(), status)

    async def void(
        self, rating_id: str, body: VoidReason, idempotency_key: IdempotencyKey = None
    ) -> JSONResponse:
        """Take a rating, with all its versions, out of every figure."""
        device_id, event_id = await run_in_threadpool(self._identity, rating_id)
        act = RatingVoidAct(
            author=LOCAL,
            idempotency_key=idempotency_key,
            rating_id=f"{device_id}:{event_id}",
            reason=body.reason,
        )
        return await self._acts.perform(ActName.RATING_VOIDED, act)

    def _outcome(self, event_id: str, payload: bytes) -> RatingRow | None:
        """The rating that holds this identity; None while it is deferred.

        Raises ProblemError when the element lies in quarantine.
        """
        wanted = QuarantineFilter(state="held", device=HTTP_DEVICE)
        for item in self._ledger.quarantine(wanted, _NEWEST).items:
            if item.payload == payload:
                conflict = item.reason == "id_conflict"
                status = HTTPStatus.CONFLICT if conflict else _UNPROCESSABLE
                raise ProblemError(status, item.reason, item.detail)
        detail = self._ledger.rating(HTTP_DEVICE, event_id)
        return None if detail is None else detail.rating

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
