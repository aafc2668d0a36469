"""/sessions: what was served, and the rating in force of each."""

import hashlib
from collections.abc import Sequence
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from gateway.acts import ActName, SessionsSubmittedAct
from gateway.console.acts import Acts, pending
from gateway.console.bodies import given, one_or_several
from gateway.console.callers import Caller, Operator, Reader
from gateway.console.items import (
    ACT_RESPONSES,
    ListOf,
    Rating,
    Session,
    SessionsTaken,
    SessionTaken,
    SessionWhole,
)
from gateway.console.messages import Messages
from gateway.console.problems import ProblemError
from gateway.console.requests import IdempotencyKey, SessionBody, SessionQuery
from gateway.console.sight import Sight
from gateway.places import Place
from gateway.ports import RecordKind
from gateway.queries import LedgerQueries
from gateway.queries.asking import Slice
from gateway.queries.rows import SessionDetail

EVENTS_MAX: Final = 500
_NEWEST: Final = Slice(EVENTS_MAX)
_UNPROCESSABLE: Final = HTTPStatus.UNPROCESSABLE_ENTITY
_Events: Any = one_or_several(SessionBody, EVENTS_MAX, least=0)


class Sessions:
    def __init__(self, ledger: LedgerQueries, acts: Acts) -> None:
        self._ledger = ledger
        self._acts = acts
        self._messages = Messages(ledger)
        self._sight = Sight(ledger)

    def router(self) -> APIRouter:
        router = APIRouter(prefix="/sessions", tags=["sessions"])
        router.add_api_route("", self.list, response_model=ListOf[SessionWhole])
        router.add_api_route("/{session_key}", self.show, response_model=SessionWhole)
        router.add_api_route(
            "",
            self.record,
            methods=["POST"],
            status_code=HTTPStatus.CREATED,
            responses={
                201: {"model": SessionsTaken, "description": "Some are new"},
                200: {"model": SessionsTaken, "description": "None is new"},
                202: ACT_RESPONSES[202],
            },
        )
        return router

    def list(
        self, query: Annotated[SessionQuery, Query()], caller: Reader
    ) -> ListOf[SessionWhole]:
        found = self._ledger.sessions(query.wanted(caller.site), query.part)
        items = [_whole(one) for one in found.items]
        return ListOf(items=items, next_cursor=found.next_cursor)

    def show(self, session_key: str, caller: Reader) -> SessionWhole:
        """By session_key, or by a session_id when it is unique."""
        return _whole(self._sight.session(caller, session_key))

    async def record(
        self,
        body: _Events,
        caller: Operator,
        idempotency_key: IdempotencyKey = None,
    ) -> JSONResponse:
        """Take what a queue system says of services: one event, or an array."""
        events = given(body)
        payloads = [
            await run_in_threadpool(
                self._messages.payload, caller, event, event.device_id
            )
            for event in events
        ]
        if not payloads:
            return JSONResponse(SessionsTaken(items=[]).model_dump())
        ids = [event.event_id for event in events]
        first = await self._submitted(caller, ids, payloads, idempotency_key)
        if not await self._acts.processed(first):
            return pending(first)
        taken = [
            await run_in_threadpool(
                self._outcome,
                (caller.device_id, one),
                payload,
                first._replace(message=first.message + index).pack(),
            )
            for index, (one, payload) in enumerate(zip(ids, payloads, strict=True))
        ]
        if isinstance(body, SessionBody) and taken[0].reason is not None:
            conflict = taken[0].fate == "conflict"
            status = HTTPStatus.CONFLICT if conflict else _UNPROCESSABLE
            raise ProblemError(status, taken[0].reason, taken[0].detail or "")
        fresh = any(one.fate == "accepted" for one in taken)
        status = HTTPStatus.CREATED if fresh else HTTPStatus.OK
        return JSONResponse(SessionsTaken(items=taken).model_dump(), status)

    async def _submitted(
        self,
        caller: Caller,
        ids: Sequence[str],
        payloads: Sequence[bytes],
        key: str | None,
    ) -> Place:
        """The place of the first event; under a key known already, as it was then."""
        topic = f"{caller.device_id}/session"
        records = [(RecordKind.HTTP, topic, payload) for payload in payloads]
        act = None
        if key is not None:
            act = SessionsSubmittedAct(
                author=caller.name,
                idempotency_key=key,
                event_ids=[*ids],
                content=hashlib.sha256(b"\n".join(payloads)).hexdigest(),
            )
        return await self._acts.submit_once(ActName.SESSIONS_SUBMITTED, act, *records)

    def _outcome(
        self, identity: tuple[str, str], payload: bytes, place: int
    ) -> SessionTaken:
        """What became of the event at a place; its identity may be older."""
        device_id, event_id = identity
        refused = self._messages.refused(device_id, payload, _NEWEST)
        if refused is not None:
            conflict = refused.reason == "id_conflict"
            return SessionTaken(
                event_id=event_id,
                fate="conflict" if conflict else "quarantined",
                reason=refused.reason,
                detail=refused.detail,
            )
        known = self._ledger.taken_event(device_id, event_id)
        if known is None:
            return SessionTaken(event_id=event_id, fate="ignored")
        return SessionTaken(
            event_id=event_id,
            fate="accepted" if known.place == place else "duplicate",
            session_key=known.session_key,
            state=known.state,
        )


def _whole(detail: SessionDetail) -> SessionWhole:
    session = Session.model_validate(detail.session)
    history = [Rating.model_validate(row) for row in detail.history]
    return SessionWhole(**dict(session), history=history)
