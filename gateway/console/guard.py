"""What no route needs to think of: foreign pages, foreign names, too large bodies.

The open API trusts whoever is on this machine. A page in a browser there is not: it
may not use us through a name of its own (DNS rebinding) nor by a form (its Origin).
Where tokens and users are asked for, any name of ours will do: a foreign page has no
token to send, and the browser sends the cookie of a log-in with no request of its own.
"""

from collections.abc import Callable
from http import HTTPStatus
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.console.problems import ProblemError, answer
from gateway.loopback import is_loopback

BODY_BYTES_MAX: Final = 1 << 20
TABLE_BYTES_MAX: Final = 4 << 20
_TABLES: Final = "/import"
_ENDLESS: Final = "/events"
_TOO_LARGE: Final = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_POLICY_VIOLATION: Final = 1008
_READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})


class Guard:
    """ASGI middleware around the whole application."""

    def __init__(
        self, app: ASGIApp, is_open: Callable[[], bool], *, for_pages: bool = False
    ) -> None:
        """Tell by `is_open` whether callers need no token.

        `for_pages`: nothing at all is for pages of other origins, not even to read.
        """
        self._app = app
        self._is_open = is_open
        self._reading: frozenset[str] = frozenset() if for_pages else _READING

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        problem = self._problem(scope)
        send = _hardened(send)
        if scope.get("method") == "HEAD" and self._reading and not _is_endless(scope):
            scope, send = {**scope, "method": "GET"}, _bodiless(send)
        if problem is None:
            await self._app(scope, _bounded(receive, _bytes_max(scope)), send)
            return
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": _POLICY_VIOLATION})
            return
        response = answer(problem.status, problem.code, problem.detail)
        await response(scope, receive, send)

    def _problem(self, scope: Scope) -> ProblemError | None:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if not is_loopback(_name(host)) and self._is_open():
            detail = f"Host {host!r} is not this gateway: ask by its listen address."
            return ProblemError(HTTPStatus.MISDIRECTED_REQUEST, "foreign_host", detail)
        origin = headers.get("origin")
        changes = scope.get("method") not in self._reading
        if changes and origin and not _same(origin, host):
            detail = f"A page of {origin!r} may not change or see anything here."
            return ProblemError(HTTPStatus.FORBIDDEN, "foreign_origin", detail)
        bytes_max = _bytes_max(scope)
        if int(headers.get("content-length") or 0) > bytes_max:
            return ProblemError(_TOO_LARGE, "too_large", _too_large(bytes_max))
        return None


def _name(host: str) -> str:
    """The host without its port; an IPv6 address without its brackets."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0].lower()


def _same(origin: str, host: str) -> bool:
    return origin.partition("://")[2] == host


def _bytes_max(scope: Scope) -> int:
    is_table = str(scope.get("path", "")).endswith(_TABLES)
    return TABLE_BYTES_MAX if is_table else BODY_BYTES_MAX


def _too_large(bytes_max: int) -> str:
    return f"A body holds at most {bytes_max} bytes."


def _is_endless(scope: Scope) -> bool:
    return str(scope.get("path", "")).endswith(_ENDLESS)


def _bodiless(send: Send) -> Send:
    """What HEAD is answered with: that of GET, without its body (RFC 9110, 9.3.2)."""

    async def send_head(message: Message) -> None:
        await send({**message, "body": b""} if "body" in message else message)

    return send_head


def _hardened(send: Send) -> Send:
    """Tell browsers to keep nothing and to load nothing, unless a page says else."""

    async def send_some(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return send_some


def _bounded(receive: Receive, bytes_max: int) -> Receive:
    """Count a body that came without a length."""
    left = bytes_max

    async def receive_some() -> Message:
        nonlocal left
        message = await receive()
        left -= len(message.get("body", b""))
        if left < 0:
            raise HTTPException(_TOO_LARGE, _too_large(bytes_max))
        return message

    return receive_some
