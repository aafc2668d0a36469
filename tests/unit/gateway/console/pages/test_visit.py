"""A page stands and falls with its own log-in, whoever asked for what it shows."""

from pathlib import Path
from typing import cast

import pytest
from nicegui import Client
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from gateway.clock import SteppedClock
from gateway.console.callers import Access
from gateway.console.front import House
from gateway.console.logins import IDLE_MS_MAX, LogIns
from gateway.console.pages.api import Refusal
from gateway.console.pages.shared import Shared
from gateway.console.pages.visit import Visit
from gateway.tokens import Tokens
from gateway.users import Grant, Users

FRESH_S = 60.0


class Pages:
    """Pages of one user, each in its own log-in; `asked` counts their questions."""

    def __init__(self, directory: Path) -> None:
        self.clock = SteppedClock()
        self.logins = LogIns(self.clock)
        self.asked = 0
        users = Users(directory / "users.json")
        users.create("li", "correct horse battery", Grant("viewer"), 0)
        self._mark = users.all()[0].hash
        access = Access(Tokens(directory / "tokens.json"), users, self.logins)
        self._house = House(self._answer, access, self.logins, self.clock, "hall")
        self._shared = Shared(self.clock)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.asked += 1
        await JSONResponse({"no": self.asked})(scope, receive, send)

    def open(self) -> tuple[str, Visit]:
        """A page, behind the name of its log-in."""
        name = self.logins.begin("li", self._mark)
        scope = {
            "type": "http",
            "path": "/",
            "query_string": b"",
            "path_params": {},
            "headers": [(b"cookie", f"evalgate_8700={name}".encode())],
            "client": ("10.0.0.9", 5000),
            "server": ("127.0.0.1", 8700),
        }
        request = Request(scope)
        scope["evalgate.caller"] = self._house.access.of(request, None)
        nowhere = cast("Client", None)
        return name, Visit(self._house, self._shared, nowhere, request, "live")


@pytest.fixture
def pages(tmp_path: Path) -> Pages:
    return Pages(tmp_path)


async def test_a_page_that_is_open_keeps_its_log_in_though_another_asks_for_both(
    pages: Pages,
) -> None:
    (_, first), (name, second) = pages.open(), pages.open()
    for _ in range(4):
        pages.clock.advance(IDLE_MS_MAX // 2)
        told = await first.glance(FRESH_S, "/pipeline")
        assert await second.glance(FRESH_S, "/pipeline") is told
    assert pages.asked == 4
    assert pages.logins.use(name) is not None


async def test_a_page_whose_log_in_is_over_is_told_nothing_that_others_asked_for(
    pages: Pages,
) -> None:
    (_, first), (name, second) = pages.open(), pages.open()
    await first.glance(FRESH_S, "/pipeline")
    pages.logins.end(name)
    with pytest.raises(Refusal) as refused:
        await second.glance(FRESH_S, "/pipeline")
    assert (refused.value.status, pages.asked) == (401, 1)
