"""What no route needs to think of: foreign pages, foreign names, too large bodies.

The open API trusts whoever is on this machine. A page in a browser there is not: it
may not use us through a name of its own (DNS rebinding) nor by a form (its Origin).
"""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Final

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.console.problems import ProblemError, answer
from gateway.loopback import is_loopback

BODY_BYTES_MAX: Final = 1 << 20
_TOO_LARGE: Final = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
_TOO_LARGE_DETAIL: Final = f"A body holds at most {BODY_BYTES_MAX} bytes."
_READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})


class Guard:
    """ASGI middleware around the whole application."""

    def __init__(self, app: ASGIApp, hosts: Iterable[str] = ()) -> None:
        self._app = app
        self._hosts = frozenset(hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        problem = self._problem(scope)
        if problem is None:
            await self._app(scope, _bounded(receive), send)
            return
        response = answer(problem.status, problem.code, problem.detail)
        await response(scope, receive, send)

    def _problem(self, scope: Scope) -> ProblemError | None:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if not self._is_ours(host):
            detail = f"Host {host!r} is not this gateway: ask by its listen address."
            return ProblemError(HTTPStatus.MISDIRECTED_REQUEST, "foreign_host", detail)
        origin = headers.get("origin")
        if scope.get("method") not in _READING and origin and not _same(origin, host):
            detail = f"A page of {origin!r} may not change anything here."
            return ProblemError(HTTPStatus.FORBIDDEN, "foreign_origin", detail)
        if int(headers.get("content-length") or 0) > BODY_BYTES_MAX:
            return ProblemError(_TOO_LARGE, "too_large", _TOO_LARGE_DETAIL)
        return None

    def _is_ours(self, host: str) -> bool:
        name = _name(host)
        return is_loopback(name) or name in self._hosts


def _name(host: str) -> str:
    """The host without its port; an IPv6 address without its brackets."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0].lower()


def _same(origin: str, host: str) -> bool:
    return origin.partition("://")[2] == host


def _bounded(receive: Receive) -> Receive:
    """Count a body that came without a length."""
    left = BODY_BYTES_MAX

    async def receive_some() -> Message:
        nonlocal left
        message = await receive()
        left -= len(message.get("body", b""))
        if left < 0:
            raise HTTPException(_TOO_LARGE, _TOO_LARGE_DETAIL)
        return message

    return receive_some
