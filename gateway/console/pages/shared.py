"""One answer for all pages that ask the same, with the same rights, at the same time.

Pages that look every second would each ask for what all of them show: five screens on
a wall cost the stores what one costs.
"""

import asyncio
from http import HTTPStatus
from typing import Any, Final, NamedTuple

from gateway.clock import Clock
from gateway.console.callers import Caller
from gateway.console.pages.api import Api, Refusal

ANSWERS_MAX: Final = 256
"""Of more, those given first are asked again."""

_INTERRUPTED: Final = "Whoever asked has left: it is asked again in a moment."

_Rights = tuple[frozenset[str], str | None, str | None]
_Key = tuple[_Rights, str, tuple[tuple[str, object], ...]]


class _Answer(NamedTuple):
    until_ms: int
    future: asyncio.Future[Any]


class Shared:
    """By rights and question. An answer is as old as its asker allows, at most."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._answers: dict[_Key, _Answer] = {}

    async def get(
        self, api: Api, caller: Caller, age_ms_max: int, path: str, **params: object
    ) -> Any:  # noqa: ANN401 -- JSON
        """As `Api.get`, or what another page of these rights was just answered.

        That another's log-in is over says nothing of this one: who is told so asks.
        """
        rights = (caller.scopes, caller.site, caller.employee)
        key = (rights, path, tuple(sorted(params.items())))
        now_ms = self._clock.monotonic_ms()
        known = self._answers.get(key)
        if known is not None and now_ms < known.until_ms:
            try:
                return await asyncio.shield(known.future)
            except Refusal as refusal:
                if refusal.status != HTTPStatus.UNAUTHORIZED:
                    raise
        return await self._ask(key, now_ms + age_ms_max, api)

    async def _ask(self, key: _Key, until_ms: int, api: Api) -> Any:  # noqa: ANN401 -- JSON
        future = asyncio.get_running_loop().create_future()
        self._answers.pop(key, None)
        if len(self._answers) >= ANSWERS_MAX:
            del self._answers[next(iter(self._answers))]
        self._answers[key] = _Answer(until_ms, future)
        _, path, params = key
        try:
            future.set_result(await api.get(path, **dict(params)))
        except BaseException as error:
            told = (
                error
                if isinstance(error, Refusal)
                else Refusal(503, "interrupted", _INTERRUPTED)
            )
            future.set_exception(told)
            future.exception()  # whether somebody else waits for it or not
            raise
        return future.result()
