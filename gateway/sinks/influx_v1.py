"""The 1.x write API of InfluxDB, which the official client does not speak."""

import base64
import ssl
from typing import Final

from yarl import URL

from gateway.sinks.answers import Reply
from gateway.sinks.http import HttpClient

_TEXT: Final = "text/plain; charset=utf-8"


class InfluxV1:
    """`/write`: one database, precision ns."""

    def __init__(  # noqa: PLR0913 -- where, as whom, how long
        self,
        url: str,
        *,
        database: str,
        username: str | None = None,
        password: str | None = None,
        timeout_s: float = 10.0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        query = {"db": database, "precision": "ns"}
        self._url = str(URL(url.rstrip("/") + "/write").with_query(query))
        self._headers = {"Content-Encoding": "gzip", "Content-Type": _TEXT}
        if username is not None:
            pair = f"{username}:{password or ''}".encode()
            credentials = base64.b64encode(pair).decode()
            self._headers["Authorization"] = f"Basic {credentials}"
        self._client = HttpClient(timeout_s, tls=tls)

    async def write(self, gzipped: bytes) -> Reply:
        return await self._client.post(self._url, gzipped, self._headers)

    async def close(self) -> None:
        await self._client.close()
