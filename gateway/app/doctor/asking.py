"""HTTP as the sinks speak it, but with the whole answer to look at."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from email.utils import parsedate_to_datetime
from typing import Any, Final, NamedTuple

import aiohttp

_BODY_BYTES_MAX: Final = 262_144


class Heard(NamedTuple):
    """An answer; `ahead_s` is our clock less its Date, None when it has none."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    ahead_s: float | None

    def json(self) -> Any:  # noqa: ANN401 -- whatever it answers
        """The body, or None when it is not JSON."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    def text(self) -> str:
        """The beginning of the body, on one line."""
        return " ".join(self.body[:200].decode("utf-8", "replace").split())


class Asking:
    """Questions to one service, each within its deadline."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def ask(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> Heard:
        """Raises aiohttp.ClientError, TimeoutError, OSError, and as the resolver."""
        async with self._session.request(
            method,
            url,
            headers=headers,
            params=query,
            data=body,
            allow_redirects=False,
        ) as answer:
            raw = await answer.content.read(_BODY_BYTES_MAX)
            return Heard(answer.status, answer.headers, raw, _ahead_s(answer.headers))


@asynccontextmanager
async def asking(
    timeout_s: float, resolver: aiohttp.abc.AbstractResolver | None = None
) -> AsyncIterator[Asking]:
    connector = aiohttp.TCPConnector(resolver=resolver)
    timeout = aiohttp.ClientTimeout(total=timeout_s)
    agent = {"User-Agent": "evalgate-doctor"}
    async with aiohttp.ClientSession(
        connector=connector, timeout=timeout, headers=agent
    ) as session:
        yield Asking(session)
    await asyncio.sleep(0)  # its transports close in the next turn


def _ahead_s(headers: Mapping[str, str]) -> float | None:
    try:
        moment = parsedate_to_datetime(headers.get("Date", ""))
    except ValueError:
        return None
    return time.time() - moment.timestamp() if moment.tzinfo else None
