"""Who lacks the scope `contact` sees of a payload what tells of nobody."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.console.payloads import hidden
from tests.support.folded_api import FoldedApi
from tests.support.folding import element, message

NAMES = ("comment", "contact")
SECRETS = ("S3CRET-1", "S3CRET-2", "S3CRET-3")
TEXTS = [
    {"comment": SECRETS[0], "contact": {"kind": "phone", "value": SECRETS[1]}},
    [{"data": {"comment": SECRETS[0]}}, {"contact": SECRETS[1]}],
]


@pytest.mark.parametrize("body", TEXTS)
def test_values_are_hidden_at_any_depth(body: object) -> None:
    shown = hidden(json.dumps(body).encode(), "utf-8", NAMES)
    assert shown is not None
    assert b"S3CRET" not in shown
    assert b'"comment": "***"' in shown


@pytest.mark.parametrize(
    ("payload", "shown"),
    [
        (b'{"level": 9}', b'{"level": 9}'),
        (b'{"level": 9', b'{"level": 9'),
        (b"\xff\x00", b"\xff\x00"),
        (b'{"comment": "S3CRET', None),
        (b'{"\\u0063omment": "S3CRET', None),
    ],
)
def test_what_is_no_json_is_withheld_when_it_may_tell(
    payload: bytes, shown: bytes | None
) -> None:
    assert hidden(payload, "utf-8", NAMES) == shown


@pytest.mark.parametrize("depth", [300, 700, 5_000])
def test_what_is_too_deep_is_shown_when_it_tells_of_nobody(depth: int) -> None:
    deep, told = b"[" * depth + b"]" * depth, b'{"comment": "S3CRET"}'
    assert hidden(deep, "utf-8", NAMES) == deep
    shown = hidden(b"[" * depth + told + b"]" * depth, "utf-8", NAMES)
    assert shown is None or b"S3CRET" not in shown


@pytest.mark.parametrize("last", ["null", '"S3CRET-2"'])
def test_a_name_that_is_told_twice_tells_nothing_the_first_time(last: str) -> None:
    payload = f'{{"level": 1, "comment": "S3CRET-1", "comment": {last}}}'.encode()
    shown = hidden(payload, "utf-8", NAMES)
    assert shown is not None
    assert b"S3CRET" not in shown
    assert b'"level": 1' in shown


@pytest.fixture
def api(tmp_path: Path) -> Iterator[FoldedApi]:
    api = FoldedApi(tmp_path)
    api.world.rules()
    told = {
        "comment": SECRETS[0],
        "contact": {"kind": "phone", "value": SECRETS[1]},
    }
    now_ms = api.world.clock.wall_ms()
    for body in (
        element("event-0001", 1, **told),
        element("event-0001", 2, **told),
        element("event-0002", 9, **told),
        element("event-0003", 1, comment=SECRETS[2] * 100),
        element("event-0004", ..., comment_for="event-0001", comment=SECRETS[2]),
    ):
        api.world.take(message("d-1", body, now_ms))
    yield api
    api.close()


PATHS = [
    "quarantine",
    "quarantine/1",
    "ratings",
    "ratings/d-1:event-0001",
    "sessions",
    "alerts",
    "devices",
    "devices/d-1",
    "followups",
    "pipeline",
    "deadletters",
    "statistics?from=2026-11-01T00:00:00Z&to=2026-12-01T00:00:00Z",
    "ratings/d-1:event-0001/explain",
]


@pytest.mark.parametrize("path", PATHS)
async def test_no_list_and_no_item_tells_of_a_person(
    api: FoldedApi, path: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """But to the scope `contact`: in bodies, and in what payloads they hold."""
    scopes = ("read", "operate", "audit", "admin", "appraisal")
    text = api.tokens.create("viewer", scopes, None, 0)
    headers = {"Authorization": f"Bearer {text}"}
    answer = await api.ask("GET", f"/api/v1/{path}", headers=headers)
    assert answer.status_code in {200, 404}
    body = answer.text
    for item in answer.json().get("items", [answer.json()]):
        raw = item.get("payload_base64") if isinstance(item, dict) else None
        body += base64.b64decode(raw).decode() if raw else ""
    assert "S3CRET" not in body
    assert "S3CRET" not in capfd.readouterr().out


@pytest.mark.parametrize("is_known", [True, False])
async def test_what_a_profile_once_called_a_comment_is_hidden_for_ever(
    api: FoldedApi, monkeypatch: pytest.MonkeyPatch, *, is_known: bool
) -> None:
    """Whichever profile holds now; withheld where the journal lost what held then."""
    now_ms = api.world.clock.wall_ms()
    fields = {"level": "level", "comment": "data.备注"}
    old = {"charset": "gbk", "channels": {"rating": {"fields": fields}}}
    api.world.act("profiles_applied", {"profiles": {"p": old}})
    refused = element("event-0009", 9)
    refused["data"] = {"备注": "S3CRET"}
    body = json.dumps(refused, ensure_ascii=False).encode("gbk")
    api.world.take(message("d-1", body, now_ms))
    api.world.act("profiles_applied", {"profiles": {}})
    if not is_known:
        monkeypatch.setattr(api, "at", lambda _: {})
    headers = {"Authorization": f"Bearer {api.tokens.create('v', ['read'], None, 0)}"}
    for path in ("quarantine", "devices/d-1/messages"):
        answer = await api.ask("GET", f"/api/v1/{path}", headers=headers)
        shown = answer.json()["items"][0]["payload_base64"]
        assert (shown is not None) == is_known
        assert b"S3CRET" not in base64.b64decode(shown or "")


async def test_the_scope_contact_sees_the_payload(api: FoldedApi) -> None:
    item = (await api.get("/api/v1/quarantine/1")).json()
    assert SECRETS[0] in base64.b64decode(item["payload_base64"]).decode()
