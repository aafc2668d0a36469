"""The API as a page asks it: in this process, as the caller of the page's log-in.

A page has no other way to anything: what its caller may not see or do is refused in one
place, at each call, as it is for programs.
"""

import asyncio
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import unquote, urlencode

import msgspec
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Scope

_PREFIX: Final = "/api/v1"
_ANSWER_S_MAX: Final = 15.0
_COOKIE: Final = b"cookie"


class Refusal(Exception):  # noqa: N818 -- what the API says no with, shown to people
    """The API answered with a problem: `detail` is a sentence for people."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail


class Api:
    """Calls `app` with what the browser showed for the page."""

    def __init__(self, app: ASGIApp, connection: HTTPConnection) -> None:
        self._app = app
        self._client = connection.scope.get("client")
        self._server = connection.scope.get("server")
        self._headers = [
            (name, value)
            for name, value in connection.scope["headers"]
            if name in {_COOKIE, b"host"}
        ]

    async def get(self, path: str, **params: object) -> Any:  # noqa: ANN401 -- JSON
        """What GET `/api/v1`+`path` answers; parameters of None are left out.

        Raises:
            Refusal: it answered with a problem, or not in time.
        """
        return await self.ask("GET", path, params)

    async def post(self, path: str, body: object = None, **params: object) -> Any:  # noqa: ANN401 -- JSON
        """Carry out an act; raises as `get`."""
        return await self.ask("POST", path, params, body)

    async def put(
        self, path: str, body: object, if_match: str | None = None, **params: object
    ) -> Any:  # noqa: ANN401 -- JSON
        """Put something in the place of what was; raises as `get`."""
        given = [] if if_match is None else [(b"if-match", if_match.encode("ascii"))]
        return await self.ask("PUT", path, params, body, given)

    async def delete(self, path: str, **params: object) -> Any:  # noqa: ANN401 -- JSON
        """Take something away; raises as `get`."""
        return await self.ask("DELETE", path, params)

    async def ask(
        self,
        method: str,
        path: str,
        params: dict[str, object] | None = None,
        body: object = None,
        headers: Sequence[tuple[bytes, bytes]] = (),
    ) -> Any:  # noqa: ANN401 -- JSON, or the bytes of what is none
        """Any request; raises as `get`."""
        given = {
            key: value
            for key, value in (params or {}).items()
            if value not in (None, "")
        }
        scope = self._scope(method, path, urlencode(given, doseq=True))
        scope["headers"] += headers
        content = b"" if body is None else msgspec.json.encode(body)
        answer = _Answer(content)
        try:
            async with asyncio.timeout(_ANSWER_S_MAX):
                await self._app(scope, answer.receive, answer.send)
        except TimeoutError as error:
            detail = f"No answer within {_ANSWER_S_MAX:.0f} s."
            raise Refusal(HTTPStatus.GATEWAY_TIMEOUT, "timeout", detail) from error
        return answer.decoded()

    def _scope(self, method: str, path: str, query: str) -> Scope:
        return {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": unquote(_PREFIX + path),
            "raw_path": (_PREFIX + path).encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [*self._headers, (b"content-type", b"application/json")],
            "client": self._client,
            "server": self._server,
        }


class _Answer:
    """One request's body out, its answer in."""

    def __init__(self, content: bytes) -> None:
        self._content: bytes | None = content
        self._status = 0
        self._kind = b""
        self._parts: list[bytes] = []

    async def receive(self) -> Message:
        if self._content is None:
            await asyncio.Event().wait()  # nobody hangs up; the deadline is the call's
        content, self._content = self._content, None
        return {"type": "http.request", "body": content, "more_body": False}

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            self._kind = dict(message["headers"]).get(b"content-type", b"")
        else:
            self._parts.append(message.get("body", b""))

    def decoded(self) -> Any:  # noqa: ANN401 -- as the API has it
        content = b"".join(self._parts)
        if b"json" not in self._kind:
            return content
        found = msgspec.json.decode(content)
        if self._status >= HTTPStatus.BAD_REQUEST:
            raise Refusal(self._status, found["code"], found["detail"])
        return found
