"""Sockets of the pages: each serves the page of its own log-in and no other.

The library lets any socket send the events of any page whose number it knows. Here
the socket must show the log-in that the page was asked for in, at each event, and the
page must still be somebody's. A socket may be a row of requests, told by a number in
their address: each of them must show the log-in that the first one did.
"""

from collections.abc import Callable
from http import HTTPStatus
from inspect import isawaitable
from typing import Any, Final
from urllib.parse import parse_qs

import socketio  # type: ignore[import-untyped]
import structlog
from nicegui import Client, background_tasks, core
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.console.entrance import LOG_IN
from gateway.console.logins import login_name
from gateway.console.problems import answer

log = structlog.get_logger("console")

_EVENTS: Final = ("handshake", "event", "javascript_response", "ack", "log")
_NAMESPACE: Final = "/"
_FORGED: Final = (LookupError, TypeError, ValueError, AttributeError)
"""Raised by the library over what no page of ours sends, such as an unknown number."""
_OTHERS: Final = 4403
"""Why a socket is closed that goes on with another's connection."""

Handler = Callable[..., Any]
Standing = Callable[[HTTPConnection], bool]
"""Whether who shows this may still see pages."""


def bind_to_logins(standing: Standing) -> None:
    """Hear a socket only for pages of its log-in, as long as that is `standing`."""
    core.sio.eio.cors_allowed_origins = []  # tells no other page that it may read
    handlers: dict[str, Handler] = core.sio.handlers[_NAMESPACE]
    core.sio.on("connect", _joining(handlers["connect"]))
    for name in _EVENTS:
        core.sio.on(name, _heard(handlers[name], standing))


class OwnConnections:
    """ASGI middleware: who goes on with a connection shows the log-in that began it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        connection = HTTPConnection(scope)
        begun = core.sio.environ.get(connection.query_params.get("sid"))
        if begun is None or login_name(_shown(begun)) == login_name(connection):
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": _OTHERS})
        else:
            detail = "This connection was begun in another log-in: open the page anew."
            problem = answer(HTTPStatus.FORBIDDEN, "foreign_connection", detail)
            await problem(scope, receive, send)


def _joining(inner: Handler) -> Handler:
    async def connect(sid: str, environ: dict[str, Any], auth: object = None) -> None:
        query = parse_qs(environ.get("QUERY_STRING", ""))
        number = query.get("client_id", [""])[0]
        client = Client.instances.get(number)
        if client is not None and not _is_own(environ, client):
            raise socketio.exceptions.ConnectionRefusedError(
                "Implicit handshake failed"
            )
        await inner(sid, environ, auth)

    return connect


def _heard(inner: Handler, standing: Standing) -> Handler:
    async def hear(sid: str, data: object) -> object:
        number = data.get("client_id") if isinstance(data, dict) else None
        client = Client.instances.get(str(number))
        environ = core.sio.get_environ(sid)
        if client is None or not _is_own(environ, client):
            return False
        if not standing(_shown(environ)):
            await _send_away(client)
            return False
        try:
            answer = inner(sid, data)
            return await answer if isawaitable(answer) else answer
        except _FORGED as error:  # what a page's own code raises does not come here
            log.warning("page_message_refused", fault=type(error).__name__)
            return False

    return hear


def end_pages_of(name: str) -> None:
    """Send every page of a log-in that is over to the log-in, and hear it no more."""
    for client in list(Client.instances.values()):
        if login_name(client.request) == name:
            background_tasks.create(_send_away(client), name="page ended")


def _shown(environ: dict[str, Any]) -> HTTPConnection:
    return HTTPConnection(environ["asgi.scope"])


def _is_own(environ: dict[str, Any], client: Client) -> bool:
    return login_name(_shown(environ)) == login_name(client.request)


async def _send_away(client: Client) -> None:
    """The browser goes to the log-in; what the page was told with is closed."""
    await core.sio.emit("open", {"path": LOG_IN, "new_tab": False}, room=client.id)
    members = core.sio.manager.get_participants(_NAMESPACE, client.id)
    for sid, _ in list(members):
        await core.sio.disconnect(sid)
