"""The console's whole port: the API, the log-in, and the pages behind it.

The pages and the library that draws them (60 MB) are loaded when the first one is
asked for: a gateway that nobody looks at does not carry them.
"""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from http import HTTPStatus
from importlib import import_module
from typing import Final, NamedTuple

import structlog
from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.clock import Clock
from gateway.console.acts import Acts
from gateway.console.callers import Access, Caller
from gateway.console.entrance import LOG_IN, LOG_OUT, Entrance, to_log_in
from gateway.console.guard import Guard
from gateway.console.logins import LogIns
from gateway.console.problems import ProblemError, answer
from gateway.console.throttle import Throttle
from gateway.users import Users

log = structlog.get_logger("console")

_OF_API: Final = ("/api/", "/livez", "/readyz", "/metrics")
_OF_ENTRANCE: Final = (LOG_IN, LOG_OUT)
_NOT_LOGGED_IN: Final = 4401
_LOAD_S_MAX: Final = 30.0
_STALE_EVERY_S: Final = 1.0
_SITE: Final = "gateway.console.pages.site"


class House(NamedTuple):
    """What the pages are built on: all of it through the API, as their caller."""

    api: ASGIApp
    access: Access
    logins: LogIns
    clock: Clock
    gateway_id: str


Pages = AbstractAsyncContextManager[ASGIApp]
"""The application of the pages, while it runs."""

Build = Callable[[House], Pages]


class Front:
    """An ASGI application that sends each request where it belongs."""

    def __init__(self, api: FastAPI, clock: Clock, gateway_id: str) -> None:
        access: Access = api.state.access
        users: Users = api.state.users
        self._logins: LogIns = api.state.logins
        self._api = api
        self._access = access
        self._house = House(api, access, self._logins, clock, gateway_id)
        throttle: Throttle = api.state.throttle
        acts: Acts = api.state.acts
        entrance = Entrance(users, self._logins, throttle, acts).application()
        self._entrance = Guard(entrance, access.is_open)
        self._pages = Guard(self._admit, access.is_open, for_pages=True)
        self._wanted = asyncio.Event()
        self._loaded: asyncio.Future[ASGIApp] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope.get("path", "")
        if scope["type"] == "lifespan" or path.startswith(_OF_API):
            await self._api(scope, receive, send)
        elif path in _OF_ENTRANCE:
            await self._entrance(scope, receive, send)
        else:
            await self._pages(scope, receive, send)

    async def run(self) -> None:
        """Load the pages when they are wanted, and end log-ins; until cancelled."""
        self._loaded = asyncio.get_running_loop().create_future()
        await self._wanted.wait()
        build: Build = (await run_in_threadpool(import_module, _SITE)).running
        async with build(self._house) as pages:
            log.info("pages_loaded")
            self._loaded.set_result(pages)
            while True:
                await asyncio.sleep(_STALE_EVERY_S)
                self._end_stale()

    def _end_stale(self) -> None:
        try:
            self._access.end_stale()
        except ProblemError as error:
            log.warning("users_unreadable", detail=error.detail)

    async def _admit(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a page be asked for by who is logged in, or is on an open gateway."""
        connection = HTTPConnection(scope)
        try:
            caller: Caller = self._access.of(connection, None)
        except ProblemError as error:
            await self._turn_away(connection, error)(scope, receive, send)
            return
        scope["evalgate.caller"] = caller
        try:
            pages = await self._ready()
        except TimeoutError:
            problem = answer(503, "starting", "The pages are being loaded: try again.")
            await problem(scope, receive, send)
            return
        await pages(scope, receive, send)

    async def _ready(self) -> ASGIApp:
        assert self._loaded is not None, "run() is begun before the port is served"
        self._wanted.set()
        async with asyncio.timeout(_LOAD_S_MAX):
            return await asyncio.shield(self._loaded)

    def _turn_away(self, connection: HTTPConnection, error: ProblemError) -> ASGIApp:
        if connection.scope["type"] == "websocket":
            return _close
        wants_page = "text/html" in connection.headers.get("accept", "")
        if error.status is HTTPStatus.UNAUTHORIZED and wants_page:
            query = connection.url.query
            wanted = connection.url.path + (f"?{query}" if query else "")
            return RedirectResponse(to_log_in(wanted), HTTPStatus.SEE_OTHER)
        response: Response = answer(error.status, error.code, error.detail)
        return response


async def _close(_scope: Scope, _receive: Receive, send: Send) -> None:
    await send({"type": "websocket.close", "code": _NOT_LOGGED_IN})
