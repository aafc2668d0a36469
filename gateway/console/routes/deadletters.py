"""/deadletters: what could not be delivered, and another try after a fix."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse

from gateway.acts import ActName, DeadLettersAct
from gateway.console.acts import Acts
from gateway.console.callers import Caller, Operator, Reader, whole_gateway
from gateway.console.items import ACT_RESPONSES, DeadLetter, DeadLetterWhole, ListOf
from gateway.console.problems import not_found
from gateway.console.requests import (
    DeadLetterChoice,
    DeadLetterQuery,
    IdempotencyKey,
    ItemId,
)
from gateway.queries import DeliveryQueries
from gateway.queries.asking import Page
from gateway.queries.rows import DeadLetterRow


class DeadLetters:
    def __init__(self, deliveries: DeliveryQueries, acts: Acts) -> None:
        self._deliveries = deliveries
        self._acts = acts

    def router(self) -> APIRouter:
        router = APIRouter(prefix="/deadletters", tags=["deadletters"])
        router.add_api_route("", self.list, response_model=ListOf[DeadLetter])
        router.add_api_route("/{letter_id}", self.show, response_model=DeadLetterWhole)
        router.add_api_route(
            "/replay", self.replay, methods=["POST"], responses=ACT_RESPONSES
        )
        router.add_api_route(
            "/purge", self.purge, methods=["POST"], responses=ACT_RESPONSES
        )
        return router

    def list(
        self, query: Annotated[DeadLetterQuery, Query()], caller: Reader
    ) -> Page[DeadLetterRow]:
        """Letters of the whole gateway, for who is bound to no site."""
        whole_gateway(caller)
        return self._deliveries.dead_letters(query.wanted(), query.part)

    def show(self, letter_id: ItemId, caller: Reader) -> DeadLetterWhole:
        whole_gateway(caller)
        found = self._deliveries.dead_letter(letter_id)
        if found is None:
            raise not_found(f"dead letter {letter_id}")
        letter = DeadLetter.model_validate(found.letter)
        return DeadLetterWhole(**dict(letter), content=found.content)

    async def replay(
        self,
        choice: DeadLetterChoice,
        caller: Operator,
        idempotency_key: IdempotencyKey = None,
    ) -> JSONResponse:
        """Deliver the letters again, with the same event ids."""
        act = _act(caller, choice, idempotency_key)
        return await self._acts.perform(ActName.DEADLETTERS_REPLAYED, act)

    async def purge(
        self,
        choice: DeadLetterChoice,
        caller: Operator,
        idempotency_key: IdempotencyKey = None,
    ) -> JSONResponse:
        """Give the letters up for good; they stay counted."""
        act = _act(caller, choice, idempotency_key)
        return await self._acts.perform(ActName.DEADLETTERS_PURGED, act)


def _act(caller: Caller, choice: DeadLetterChoice, key: str | None) -> DeadLettersAct:
    whole_gateway(caller)
    return DeadLettersAct(
        author=caller.name, idempotency_key=key, ids=choice.ids, sink=choice.sink
    )
