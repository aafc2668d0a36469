"""One open page: who looks, in which words, and how it asks and tells.

A page belongs to the log-in it was asked for in. Every answer it gets is the API's for
that log-in at that moment; when that is over, the page goes to the log-in.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote

from nicegui import Client, ui
from starlette.requests import Request

from gateway.console.callers import Caller
from gateway.console.entrance import LOG_IN
from gateway.console.front import House
from gateway.console.logins import login_name
from gateway.console.pages.api import Api, Refusal
from gateway.console.pages.names import Names
from gateway.console.pages.sentences import Sentences
from gateway.console.pages.shared import Shared
from gateway.console.preferences import Preferences
from gateway.console.problems import ProblemError
from gateway.console.wording import Words

Work = Callable[[], Awaitable[None]]

HIDDEN: Final = "console_hidden"
"""The event by which `console.js` tells that nobody looks at the tab."""


class Visit:
    """What a page's builder is given; `params` are of its path, `query` behind it."""

    def __init__(
        self,
        house: House,
        shared: Shared,
        client: Client,
        request: Request,
        page: str,
    ) -> None:
        self._shared = shared
        self._access = house.access
        self._request = request
        self.api = Api(house.api, request)
        self.names = Names(self.api)
        self.now_ms = house.clock.wall_ms
        self.client = client
        self.caller: Caller = request.scope["evalgate.caller"]
        self.login = login_name(request)
        self.preferences = Preferences.of(request)
        self.zone = self.preferences.zone
        self.words: Words = self.preferences.words(page)
        self.sentences = Sentences("sentences", self.words.language)
        self.params = dict(request.path_params)
        self.query = dict(request.query_params)
        self.path = request.url.path
        self._timers: list[ui.timer] = []
        self._refused: dict[int, str] = {}
        self._old: ui.label | None = None

    def may(self, scope: str) -> bool:
        """Whether to offer what needs this scope; the API decides when it is done."""
        return scope in self.caller.scopes

    async def glance(self, age_s_max: float, path: str, **params: object) -> Any:  # noqa: ANN401 -- JSON
        """As `api.get`, or what another page of these rights was told just now.

        For what pages ask again and again. It uses the log-in all the same.
        """
        caller, age_ms_max = self._standing(), int(age_s_max * 1000)
        return await self._shared.get(self.api, caller, age_ms_max, path, **params)

    def _standing(self) -> Caller:
        """Who looks, by what is in force now; raises as `Api.get`."""
        try:
            return self._access.of(self._request, None)
        except ProblemError as error:
            raise Refusal(error.status, error.code, error.detail) from error

    async def every(self, seconds: float, work: Work) -> None:
        """Do `work` now, then again and again while somebody looks at the page.

        What the API refuses is said above the page, and tried again.
        """
        number = len(self._timers)

        async def look() -> None:
            try:
                await work()
            except Refusal as refusal:
                self._say_old(number, refusal)
            else:
                self._say_old(number, None)

        await look()
        self._timers.append(ui.timer(seconds, look, immediate=False))

    async def act(self, doing: Awaitable[Any], told: str | None = None) -> bool:
        """Carry out an act, say what came of it, and whether it was done."""
        try:
            done = await doing
        except Refusal as refusal:
            self.refused(refusal)
            return False
        waits = isinstance(done, dict) and done.get("processed") is False
        text = self.words("recorded") if waits else told or self.words("done")
        ui.notify(text, type="positive")
        return True

    def refused(self, refusal: Refusal) -> None:
        """Say why not; who is no longer logged in may do so again."""
        if refusal.status == HTTPStatus.UNAUTHORIZED:
            self.leave()
            return
        text = self.words("refused", why=self.why(refusal))
        ui.notify(text, type="negative", multi_line=True)

    def why(self, refusal: Refusal) -> str:
        """What the API says no with; its code's name where nobody has translated it."""
        told = self.sentences.told(refusal.detail)
        name = self.words.known("problem", refusal.code)
        return told or self.words("beside", name=name, more=refusal.detail)

    def leave(self) -> None:
        """Go to the log-in, and from there back to this page."""
        self.client.open(f"{LOG_IN}?next={quote(self.path)}")

    def pause(self, *, hidden: bool) -> None:
        """Do nothing by oneself while nobody looks."""
        for timer in self._timers:
            timer.active = not hidden

    def time(self, text: str | None, form: str = "%Y-%m-%d %H:%M:%S") -> str:
        """A moment of the API in the zone of whoever looks; "never" for None."""
        if text is None:
            return self.words("never")
        return datetime.fromisoformat(text).astimezone(self.zone).strftime(form)

    def place_of_notices(self, label: ui.label) -> None:
        """Where the frame says that figures are old."""
        self._old = label

    def _say_old(self, number: int, refusal: Refusal | None) -> None:
        """Of several works: what the first one of them that was refused was told."""
        if refusal is not None and refusal.status == HTTPStatus.UNAUTHORIZED:
            self.leave()
            return
        self._refused.pop(number, None)
        if refusal is not None:
            self._refused[number] = self.why(refusal)
        if self._old is not None:
            text = self._refused[min(self._refused)] if self._refused else ""
            self._old.set_text(self.words("stale", detail=text) if text else "")
            self._old.set_visibility(bool(text))
