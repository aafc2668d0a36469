"""Requests over aiohttp with a deadline, a bound on connections, no redirects."""

import asyncio
import ssl
from collections.abc import Mapping
from typing import Final

import aiohttp

from gateway.sinks.answers import DETAIL_BYTES_MAX, Reply

CONNECTIONS_MAX: Final = 4
_BODY_BYTES_MAX: Final = 65_536
_USER_AGENT: Final = "evalgate"

ASKING_ERRORS: Final = (
    aiohttp.ClientError,
    asyncio.TimeoutError,
    OSError,
    ssl.SSLError,
    ValueError,
)
"""What a request raises when the world, or what it answers, is broken."""


class HttpClient:
    """One sink's connections; the session is made inside the running loop."""

    def __init__(
        self,
        timeout_s: float,
        resolver: aiohttp.abc.AbstractResolver | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._timeout = aiohttp.ClientTimeout(total=timeout_s)
        self._resolver = resolver
        self._tls = tls
        self._session: aiohttp.ClientSession | None = None

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        """POST once.

        Raises one of `ASKING_ERRORS` when there is no answer before the deadline, and
        what the resolver raises.
        """
        async with self._open().post(
            url, data=body, headers=headers, allow_redirects=False
        ) as response:
            # The status decides: an answer that breaks off afterwards is still one.
            return Reply(response.status, response.headers, await _read(response))

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = aiohttp.TCPConnector(
                limit=CONNECTIONS_MAX,
                resolver=self._resolver,
                ssl=self._tls or True,
            )
            self._session = aiohttp.ClientSession(
                connector=connector,
                timeout=self._timeout,
                headers={"User-Agent": _USER_AGENT},
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
            )
        return self._session


async def _read(response: aiohttp.ClientResponse) -> bytes:
    """The beginning of the body; what is too long costs the connection."""
    try:
        body = b""
        while len(body) < _BODY_BYTES_MAX:
            chunk = await response.content.read(_BODY_BYTES_MAX)
            if not chunk:
                return body[:DETAIL_BYTES_MAX]
            body += chunk
    except ASKING_ERRORS:
        body = b""
    response.close()
    return body[:DETAIL_BYTES_MAX]
