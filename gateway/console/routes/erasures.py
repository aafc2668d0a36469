"""/ratings/{rating_id}/erase: what was said about a person is forgotten."""

from http import HTTPStatus

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from gateway.acts import ActName, RatingEraseAct
from gateway.console.acts import Acts, pending
from gateway.console.callers import Administrator, Caller
from gateway.console.items import ACT_RESPONSES, ActDone
from gateway.console.requests import IdempotencyKey, VoidReason
from gateway.console.sight import Sight
from gateway.queries import LedgerQueries


class Erasures:
    def __init__(self, ledger: LedgerQueries, acts: Acts) -> None:
        self._ledger = ledger
        self._acts = acts
        self._sight = Sight(ledger)

    def router(self) -> APIRouter:
        router = APIRouter(prefix="/ratings", tags=["ratings"])
        router.add_api_route(
            "/{rating_id}/erase",
            self.erase,
            methods=["POST"],
            name="erase_rating",
            responses=ACT_RESPONSES,
        )
        return router

    async def erase(
        self,
        rating_id: str,
        body: VoidReason,
        caller: Administrator,
        idempotency_key: IdempotencyKey = None,
    ) -> JSONResponse:
        """Forget what a rating or a complaint says about a person, and its comments.

        200 when ledger and journal have forgotten it; 202 while `pending` records of
        the journal wait. Counts, figures and duplicates stay as they are.
        """
        subject = await run_in_threadpool(self._subject, rating_id, caller)
        act = RatingEraseAct(
            author=caller.name,
            idempotency_key=idempotency_key,
            rating_id=subject,
            reason=body.reason,
        )
        place, outcome = await self._acts.settle(ActName.RATING_ERASED, act)
        if outcome is None:
            return pending(place)
        await self._acts.until(lambda: not self._ledger.unredacted(subject))
        left = await run_in_threadpool(self._ledger.unredacted, subject)
        told = {**outcome, "pending": left}
        done = ActDone(place=str(place), processed=True, outcome=told)
        status = HTTPStatus.ACCEPTED if left else HTTPStatus.OK
        return JSONResponse(done.model_dump(), status)

    def _subject(self, rating_id: str, caller: Caller) -> str:
        """The id of the rating or complaint meant; raises ProblemError for neither."""
        complaint = self._ledger.duty("complaint", rating_id)
        if complaint is not None:
            self._sight.show(caller, complaint.site, f"complaint {rating_id}")
            return rating_id
        return self._sight.rating(caller, rating_id).rating.rating_id
