"""Whatever the contract allows, and more, is answered as the contract says."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.tokens import SCOPES, Token
from tests.support.api import bearer, contract
from tests.support.folded_api import FoldedApi
from tests.support.requests_of import Request, operations, requests

ELSEWHERE = "zz-south"
"""Stands in the id of everything that lies outside of the token's site."""

ENDLESS = "/api/v1/events"
OPERATIONS = [one for one in operations(contract()) if one.path != ENDLESS]
NAMES = [
    "hall",
    "d-hall",
    "event-hall",
    "d-hall:event-hall",
    "A-hall",
    "main",
    ELSEWHERE,
    f"d-{ELSEWHERE}",
    f"event-{ELSEWHERE}",
    f"d-{ELSEWHERE}:event-{ELSEWHERE}",
    f"A-{ELSEWHERE}",
    "1",
    "2",
    "%00",
    "终端",
]
BOUNDS = settings(
    deadline=None,
    max_examples=100,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture
def api(tmp_path: Path) -> Iterator[FoldedApi]:
    """A device with a rating, an alert and a bad message at each of two sites."""
    api = FoldedApi(tmp_path)
    world = api.world
    world.act(
        "sinks_applied",
        {"sinks": [{"name": "main", "kind": "influxdb", "events": ["*"]}]},
    )
    world.rules()
    for site in ("hall", ELSEWHERE):
        rows = {"table": "sites", "rows": [{"id": site}]}
        world.act("registry_put", {"author": "test", **rows})
        world.act("device_put", {"device": {"device_id": f"d-{site}", "site": site}})
        pressed = {"event_id": f"event-{site}", "level": 5, "session_id": f"A-{site}"}
        world.publish(f"d-{site}", pressed, b"{" + site.encode())
        world.publish(f"d-{site}", {**pressed, "level": 1})
    yield api
    api.close()


def ask(
    api: FoldedApi, request: Request, headers: dict[str, str] | None = None
) -> httpx.Response:
    sent = {**request.headers, **(headers or {})}
    content = None
    if request.kind is not None:
        sent["Content-Type"] = request.kind
        content = request.body if isinstance(request.body, str) else None
        if content is None or request.kind == "application/json":
            content = json.dumps(request.body)
    return asyncio.run(
        api.ask(
            request.operation.method,
            request.path,
            params=request.query,
            headers=sent,
            content=content,
        )
    )


@BOUNDS
@given(request=requests(contract(), OPERATIONS, NAMES))
def test_no_request_breaks_the_gateway_or_its_contract(
    api: FoldedApi, request: Request
) -> None:
    answer = ask(api, request)  # checked against the contract there
    assert answer.status_code < 500
    if answer.status_code >= 400:
        assert answer.json()["code"]


@BOUNDS
@given(
    request=requests(contract(), [one for one in OPERATIONS if one.scopes], NAMES),
    scopes=st.sets(st.sampled_from(SCOPES), min_size=1).map(sorted),
)
def test_no_token_reaches_beyond_its_scopes_and_its_site(
    api: FoldedApi, request: Request, scopes: list[str]
) -> None:
    for known in api.tokens.all():
        api.tokens.revoke(known.name)
    text = api.tokens.create("bound", scopes, "hall", 0)
    before = api.world.journal.last_number()
    answer = ask(api, request, bearer(text))
    (token,) = api.tokens.all()
    assert answer.status_code < 500
    if not any(map(token.allows, request.operation.scopes)):
        assert answer.status_code == 403
    if answer.status_code >= 400 and request.operation.method == "GET":
        assert api.world.journal.last_number() == before
    _stays_in_sight(api, request, answer, token)


def _stays_in_sight(
    api: FoldedApi, request: Request, answer: httpx.Response, token: Token
) -> None:
    assert token.site == "hall"
    asked = f"{request.path} {request.query} {request.body}"
    if ELSEWHERE not in asked:
        assert ELSEWHERE not in answer.text
    south = api.world.all(
        "SELECT lifecycle, site FROM device WHERE device_id = ?", f"d-{ELSEWHERE}"
    )
    assert south == [("active", ELSEWHERE)]
    levels = api.world.one(
        "SELECT count(*) FROM rating JOIN binding ON no = binding"
        " WHERE site = ? AND void IS NULL",
        ELSEWHERE,
    )
    assert levels == 1
