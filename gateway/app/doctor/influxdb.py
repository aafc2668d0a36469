"""An InfluxDB: reached, which version, our account, the place for points, the right.

The right to write is tried with an empty body: each version looks at account, place
and right before it looks at the points, and then has none to write.
"""

import base64
from collections.abc import AsyncIterator, Iterator
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp

from gateway.app.doctor.asking import Asking, Heard, asking
from gateway.app.doctor.clock import compared
from gateway.app.doctor.findings import Area, Finding
from gateway.app.doctor.reach import in_the_clear, unreachable
from gateway.settings import Influxdb

_DAY_S: Final = 86_400
_WORLD: Final = (aiohttp.ClientError, TimeoutError, OSError, ValueError)


async def examine(sink: Influxdb, rating_days: int) -> AsyncIterator[Finding]:
    """Findings about one sink; `rating_days` is how long points should stay."""
    area = Area(f"influxdb {sink.name}")
    parts = urlsplit(sink.url)
    try:
        async with asking(sink.request_timeout_s) as service:
            ping = await service.ask("GET", f"{_base(sink)}/ping")
            yield spoken(area, sink.url, ping)
            host, tls = parts.hostname or "", parts.scheme == "https"
            for remark in in_the_clear(area, sink.url, host, tls=tls):
                yield remark
            if ping.ahead_s is not None:
                yield compared(sink.name, ping.ahead_s)
            written = await _write_nothing(service, sink)
            yield right(area, sink, written)
            if written.status == HTTPStatus.NO_CONTENT:
                for finding in kept(area, await _kept_s(service, sink), rating_days):
                    yield finding
    except _WORLD as error:
        yield unreachable(area, sink.url, error)


def spoken(area: Area, url: str, ping: Heard) -> Finding:
    """Whether it is an InfluxDB, and which."""
    version = ping.headers.get("X-Influxdb-Version")
    if version:
        return area.ok("reach", f"{url}: InfluxDB {version}")
    if ping.status < HTTPStatus.BAD_REQUEST:
        return area.ok("reach", f"{url} answers; it names no version of InfluxDB")
    advice = "is it the right url? /ping should answer 204"
    return area.warn("reach", f"{url}/ping answers {ping.status}", advice)


def right(area: Area, sink: Influxdb, written: Heard) -> Finding:
    """What the answer to an empty write says about account, place and right."""
    place = _place(sink)
    detail = f"writing to {place} is answered {written.status} {written.text()}".strip()
    match written.status:
        case HTTPStatus.NO_CONTENT | HTTPStatus.OK:
            return area.ok("write", f"points may be written to {place}")
        case HTTPStatus.UNAUTHORIZED:
            account = (
                "token (token_file)" if sink.api == "v2" else "user name, password"
            )
            return area.fail("write", detail, f"correct {account}")
        case HTTPStatus.FORBIDDEN:
            return area.fail("write", detail, "grant the account the right to write")
        case HTTPStatus.NOT_FOUND:
            return area.fail("write", detail, _missing(sink))
        case HTTPStatus.BAD_REQUEST | HTTPStatus.UNPROCESSABLE_ENTITY:
            advice = "this server minds an empty write: the first rating will show"
            return area.warn("write", detail, advice)
        case _:
            return area.fail("write", detail, "look at its log; is it the right url?")


def kept(area: Area, kept_s: int | None, rating_days: int) -> Iterator[Finding]:
    """How long points stay there: 0 s is for ever, None is not known."""
    if kept_s is None:
        yield area.ok("retention", "not shown to our account")
    elif kept_s == 0:
        yield area.ok("retention", "points are kept for ever")
    elif kept_s < rating_days * _DAY_S:
        detail = f"points are dropped after {kept_s / _DAY_S:g} days"
        advice = f"keep them for rating_days ({rating_days}), or lower that"
        yield area.warn("retention", detail, advice)
    else:
        yield area.ok("retention", f"points are kept for {kept_s / _DAY_S:g} days")


def _base(sink: Influxdb) -> str:
    return sink.url.rstrip("/")


def _place(sink: Influxdb) -> str:
    return f"bucket {sink.bucket}" if sink.api == "v2" else f"database {sink.database}"


def _missing(sink: Influxdb) -> str:
    if sink.api == "v1":
        return f'make it there: CREATE DATABASE "{sink.database}"'
    return 'make the bucket, correct org and bucket, or take api = "v1" (before 1.8)'


async def _write_nothing(service: Asking, sink: Influxdb) -> Heard:
    if sink.api == "v1":
        url, query = f"{_base(sink)}/write", {"db": sink.database, "precision": "ns"}
    else:
        url = f"{_base(sink)}/api/v2/write"
        query = {"org": sink.org, "bucket": sink.bucket, "precision": "ns"}
    return await service.ask("POST", url, headers=_login(sink), query=query, body=b"")


async def _kept_s(service: Asking, sink: Influxdb) -> int | None:
    if sink.api == "v1":
        query = {"q": f'SHOW RETENTION POLICIES ON "{sink.database}"'}
        url = f"{_base(sink)}/query"
        heard = await service.ask("GET", url, headers=_login(sink), query=query)
        return _policy_s(heard.json())
    query = {"org": sink.org, "name": sink.bucket}
    url = f"{_base(sink)}/api/v2/buckets"
    heard = await service.ask("GET", url, headers=_login(sink), query=query)
    return _rule_s(heard.json())


def _policy_s(body: Any) -> int | None:  # noqa: ANN401 -- whatever it answers
    """The default policy's duration, "720h0m0s", in seconds."""
    try:
        (series,) = body["results"][0]["series"]
        rows = [
            dict(zip(series["columns"], row, strict=True)) for row in series["values"]
        ]
        (duration,) = (row["duration"] for row in rows if row["default"])
        hours, _, rest = duration.rpartition("h")
        minutes, _, seconds = rest.removesuffix("s").rpartition("m")
        return int(hours or 0) * 3600 + int(minutes or 0) * 60 + int(seconds)
    except (AttributeError, LookupError, TypeError, ValueError):
        return None


def _rule_s(body: Any) -> int | None:  # noqa: ANN401 -- as above
    try:
        (bucket,) = body["buckets"]
        return min(
            (int(rule["everySeconds"]) for rule in bucket["retentionRules"]), default=0
        )
    except (AttributeError, LookupError, TypeError, ValueError):
        return None


def _login(sink: Influxdb) -> dict[str, str]:
    if sink.api == "v2":
        token = sink.token.get_secret_value() if sink.token else ""
        return {"Authorization": f"Token {token}"}
    if sink.username is None:
        return {}
    password = sink.password.get_secret_value() if sink.password else ""
    pair = base64.b64encode(f"{sink.username}:{password}".encode()).decode()
    return {"Authorization": f"Basic {pair}"}
