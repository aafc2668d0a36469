"""What browsers may load and run on our pages, and that nothing comes from elsewhere.

`unsafe-eval` cannot be avoided: Vue compiles its templates in the browser. Scripts
inside a page run only with the nonce of its answer; what a name holds is text.
"""

import secrets
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY: Final = (
    "default-src 'self'; script-src 'self' 'nonce-{nonce}' 'unsafe-eval';"
    " style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self';"
    " connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self';"
    " frame-ancestors 'none'"
)
_REFERRER: Final = "same-origin"
"""With none at all the Origin of the form that logs out is "null"."""

_PAGE: Final = "x-nicegui-content"
_PREFIX: Final = b"x-forwarded-prefix"
"""Would be written into the page as it comes."""


class Policy:
    """ASGI middleware around the pages: a policy for each answer, nonces inside."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = [one for one in scope["headers"] if one[0] != _PREFIX]
        await self._app({**scope, "headers": headers}, receive, _Marked(send).send)


class _Marked:
    """Holds a page back until it is whole, and marks the scripts in it as ours."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._nonce = secrets.token_urlsafe(16)
        self._start: Message | None = None
        self._body = b""

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers["Content-Security-Policy"] = POLICY.format(nonce=self._nonce)
            headers["Referrer-Policy"] = _REFERRER
            if _PAGE in Headers(raw=message["headers"]):
                self._start = message
                return
        elif self._start is not None:
            self._body += message.get("body", b"")
            if not message.get("more_body", False):
                await self._finish(self._start)
            return
        await self._send(message)

    async def _finish(self, start: Message) -> None:
        nonce = f'<script nonce="{self._nonce}"'.encode()
        body = self._body.replace(b"<script", nonce)
        MutableHeaders(scope=start)["Content-Length"] = str(len(body))
        await self._send(start)
        await self._send({"type": "http.response.body", "body": body})
