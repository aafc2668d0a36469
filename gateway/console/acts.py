"""Writes of the API: journal records, answered when the fold has settled them."""

import asyncio
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any, Final, NamedTuple

import msgspec
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from gateway.acts import KEY_LIFE_MS, KEY_REUSED, REQUEST, Act, ActName, digest_of
from gateway.clock import Clock
from gateway.command_acts import REVISION_CHANGED
from gateway.console.items import ActDone
from gateway.console.problems import ProblemError
from gateway.places import Place
from gateway.ports import Record, RecordKind, Submitter
from gateway.queries import LedgerQueries
from gateway.queries.rows import ActRow

Part = tuple[RecordKind, str, bytes]
"""Kind, topic and payload of a record."""

Pause = Callable[[float], Awaitable[None]]

ANSWER_MS_MAX: Final = 5000
_PAUSE_S: Final = 0.02
"""The fold takes tens of milliseconds: a first look sooner would be in vain."""

_STATUS: Final = {
    "invalid": HTTPStatus.UNPROCESSABLE_ENTITY,
    "not_found": HTTPStatus.NOT_FOUND,
    REVISION_CHANGED: HTTPStatus.PRECONDITION_FAILED,
    KEY_REUSED: HTTPStatus.UNPROCESSABLE_ENTITY,
}


class Settled(NamedTuple):
    """Where the act stands, and what it changed; None: not yet processed."""

    place: Place
    outcome: dict[str, Any] | None


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

        Raises as `settle`.
        """
        place, outcome = await self.settle(name, act)
        if outcome is None:
            return pending(place)
        done = ActDone(place=str(place), processed=True, outcome=outcome)
        return JSONResponse(done.model_dump())

    async def settle(self, name: ActName, act: Act) -> Settled:
        """Let the fold carry an act out; under a key known already it is not again.

        Raises ProblemError when the fold refused the act or its key was used for
        another, TransientError when the journal did not answer: nothing is known.
        """
        row = await self.known(name, act)
        if row is None:
            place = await self.record(name, act)
            if not await self.processed(place):
                return Settled(place, None)
            row = await self.known(name, act)
            row = row or await run_in_threadpool(self._ledger.act, place.pack())
            if row is None:
                return Settled(place, None)
        return Settled(Place.unpack(row.place), _outcome(row))

    async def record(self, name: ActName, act: Act) -> Place:
        """The place of the act's record, which is durable."""
        return await self.submit(_part(name, act))

    async def submit_once(self, name: ActName, act: Act | None, *parts: Part) -> Place:
        """The place of the first part, behind the act's record if there is an act.

        Under a key known already nothing is submitted: it is as it was then. Raises
        as `known`.
        """
        if act is None:
            return await self.submit(*parts)
        known = await self.known(name, act)
        if known is not None:
            head = Place.unpack(known.place)
        else:
            head = await self.submit(_part(name, act), *parts)
        return head._replace(message=head.message + 1)

    async def submit(self, *parts: Part) -> Place:
        """The place of the first record; all stand in one block, which is durable."""
        now_ms = self._clock.wall_ms()
        records = [
            Record(kind, topic, payload, now_ms) for kind, topic, payload in parts
        ]
        generation, block, index = await self._submitter.submit(records)
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

    async def until(self, done: Callable[[], bool]) -> bool:
        """Whether something was seen to be done before the deadline."""
        deadline_ms = self._clock.monotonic_ms() + ANSWER_MS_MAX
        while not (seen := await run_in_threadpool(done)):
            if self._clock.monotonic_ms() >= deadline_ms:
                break
            await self._pause(_PAUSE_S)
        return seen

    async def known(self, name: ActName, act: Act) -> ActRow | None:
        """The act that came under this key before.

        Raises ProblemError when that one asked for something else.
        """
        if act.idempotency_key is None:
            return None
        find = self._ledger.act_of_key
        row = await run_in_threadpool(find, act.author, act.idempotency_key)
        if row is None or row.at_ms + KEY_LIFE_MS <= self._clock.wall_ms():
            return None
        request = msgspec.json.decode(row.outcome, type=dict[str, object]).get(REQUEST)
        if row.name != name or request not in {None, digest_of(name, act.payload())}:
            detail = f"Another request ({row.name}) came under this Idempotency-Key."
            raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, KEY_REUSED, detail)
        return row


def _part(name: ActName, act: Act) -> Part:
    return RecordKind.ACT, name.value, act.payload()


def pending(place: Place) -> JSONResponse:
    """202: durable, and not yet processed."""
    done = ActDone(place=str(place), processed=False, outcome={})
    return JSONResponse(done.model_dump(), HTTPStatus.ACCEPTED)


def _outcome(row: ActRow) -> dict[str, Any]:
    outcome = msgspec.json.decode(row.outcome, type=dict[str, Any])
    outcome.pop(REQUEST, None)
    if error := outcome.get("error"):
        status = _STATUS.get(str(error), HTTPStatus.CONFLICT)
        raise ProblemError(status, str(error), str(outcome.get("detail")))
    return outcome
