"""Writes of the API: journal records, answered when the fold has settled them."""

import asyncio
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Final

import msgspec
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from gateway.acts import Act, ActName
from gateway.clock import Clock
from gateway.console.items import ActDone
from gateway.console.problems import ProblemError
from gateway.places import Place
from gateway.ports import Record, RecordKind, Submitter
from gateway.queries import LedgerQueries
from gateway.queries.rows import ActRow

Pause = Callable[[float], Awaitable[None]]

ANSWER_MS_MAX: Final = 5000
_PAUSE_S: Final = 0.02
"""The fold takes tens of milliseconds: a first look sooner would be in vain."""


class Acts:
    """Submits acts to the journal and waits for the fold, `ANSWER_MS_MAX` at most."""

    def __init__(
        self,
        submitter: Submitter,
        ledger: LedgerQueries,
        clock: Clock,
        pause: Pause = asyncio.sleep,
    ) -> None:
        self._submitter = submitter
        self._ledger = ledger
        self._clock = clock
        self._pause = pause

    async def perform(self, name: ActName, act: Act) -> JSONResponse:
        """200 with the outcome, or 202 with the place of what is not yet processed.

        Raises ProblemError when the fold refused the act or its key was used for
        another, TransientError when the journal did not answer: nothing is known.
        """
        if known := await self._known(name, act):
            return _settled(known)
        place = await self.submit(RecordKind.ACT, name.value, act.payload())
        if await self.processed(place):
            row = await self._known(name, act)
            row = row or await run_in_threadpool(self._ledger.act, place.pack())
            if row:
                return _settled(row)
        return pending(place)

    async def submit(self, kind: RecordKind, topic: str, payload: bytes) -> Place:
        """The place of the record, which is durable."""
        record = Record(kind, topic, payload, self._clock.wall_ms())
        generation, block, index = await self._submitter.submit([record])
        return Place(generation, block, index, 0)

    async def processed(self, place: Place) -> bool:
        """Whether the fold has passed the place before the deadline."""
        deadline_ms = self._clock.monotonic_ms() + ANSWER_MS_MAX
        while self._clock.monotonic_ms() < deadline_ms:
            await self._pause(_PAUSE_S)
            fates = await run_in_threadpool(self._ledger.fates)
            if fates.processed_block >= place.block:
                return True
        return False

    async def _known(self, name: ActName, act: Act) -> ActRow | None:
        if act.idempotency_key is None:
            return None
        find = self._ledger.act_of_key
        row = await run_in_threadpool(find, act.author, act.idempotency_key)
        if row and row.name != name:
            detail = f"This Idempotency-Key was used for {row.name}: take a new one."
            raise ProblemError(HTTPStatus.CONFLICT, "idempotency_key_reused", detail)
        return row


def pending(place: Place) -> JSONResponse:
    """202: durable, and not yet processed."""
    done = ActDone(place=str(place), processed=False, outcome={})
    return JSONResponse(done.model_dump(), HTTPStatus.ACCEPTED)


def _settled(row: ActRow) -> JSONResponse:
    outcome = msgspec.json.decode(row.outcome, type=dict[str, object])
    if error := outcome.get("error"):
        raise ProblemError(HTTPStatus.CONFLICT, str(error), str(outcome.get("detail")))
    place = str(Place.unpack(row.place))
    done = ActDone(place=place, processed=True, outcome=outcome)
    return JSONResponse(done.model_dump())
