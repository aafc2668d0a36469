"""A business backend, or a recipient's webhook: address, TLS, its answer to a request.

The request is signed. What is sent is an empty batch of events, or, to an endpoint that
takes single ones, an event of a type that no receiver acts on.
"""

import json
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

import aiohttp

from gateway.app.doctor.asking import Heard, asking
from gateway.app.doctor.clock import compared
from gateway.app.doctor.findings import Area, Finding
from gateway.app.doctor.reach import in_the_clear, unreachable
from gateway.ports import Verdict
from gateway.settings import Backend
from gateway.settings.recipients import Recipient
from gateway.sinks.addresses import AddressRefusedError, AddressRule, CheckedResolver
from gateway.sinks.answers import judge
from gateway.sinks.signing import Signer, webhook_id

_BATCH: Final = "application/cloudevents-batch+json; charset=utf-8"
_SINGLE: Final = "application/cloudevents+json; charset=utf-8"
_PROBE: Final = "evalgate.gateway.probed.v1"
_WORLD: Final = (aiohttp.ClientError, TimeoutError, OSError, ValueError)


Hook = Backend | Recipient


async def examine(
    sink: Hook, gateway_id: str, kind: str = "backend"
) -> AsyncIterator[Finding]:
    """Findings of the area `KIND NAME`; `sink` has a url."""
    assert sink.url is not None, "checked with the settings"
    area = Area(f"{kind} {sink.name}")
    parts = urlsplit(sink.url)
    host = parts.hostname or ""
    rule = AddressRule(
        private=sink.allow_private_addresses, networks=sink.allow_addresses
    )
    if not sink.signing_secrets:
        advice = "set secret_file on both sides: anybody could send such events"
        yield area.warn("secret", "requests are not signed", advice)
    try:
        rule.check(host)
        async with asking(sink.request_timeout_s, CheckedResolver(rule)) as service:
            body, headers = request(sink, gateway_id, time.time())
            heard = await service.ask("POST", sink.url, headers=headers, body=body)
    except AddressRefusedError as error:
        detail, _, advice = str(error).partition(": ")
        yield area.fail("address", detail, advice)
    except _WORLD as error:
        yield unreachable(area, sink.url, error)
    else:
        for remark in in_the_clear(area, sink.url, host, tls=parts.scheme == "https"):
            yield remark
        yield answered(area, sink, heard)
        if heard.ahead_s is not None:
            yield compared(sink.name, heard.ahead_s)


def request(sink: Hook, gateway_id: str, wall_s: float) -> tuple[bytes, dict[str, str]]:
    """A body that changes nothing, and its headers with our signatures."""
    single = isinstance(sink, Recipient) or sink.mode == "single"
    name = f"{_PROBE}:{gateway_id}:{int(wall_s)}"
    event = {
        "specversion": "1.0",
        "id": name,
        "source": f"/gateways/{gateway_id}",
        "type": _PROBE,
        "time": datetime.fromtimestamp(int(wall_s), UTC).isoformat(),
        "data": {},
    }
    body = json.dumps(event if single else []).encode()
    secrets = [one.get_secret_value() for one in sink.signing_secrets]
    headers = Signer(secrets).headers(
        webhook_id("evt" if single else "bat", [name]), int(wall_s), body
    )
    return body, {**headers, "Content-Type": _SINGLE if single else _BATCH}


def answered(area: Area, sink: Hook, heard: Heard) -> Finding:
    """What the answer would mean for an event."""
    detail = f"{sink.url} answers {heard.status} {heard.text()}".strip()
    match judge(heard.status):
        case Verdict.DELIVERED:
            signed = "a signed request" if sink.signing_secrets else "a request"
            return area.ok("answer", f"{sink.url} takes {signed} ({heard.status})")
        case Verdict.RETRY:
            advice = "it would be tried again; look at the receiver's log"
            return area.warn("answer", detail, advice)
        case Verdict.OPERATOR:
            return area.fail("answer", detail, _mend(heard))
        case Verdict.DISABLED:
            advice = "correct the url; then `evalgate sinks enable` sends what is owed"
            return area.fail("answer", detail, advice)
        case Verdict.REFUSED | Verdict.TOO_LARGE:
            advice = (
                "it is there, and minds a request without events: see the first one"
            )
            return area.warn("answer", detail, advice)


def _mend(heard: Heard) -> str:
    match heard.status:
        case HTTPStatus.UNAUTHORIZED | HTTPStatus.FORBIDDEN:
            return "is the secret the same on both sides, and are both clocks right?"
        case HTTPStatus.NOT_FOUND | HTTPStatus.METHOD_NOT_ALLOWED:
            return "correct the path of the url: nothing takes a POST there"
        case HTTPStatus.UNSUPPORTED_MEDIA_TYPE:
            return "let it take CloudEvents, or take the other mode (batch, single)"
        case _ if "Location" in heard.headers:
            return f"redirects are not followed: set url to {heard.headers['Location']}"
        case _:
            return "mend the receiver; until then its events are owed"
