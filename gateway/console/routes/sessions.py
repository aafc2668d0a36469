"""/sessions: what was served, and the rating in force of each."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query

from gateway.console.callers import Reader
from gateway.console.items import ListOf, Rating, Session, SessionWhole
from gateway.console.problems import ProblemError, not_found
from gateway.console.requests import SessionQuery
from gateway.console.sight import Sight
from gateway.queries import LedgerQueries
from gateway.queries.asking import Page
from gateway.queries.rows import SessionRow


class Sessions:
    def __init__(self, ledger: LedgerQueries) -> None:
        self._ledger = ledger
        self._sight = Sight(ledger)

    def router(self) -> APIRouter:
        router = APIRouter(prefix="/sessions", tags=["sessions"])
        router.add_api_route("", self.list, response_model=ListOf[Session])
        router.add_api_route("/{session_key}", self.show, response_model=SessionWhole)
        return router

    def list(
        self, query: Annotated[SessionQuery, Query()], caller: Reader
    ) -> Page[SessionRow]:
        return self._ledger.sessions(query.wanted(caller.site), query.part)

    def show(self, session_key: str, caller: Reader) -> SessionWhole:
        """By session_key, or by a session_id when it is unique."""
        detail = self._ledger.session(session_key)
        if detail is None:
            detail = self._ledger.session(self._key(session_key, caller.site))
        if detail is None:
            raise not_found(f"session {session_key}")
        self._sight.show(caller, detail.session.site, f"session {session_key}")
        session = Session.model_validate(detail.session)
        history = [Rating.model_validate(row) for row in detail.history]
        return SessionWhole(**dict(session), history=history)

    def _key(self, session_id: str, subtree: str | None) -> str:
        keys = self._ledger.session_keys(session_id, subtree)
        if len(keys) > 1:
            detail = f"Several sessions had the number {session_id}: ask by session_key"
            raise ProblemError(HTTPStatus.CONFLICT, "ambiguous", detail)
        if not keys:
            raise not_found(f"session {session_id}")
        return keys[0]
