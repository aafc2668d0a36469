"""The running gateway's API, as the verbs use it."""

import json
from http import HTTPStatus
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import OpenerDirector, ProxyHandler, Request, build_opener

from gateway.errors import PermanentError, TransientError
from gateway.settings import Settings

_TIMEOUT_S = 15  # an act is answered after 5 s at the latest
_EVERYWHERE = {"0.0.0.0", "::"}  # noqa: S104 -- recognised, not listened on


class Api:
    """JSON from and to the console's port; no proxy of the environment is used."""

    def __init__(self, settings: Settings) -> None:
        self._base = base_url(settings)
        self._opener: OpenerDirector = build_opener(ProxyHandler({}))

    def get(self, path: str, **query: object) -> dict[str, Any]:
        """The body at `path`; parameters that are None are left out.

        Raises PermanentError with the API's own words, TransientError when the
        gateway does not answer.
        """
        given = {key: value for key, value in query.items() if value is not None}
        suffix = f"?{urlencode(given)}" if given else ""
        return self._body(Request(f"{self._base}{path}{suffix}"))  # noqa: S310 -- http, from base_url

    def post(self, path: str, body: dict[str, object]) -> dict[str, Any]:
        given = {key: value for key, value in body.items() if value is not None}
        request = Request(  # noqa: S310 -- http, from base_url
            f"{self._base}{path}",
            json.dumps(given).encode(),
            {"Content-Type": "application/json"},
        )
        return self._body(request)

    def health(self) -> dict[str, Any]:
        """The body of /readyz, ready or not."""
        try:
            return self._send(Request(f"{self._base}/readyz"))  # noqa: S310 -- as above
        except HTTPError as error:
            if error.code != HTTPStatus.SERVICE_UNAVAILABLE:
                raise PermanentError(f"/readyz answers {error.code}") from error
            return _json(error.read())

    def _body(self, request: Request) -> dict[str, Any]:
        try:
            return self._send(request)
        except HTTPError as error:
            problem = _json(error.read())
            detail = problem.get("detail", f"the gateway answers {error.code}")
            if error.code >= HTTPStatus.INTERNAL_SERVER_ERROR:
                raise TransientError(detail) from error
            raise PermanentError(detail) from error

    def _send(self, request: Request) -> dict[str, Any]:
        try:
            with self._opener.open(request, timeout=_TIMEOUT_S) as answer:
                return _json(answer.read())
        except HTTPError:
            raise
        except OSError as error:
            raise TransientError(
                f"no gateway answers at {self._base}: is it running? ({error})"
            ) from error


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
