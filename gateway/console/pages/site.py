"""All pages, put together; this module is imported when the first one is asked for."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from copy import copy
from http import HTTPStatus
from pathlib import Path
from typing import Final

from fastapi import FastAPI
from nicegui import app as drawn
from nicegui import ui
from nicegui.language import Language
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import HTTPConnection, Request
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp

from gateway.clock import SystemClock
from gateway.console.front import House
from gateway.console.pages import live, me, statistics
from gateway.console.pages.absent import absent
from gateway.console.pages.halls import device, devices, hall
from gateway.console.pages.operating import (
    alerts,
    audit,
    data,
    letters,
    quarantine,
    sinks,
)
from gateway.console.pages.page import Page
from gateway.console.pages.policy import Policy
from gateway.console.pages.proof import month, months, sample, samples
from gateway.console.pages.rated import followups, rating, ratings, sessions
from gateway.console.pages.shared import Shared
from gateway.console.pages.shell import STATIC, framed
from gateway.console.pages.sockets import OwnConnections, bind_to_logins, end_pages_of
from gateway.console.pages.upkeep import availability, due, sheet
from gateway.console.pages.visit import Visit
from gateway.console.problems import ProblemError

PAGES: Final[tuple[Page, ...]] = (
    live.PAGE,
    hall.HALLS,
    hall.HALL,
    devices.PAGE,
    device.PAGE,
    ratings.PAGE,
    rating.PAGE,
    sessions.SESSIONS,
    sessions.SESSION,
    followups.PAGE,
    statistics.PAGE,
    months.PAGE,
    month.PAGE,
    samples.PAGE,
    sample.PAGE,
    due.PAGE,
    availability.PAGE,
    sheet.PAGE,
    alerts.PAGE,
    quarantine.PAGE,
    letters.PAGE,
    sinks.PAGE,
    data.PAGE,
    audit.PAGE,
    me.PAGE,
)
"""In the order of the menu."""

_ROOT: Final = "/"
_RECONNECT_S: Final = 10.0
_STATIC_S_MAX: Final = 3600
_COMPRESSED_BYTES_MIN: Final = 1000
_LANGUAGES: Final[dict[str, Language]] = {"en": "en-US", "zh": "zh-CN"}
"""How the library calls them."""

_DARK: Final = {"auto": None, "light": False, "dark": True}


@asynccontextmanager
async def running(house: House) -> AsyncIterator[ASGIApp]:
    """The application of all pages, until the end of the console.

    The library that draws them knows one application a process.
    """
    parent = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    drawn.add_static_files(
        STATIC, Path(__file__).with_name("static"), max_cache_age=_STATIC_S_MAX
    )
    drawn.add_exception_handler(HTTPStatus.NOT_FOUND, absent)
    shared = Shared(SystemClock())  # of people's time, whatever the stores' is
    for page in PAGES:
        ui.page(page.path)(_shown(page, house, shared))
    ui.run_with(
        parent,
        title="evalgate",
        language="en-US",
        favicon=Path(__file__).with_name("static") / "icon.svg",
        binding_refresh_interval=None,
        reconnect_timeout=_RECONNECT_S,
        gzip_middleware_factory=None,
        tailwind=False,
        show_welcome_message=False,
    )
    bind_to_logins(lambda connection: _stands(house, connection))
    house.logins.on_end(end_pages_of)
    async with parent.router.lifespan_context(parent):
        guarded = Policy(OwnConnections(parent))
        yield GZipMiddleware(guarded, minimum_size=_COMPRESSED_BYTES_MIN)


def _shown(
    page: Page, house: House, shared: Shared
) -> Callable[[Request], Awaitable[RedirectResponse | None]]:
    async def show(request: Request) -> RedirectResponse | None:
        client = ui.context.client
        visit = Visit(house, shared, client, request, page.name)
        home = _home(visit)
        if page.path == _ROOT != home:
            return RedirectResponse(home, HTTPStatus.SEE_OTHER)
        client.page = own = copy(client.page)
        own.language = _LANGUAGES[visit.preferences.language]
        own.dark = _DARK[visit.preferences.theme]
        is_open = house.access.is_open()
        with framed(visit, page, PAGES, house.gateway_id, is_open=is_open):
            if visit.may(page.scope):
                await page.build(visit)
            else:
                ui.label(visit.words("not_allowed"))
        return None

    return show


def _home(visit: Visit) -> str:
    """The first page of the menu that somebody may see; the clerks' is their own."""
    seen = (page.path for page in PAGES if page.icon and visit.may(page.scope))
    return next(seen, _ROOT)


def _stands(house: House, connection: HTTPConnection) -> bool:
    try:
        house.access.of(connection, None)
    except ProblemError:
        return False
    return True
