"""What a socket sends is taken for what it is: words of a stranger."""

from types import SimpleNamespace
from typing import Any

import pytest
from nicegui import Client, core
from starlette.requests import Request
from structlog.testing import capture_logs

from gateway.console.pages.sockets import bind_to_logins

SCOPE = {"type": "http", "headers": [], "server": ("127.0.0.1", 8700), "path": "/"}
NAMESPACE = "/"


@pytest.mark.parametrize(
    "data", [{"client_id": "c-1", "id": 1, "listener_id": "x"}, {}, None, "x", [1]]
)
async def test_what_no_page_of_ours_sends_is_refused_in_one_line_at_most(
    monkeypatch: pytest.MonkeyPatch, data: object
) -> None:
    def unknown(_sid: str, _data: dict[str, Any]) -> None:
        raise KeyError("x")

    names = ("connect", "handshake", "event", "javascript_response", "ack", "log")
    monkeypatch.setitem(core.sio.handlers, NAMESPACE, dict.fromkeys(names, unknown))
    monkeypatch.setattr(core.sio.eio, "cors_allowed_origins", None)
    monkeypatch.setattr(core.sio, "get_environ", lambda _: {"asgi.scope": SCOPE})
    client = SimpleNamespace(request=Request(SCOPE))
    monkeypatch.setitem(Client.instances, "c-1", client)
    bind_to_logins(lambda _: True)
    hear = core.sio.handlers[NAMESPACE]["event"]
    with capture_logs() as told:
        assert await hear("sid", data) is False
    names_a_page = isinstance(data, dict) and "client_id" in data
    assert [one["event"] for one in told] == ["page_message_refused"] * names_a_page
