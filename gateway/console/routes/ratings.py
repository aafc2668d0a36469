"""/ratings: effective and superseded versions, flags, binding, and each one's way."""

import hashlib
from http import HTTPStatus
from typing import Annotated, Any, Final

import msgspec
from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse, Response
from starlette.concurrency import run_in_threadpool

from gateway.acts import (
    ActName,
    ContactReadAct,
    DecisionAct,
    DisputeAct,
    RatingSubmittedAct,
    RatingVoidAct,
)
from gateway.console.acts import Acts, pending
from gateway.console.callers import (
    Auditor,
    Caller,
    ContactReader,
    Operator,
    OperatorOrClerk,
    ReaderOrClerk,
    credited,
)
from gateway.console.items import (
    ACT_RESPONSES,
    ListOf,
    PersonalData,
    Rating,
    RatingWhole,
)
from gateway.console.messages import Messages
from gateway.console.problems import ProblemError
from gateway.console.requests import (
    DecisionBody,
    DisputeBody,
    IdempotencyKey,
    RatingBody,
    RatingQuery,
    TraceQuery,
    VoidReason,
)
from gateway.console.sight import Sight
from gateway.console.tracing import Tracer
from gateway.places import Place
from gateway.ports import RecordKind
from gateway.queries import LedgerQueries
from gateway.queries.asking import Page, Slice
from gateway.queries.comments import CommentFilter, CommentRow
from gateway.queries.rows import RatingDetail, RatingRow
from gateway.sealing import Keyring, SealBrokenError

_UNPROCESSABLE: Final = HTTPStatus.UNPROCESSABLE_ENTITY
_NEWEST: Final = Slice(20)
"""Where a refused element is looked for: others may have been refused since."""
_ATTACHED_MAX: Final = 100  # comments of one rating that are told; the newest ones


