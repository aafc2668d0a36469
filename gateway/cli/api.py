"""The running gateway's API, as the verbs use it."""

import json
import os
from collections.abc import Mapping
from http import HTTPStatus
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import OpenerDirector, ProxyHandler, Request, build_opener

from gateway.errors import PermanentError, TransientError
from gateway.settings import Settings

TOKEN_VARIABLE = "EVALGATE_TOKEN"  # noqa: S105 -- the name of the variable
_TIMEOUT_S = 15  # an act is answered after 5 s at the latest
_EVERYWHERE = {"0.0.0.0", "::"}  # noqa: S104 -- recognised, not listened on


class NoConsoleError(TransientError):
    """Nobody listens there: what was asked for did not happen."""


class Api:
    """JSON from and to the console's port; no proxy of the environment is used."""

    def __init__(self, settings: Settings, timeout_s: float = _TIMEOUT_S) -> None:
        self._base = base_url(settings)
        self._timeout_s = timeout_s
        self._opener: OpenerDirector = build_opener(ProxyHandler({}))

    def get(self, path: str, **query: object) -> dict[str, Any]:
        """The body at `path`; parameters that are None are left out.

        Raises PermanentError with the API's own words, TransientError when the
        gateway does not answer.
        """
        return _json(self.text(path, **query))

    def text(self, path: str, **query: object) -> bytes:
        """As `get`, for a body that is no JSON."""
        return self._body(Request(self._url(path, query)))  # noqa: S310 -- http, from base_url

    def post(self, path: str, body: dict[str, object]) -> dict[str, Any]:
        return self.send("POST", path, body)

    def send(self, method: str, path: str, body: dict[str, object]) -> dict[str, Any]:
        """A change, as JSON without what is None; raises as `get`."""
        given = {key: value for key, value in body.items() if value is not None}
        content = json.dumps(given).encode(), "application/json"
        return self.upload(method, path, *content)

    def upload(
        self, method: str, path: str, content: bytes, kind: str, **query: object
    ) -> dict[str, Any]:
        """Send content of another media type; raises as `get`."""
        request = Request(  # noqa: S310 -- http, from base_url
            self._url(path, query), content, {"Content-Type": kind}, method=method
        )
        return _json(self._body(request))

    def health(self) -> dict[str, Any]:
        """The body of /readyz, ready or not."""
        try:
            return self._send(Request(f"{self._base}/readyz"))  # noqa: S310 -- as above
        except HTTPError as error:
            if error.code != HTTPStatus.SERVICE_UNAVAILABLE:
                raise PermanentError(f"/readyz answers {error.code}") from error
            return _json(error.read())

    def metrics(self) -> str:
        """The body of /metrics, in Prometheus's text format."""
        try:
            return self._read(Request(f"{self._base}/metrics")).decode()  # noqa: S310 -- as above
        except HTTPError as error:
            raise TransientError(f"/metrics answers {error.code}") from error

    def _url(self, path: str, query: Mapping[str, object]) -> str:
        given = {key: value for key, value in query.items() if value is not None}
        return (
            f"{self._base}{path}{f'?{urlencode(given, doseq=True)}' if given else ''}"
        )

    def _body(self, request: Request) -> bytes:
        try:
            return self._read(request)
        except HTTPError as error:
            problem = _json(error.read())
            detail = problem.get("detail", f"the gateway answers {error.code}")
            if error.code == HTTPStatus.UNAUTHORIZED:
                detail += f" (set {TOKEN_VARIABLE}; `evalgate token create` makes one)"
            if error.code >= HTTPStatus.INTERNAL_SERVER_ERROR:
                raise TransientError(detail) from error
            raise PermanentError(detail) from error

    def _send(self, request: Request) -> dict[str, Any]:
        return _json(self._read(request))

    def _read(self, request: Request) -> bytes:
        if token := os.environ.get(TOKEN_VARIABLE):
            request.add_header("Authorization", f"Bearer {token}")
        try:
            with self._opener.open(request, timeout=self._timeout_s) as answer:
                body: bytes = answer.read()
                return body
        except HTTPError:
            raise
        except (OSError, HTTPException) as error:
            cause = getattr(error, "reason", error)  # of urllib's wrapping
            words = getattr(cause, "strerror", None) or cause
            text = f"no gateway answers at {self._base}: is it running? ({words})"
            if isinstance(cause, ConnectionRefusedError):
                raise NoConsoleError(text) from error
            raise TransientError(text) from error


def base_url(settings: Settings) -> str:
    """Where the console listens. Raises PermanentError when it is switched off."""
    address = settings.console.address
    if address is None or address.port == 0:
        raise PermanentError("[console] listen names no port: this verb needs the API")
    host = "127.0.0.1" if address.host in _EVERYWHERE else address.host
    return f"http://{f'[{host}]' if ':' in host else host}:{address.port}"


def _json(raw: bytes) -> dict[str, Any]:
    try:
        body = json.loads(raw)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise PermanentError("what answers there is not this gateway's API")
    return body
