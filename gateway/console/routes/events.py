"""/events: what happens, while it happens, as server-sent events."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from typing import Annotated, Final

from fastapi import APIRouter, Header, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from gateway.console.callers import Access, Reader
from gateway.console.live import Listener, Live
from gateway.queries import LedgerQueries

_KIND: Final = "text/event-stream"
_SEND_S_MAX: Final = 10.0
_GREETING: Final = b"retry: 3000\n: evalgate\n\n"
_PLACE: Final = re.compile(r"(\d{1,11})\.(\d{1,9})")

LastEventId = Annotated[
    str | None,
    Header(
        alias="Last-Event-ID",
        max_length=64,
        description="The id that was heard last: what came since then is told, too.",
    ),
]


class LiveEvents:
    def __init__(self, live: Live, ledger: LedgerQueries) -> None:
        self._live = live
        self._ledger = ledger

    def router(self) -> APIRouter:
        router = APIRouter(tags=["overview"])
        told = {200: {"content": {_KIND: {"schema": {"type": "string"}}}}}
        router.add_api_route(
            "/events",
            self.listen,
            response_class=StreamingResponse,
            responses={200: {**told[200], "description": "Until the client leaves"}},
        )
        return router

    async def listen(
        self, request: Request, caller: Reader, last_event_id: LastEventId = None
    ) -> StreamingResponse:
        """`rating`, `alert` and `presence` as they come, `pipeline` once a second.

        `gap` says that events were left out: too many at once, or too long ago. Who
        does not keep up gets a last event `end`; a token that was revoked, or a
        log-in that is over, ends it.
        """
        sites = None
        if caller.site is not None:
            sites = await run_in_threadpool(self._ledger.sites_below, caller.site)
        listener = await self._live.join(sites, _place(last_event_id))
        access: Access = request.app.state.access
        return _EventStream(
            self._live, listener, lambda: access.stands(request, caller)
        )


class _EventStream(StreamingResponse):
    """Leaves when the client does, or does not read for `_SEND_S_MAX`."""

    def __init__(self, live: Live, listener: Listener, may: Callable[[], bool]) -> None:
        super().__init__(_frames(listener, may), media_type=_KIND)
        self._live = live
        self._listener = listener

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_soon(message: Message) -> None:
            async with asyncio.timeout(_SEND_S_MAX):
                await send(message)

        try:
            await super().__call__(scope, receive, send_soon)
        except TimeoutError:
            return  # the server closes what is not finished
        finally:
            self._live.leave(self._listener)


async def _frames(listener: Listener, may: Callable[[], bool]) -> AsyncIterator[bytes]:
    """As long as the caller may; there is something each second."""
    yield _GREETING
    while (frames := await listener.next()) is not None and may():
        yield frames


def _place(text: str | None) -> tuple[int, int] | None:
    """The (block, index) of an event id; None for what is none of ours."""
    found = _PLACE.fullmatch(text or "")
    return (int(found[1]), int(found[2])) if found else None