class Ratings:
    def __init__(
        self, ledger: LedgerQueries, tracer: Tracer, acts: Acts, keyring: Keyring
    ) -> None:
        self._ledger = ledger
        self._tracer = tracer
        self._acts = acts
        self._keyring = keyring
        self._messages = Messages(ledger)
        self._sight = Sight(ledger)

    def router(self) -> APIRouter:
        router = APIRouter(prefix="/ratings", tags=["ratings"])
        router.add_api_route("", self.list, response_model=ListOf[Rating])
        router.add_api_route("/{rating_id}", self.show, response_model=RatingWhole)
        router.add_api_route(
            "/{rating_id}/contact", self.contact, response_model=PersonalData
        )
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
        for path, endpoint in (("dispute", self.dispute), ("decide", self.decide)):
            router.add_api_route(
                f"/{{rating_id}}/{path}",
                endpoint,
                methods=["POST"],
                name=f"{path}_rating",
                responses=ACT_RESPONSES,
            )
        return router

    def list(
        self, query: Annotated[RatingQuery, Query()], caller: ReaderOrClerk
    ) -> Page[RatingRow]:
        whose = credited(caller, query.employee)
        wanted = msgspec.structs.replace(query.wanted(caller.site), employee=whose)
        return self._ledger.ratings(wanted, query.part)

    def show(
        self,
        rating_id: str,
        query: Annotated[TraceQuery, Query()],
        caller: ReaderOrClerk,
    ) -> RatingWhole:
        """By `device_id:event_id`, or by an event_id alone when it is unique."""
        return self._tracer.trace(self._found(rating_id, caller), query)

    async def contact(self, rating_id: str, caller: ContactReader) -> PersonalData:
        """What the rating says about a person; that it was read is recorded first."""
        detail = await run_in_threadpool(self._found, rating_id, caller)
        act = ContactReadAct(author=caller.name, rating_id=detail.rating.rating_id)
        await self._acts.record(ActName.CONTACT_READ, act)
        return await run_in_threadpool(self._personal, detail.rating)

    async def record(
        self,
        body: RatingBody,
        caller: Operator,
        idempotency_key: IdempotencyKey = None,
    ) -> Response:
        """Take a rating from another medium, by the rules that terminals obey."""
        payload = await run_in_threadpool(self._messages.payload, caller, body)
        device_id, event_id = caller.device_id, body.event_id
        place = await self._submitted(caller, event_id, payload, idempotency_key)
        if not await self._acts.processed(place):
            return pending(place)
        row = await run_in_threadpool(self._outcome, device_id, event_id, payload)
        if row is None:
            return pending(place)
        status = HTTPStatus.CREATED if row.place == place.pack() else HTTPStatus.OK
        rating = Rating.model_validate(row)
        return JSONResponse(rating.model_dump(), status)

    async def void(
        self,
        rating_id: str,
        body: VoidReason,
        caller: Auditor,
        idempotency_key: IdempotencyKey = None,
    ) -> JSONResponse:
        """Take a rating, with all its versions, out of every figure."""
        detail = await run_in_threadpool(self._found, rating_id, caller)
        act = RatingVoidAct(
            author=caller.name,
            idempotency_key=idempotency_key,
            rating_id=detail.rating.rating_id,
            reason=body.reason,
        )
        return await self._acts.perform(ActName.RATING_VOIDED, act)

    async def dispute(
        self,
        rating_id: str,
        body: DisputeBody,
        caller: OperatorOrClerk,
        idempotency_key: IdempotencyKey = None,
    ) -> JSONResponse:
        """Object to a rating, as the employee concerned; somebody else decides."""
        by = credited(caller, body.employee_id)
        detail = await run_in_threadpool(self._found, rating_id, caller)
        act = DisputeAct(
            author=caller.name,
            idempotency_key=idempotency_key,
            rating_id=detail.rating.rating_id,
            reason=body.reason,
            employee_id=by,
        )
        return await self._acts.perform(ActName.RATING_DISPUTED, act)

    async def decide(
        self,
        rating_id: str,
        body: DecisionBody,
        caller: Auditor,
        idempotency_key: IdempotencyKey = None,
    ) -> JSONResponse:
        """Decide a dispute: keep the rating, or declare it void."""
        detail = await run_in_threadpool(self._found, rating_id, caller)
        act = DecisionAct(
            author=caller.name,
            idempotency_key=idempotency_key,
            rating_id=detail.rating.rating_id,
            outcome=body.outcome,
            reason=body.reason,
        )
        return await self._acts.perform(ActName.DISPUTE_DECIDED, act)

    async def _submitted(
        self, caller: Caller, event_id: str, payload: bytes, key: str | None
    ) -> Place:
        """The place of the record; under a key known already, where it stood then."""
        record = (RecordKind.HTTP, f"{caller.device_id}/rating", payload)
        act = None
        if key is not None:
            act = RatingSubmittedAct(
                author=caller.name,
                idempotency_key=key,
                rating_id=f"{caller.device_id}:{event_id}",
                content=hashlib.sha256(payload).hexdigest(),
            )
        return await self._acts.submit_once(ActName.RATING_SUBMITTED, act, record)

    def _outcome(
        self, device_id: str, event_id: str, payload: bytes
    ) -> RatingRow | None:
        """The rating that holds this identity; None while it is deferred.

        Raises ProblemError when the element lies in quarantine.
        """
        item = self._messages.refused(device_id, payload, _NEWEST)
        if item is not None:
            conflict = item.reason == "id_conflict"
            status = HTTPStatus.CONFLICT if conflict else _UNPROCESSABLE
            raise ProblemError(status, item.reason, item.detail)
        detail = self._ledger.rating(device_id, event_id)
        return None if detail is None else detail.rating

    def _found(self, rating_id: str, caller: Caller) -> RatingDetail:
        return self._sight.rating(caller, rating_id)

    def _personal(self, rating: RatingRow) -> PersonalData:
        """With what comments that came alone add to it, in the order of the journal."""
        wanted = CommentFilter(rating_id=rating.rating_id)
        rows = self._ledger.comments(wanted, Slice(_ATTACHED_MAX)).items[::-1]
        said = [self._opened(row) for row in rows if row.sealed is not None]
        texts = [one["comment"] for one in said if one.get("comment") is not None]
        contacts = [one["contact"] for one in said if one.get("contact") is not None]
        return PersonalData.model_validate(
            {
                "rating_id": rating.rating_id,
                "contact": contacts[-1] if contacts else None,
                "comment": "\n".join(texts) if texts else None,
                "erased": any(row.sealed is None for row in rows),
            }
        )

    def _opened(self, row: CommentRow) -> dict[str, Any]:
        assert row.sealed is not None
        try:
            plain = self._keyring.open(row.key_id, row.sealed, row.own_id.encode())
        except SealBrokenError as error:
            code = HTTPStatus.SERVICE_UNAVAILABLE
            raise ProblemError(code, "seal_broken", str(error)) from error
        return msgspec.json.decode(plain, type=dict[str, Any])
