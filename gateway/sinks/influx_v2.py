"""The v2 write API of InfluxDB; a module of its own: the client takes 20 MB."""

import ssl
from typing import Final

import aiohttp
from influxdb_client.client.influxdb_client_async import InfluxDBClientAsync
from influxdb_client.rest import ApiException
from influxdb_client.service.write_service import WriteService

from gateway.sinks.answers import DETAIL_BYTES_MAX, Reply
from gateway.sinks.http import CONNECTIONS_MAX

_TEXT: Final = "text/plain; charset=utf-8"


class InfluxV2:
    """`/api/v2/write` of InfluxDB 2, 3 and 1.8+ through the official client.

    The client's own service call, one level below its `WriteApi`: the lines are made,
    and compressed at a cheaper level, before they come here.
    """

    def __init__(  # noqa: PLR0913 -- where, as whom, how long
        self,
        url: str,
        *,
        org: str,
        bucket: str,
        token: str,
        timeout_s: float = 10.0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._url = url
        self._org = org
        self._bucket = bucket
        self._token = token
        self._timeout = aiohttp.ClientTimeout(total=timeout_s)
        self._tls = tls
        self._client: InfluxDBClientAsync | None = None

    async def write(self, gzipped: bytes) -> Reply:
        if self._client is None:
            self._client = InfluxDBClientAsync(
                self._url,
                token=self._token,
                org=self._org,
                timeout=self._timeout,
                connection_pool_maxsize=CONNECTIONS_MAX,
                ssl_context=self._tls,
                allow_redirects=False,
            )
        try:
            service = WriteService(self._client.api_client)  # type: ignore[no-untyped-call]
            _, status, headers = await service.post_write_async(  # type: ignore[no-untyped-call]
                org=self._org,
                bucket=self._bucket,
                body=gzipped,
                precision="ns",
                content_encoding="gzip",
                content_type=_TEXT,
                async_req=False,
                _return_http_data_only=False,
            )
        except ApiException as error:
            body = (error.body or b"")[:DETAIL_BYTES_MAX]
            return Reply(error.status, error.headers or {}, body)
        return Reply(status, headers, b"")

    async def close(self) -> None:
        if self._client is not None:
            await self._client.close()  # type: ignore[no-untyped-call]
            self._client = None
