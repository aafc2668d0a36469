"""…/explanation: why a session, and a rating in it, stands as it does."""

from fastapi import APIRouter

from gateway.console.callers import Reader
from gateway.console.explained_items import Explanation
from gateway.console.explaining import Explainer
from gateway.console.problems import not_found
from gateway.console.sight import Sight
from gateway.queries import LedgerQueries
from gateway.queries.explaining import Explanations as Grounds


class Explanations:
    def __init__(
        self, ledger: LedgerQueries, grounds: Grounds, explainer: Explainer
    ) -> None:
        self._sight = Sight(ledger)
        self._ledger = ledger
        self._grounds = grounds
        self._explainer = explainer

    def router(self) -> APIRouter:
        router = APIRouter()
        for path, endpoint, tag in (
            ("/ratings/{rating_id}/explanation", self.rating, "ratings"),
            ("/sessions/{session_key}/explanation", self.session, "sessions"),
        ):
            router.add_api_route(
                path,
                endpoint,
                response_model=Explanation,
                tags=[tag],
                name=f"explain_{endpoint.__name__}",
            )
        return router

    def rating(self, rating_id: str, caller: Reader) -> Explanation:
        """Why the rating has the effect that it has, or none."""
        row = self._sight.rating(caller, rating_id).rating
        if row.session_key is not None:
            return self._session(row.session_key, row.rating_id)
        seen = self._grounds.alone(row.device_id, row.event_id)
        if seen is None:
            raise not_found(f"rating {rating_id}")
        return self._explainer.of_rating(seen)

    def session(self, session_key: str, caller: Reader) -> Explanation:
        """By session_key, or by a session_id when it is unique."""
        row = self._sight.session(caller, session_key).session
        return self._session(row.session_key, None)

    def _session(self, session_key: str, rating_id: str | None) -> Explanation:
        seen = self._grounds.session(session_key)
        detail = self._ledger.session(session_key)
        if seen is None or detail is None:
            raise not_found(f"session {session_key}")
        return self._explainer.of_session(seen, detail.session, rating_id)
