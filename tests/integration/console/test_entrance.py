"""Logging in and out, and what a log-in allows, without a browser."""

import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import httpx
import pytest
from starlette.types import Message

from gateway.console.front import Front
from gateway.console.logins import IDLE_MS_MAX
from gateway.console.throttle import FREE, WAIT_MS
from gateway.errors import PermanentError, TransientError
from gateway.ports import Record
from gateway.users import FILE_NAME, Grant, Users
from tests.support.folded_api import FoldedApi

URL = "http://127.0.0.1:8700"
PASSWORD = "correct horse battery"
HTML = {"Accept": "text/html"}


class Visitor:
    """A browser without a picture: keeps cookies, follows nothing."""

    def __init__(self, front: Front, address: str = "10.0.0.9") -> None:
        transport = httpx.ASGITransport(front, client=(address, 5000))
        self.http = httpx.AsyncClient(transport=transport, base_url=URL)

    async def log_in(
        self, name: str, password: str = PASSWORD, to: str = "/login", **headers: str
    ) -> httpx.Response:
        form = {"user": name, "password": password}
        return await self.http.post(to, data=form, headers=headers)

    @property
    def cookie(self) -> str | None:
        return self.http.cookies.get("evalgate_8700")


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A user of each role; hashes take their time, so they are made once."""
    path = tmp_path_factory.mktemp("users") / FILE_NAME
    users = Users(path)
    for role in ("viewer", "operator"):
        users.create(role, PASSWORD, Grant(role), 0)
    return path


@pytest.fixture
def front(api: FoldedApi, known: Path, tmp_path: Path) -> Front:
    shutil.copy(known, tmp_path / FILE_NAME)
    return Front(api.app, api.world.clock, "hall")


@pytest.fixture
def visitor(front: Front) -> Visitor:
    return Visitor(front)


async def test_a_page_asks_who_is_there_and_leads_back(visitor: Visitor) -> None:
    answer = await visitor.http.get("/devices/x?tab=a", headers=HTML)
    assert (answer.status_code, answer.headers["location"]) == (
        303,
        "/login?next=/devices/x%3Ftab%3Da",
    )
    form = await visitor.http.get(answer.headers["location"])
    action = re.search(r'action="([^"]*)"', form.text)
    assert action is not None
    done = await visitor.log_in("viewer", to=action[1])
    assert (done.status_code, done.headers["location"]) == (303, "/devices/x?tab=a")


@pytest.mark.parametrize(
    "wanted", ["//evil.example", "/\\evil.example", "https://evil.example", "/a\r\nb"]
)
async def test_nobody_is_led_elsewhere(visitor: Visitor, wanted: str) -> None:
    answer = await visitor.http.post(
        "/login",
        params={"next": wanted},
        data={"user": "viewer", "password": PASSWORD},
    )
    assert answer.headers["location"] == "/"


async def test_the_cookie_is_for_requests_alone(visitor: Visitor) -> None:
    told = (await visitor.log_in("viewer")).headers["set-cookie"].lower()
    assert "httponly" in told
    assert "samesite=lax" in told
    assert "secure" not in told
    secure = await visitor.http.post(
        f"{URL.replace('http', 'https')}/login",
        data={"user": "viewer", "password": PASSWORD},
    )
    assert "secure" in secure.headers["set-cookie"].lower()


async def test_a_name_from_before_the_log_in_is_worth_nothing_after_it(
    visitor: Visitor,
) -> None:
    await visitor.log_in("viewer")
    before = visitor.cookie
    await visitor.log_in("viewer")
    assert visitor.cookie not in {before, None}
    assert before is not None
    visitor.http.cookies.set("evalgate_8700", before, "127.0.0.1")
    assert (await visitor.http.get("/api/v1/pipeline")).status_code == 401


async def test_who_is_logged_in_uses_the_api_as_the_role_allows(
    visitor: Visitor,
) -> None:
    assert (await visitor.http.get("/api/v1/pipeline")).status_code == 401
    await visitor.log_in("viewer")
    assert (await visitor.http.get("/api/v1/pipeline")).status_code == 200
    refused = await visitor.http.post("/api/v1/alerts/1/confirm")
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    await visitor.log_in("operator")
    assert (await visitor.http.post("/api/v1/alerts/1/confirm")).status_code == 404


async def test_a_foreign_page_changes_nothing_with_the_cookie(visitor: Visitor) -> None:
    await visitor.log_in("operator")
    foreign = {"Origin": "http://evil.example"}
    answer = await visitor.http.post("/api/v1/alerts/1/confirm", headers=foreign)
    assert answer.json()["code"] == "foreign_origin"
    assert (await visitor.http.post("/logout", headers=foreign)).status_code == 403
    assert (await visitor.log_in("viewer", **foreign)).status_code == 403
    assert (await visitor.http.get("/api/v1/pipeline")).status_code == 200


async def test_who_has_a_name_that_no_device_can_have_sends_nothing(
    api: FoldedApi, visitor: Visitor, tmp_path: Path
) -> None:
    path = tmp_path / FILE_NAME  # such names were given once
    path.write_text(path.read_text().replace('"name": "operator"', '"name": "li.w"'))
    await visitor.log_in("li.w")
    before = api.world.journal.last_number()
    body = {"event_id": "event-01", "level": 5, "occurred_at": "2026-11-21T12:00:00Z"}
    answer = await visitor.http.post("/api/v1/ratings", json=body)
    assert (answer.status_code, answer.json()["code"]) == (403, "no_device")
    assert api.world.journal.last_number() == before


async def test_a_page_of_another_origin_may_not_even_read_a_page(
    visitor: Visitor,
) -> None:
    await visitor.log_in("viewer")
    for origin in ("http://127.0.0.1:9999", "null"):
        told = {"Origin": origin}
        answer = await visitor.http.get("/_nicegui_ws/socket.io/", headers=told)
        assert (answer.status_code, answer.json()["code"]) == (403, "foreign_origin")


async def test_a_log_out_ends_it(visitor: Visitor) -> None:
    await visitor.log_in("viewer")
    shown = {"Cookie": f"evalgate_8700={visitor.cookie}"}
    answer = await visitor.http.post("/logout")
    assert answer.headers["location"] == "/login"
    assert visitor.cookie is None
    again = await visitor.http.get("/api/v1/pipeline", headers=shown)
    assert again.status_code == 401


@pytest.mark.parametrize("how", ["disabled", "removed", "password", "idle"])
async def test_who_may_no_longer_is_out_at_once(
    api: FoldedApi, visitor: Visitor, how: str
) -> None:
    await visitor.log_in("viewer")
    match how:
        case "disabled":
            api.users.set_disabled("viewer", disabled=True)
        case "removed":
            api.users.remove("viewer")
            api.users.create("viewer", PASSWORD, Grant("viewer"), 0)
        case "password":
            api.users.set_password("viewer", "quite another one")
        case _:
            api.world.clock.advance(IDLE_MS_MAX)
    assert (await visitor.http.get("/api/v1/pipeline")).status_code == 401
    assert len(api.app.state.logins) == 0


async def test_wrong_passwords_make_the_next_try_wait(
    api: FoldedApi, visitor: Visitor, front: Front
) -> None:
    for _ in range(FREE):
        assert (await visitor.log_in("viewer", "wrong")).status_code == 401
    throttled = await visitor.log_in("viewer")
    assert throttled.status_code == 429
    assert int(throttled.headers["retry-after"]) >= 1
    elsewhere = Visitor(front, "10.0.0.10")
    assert (await elsewhere.log_in("viewer")).status_code == 429
    assert (await elsewhere.log_in("operator")).status_code == 303
    api.world.clock.advance(WAIT_MS)
    assert (await visitor.log_in("viewer")).status_code == 303


async def test_what_was_typed_comes_back_as_text(visitor: Visitor) -> None:
    answer = await visitor.log_in('"><script>alert(1)</script>', "wrong")
    assert answer.status_code == 401
    assert "<script" not in answer.text
    assert "script-src" not in answer.headers["content-security-policy"]
    assert "default-src 'none'" in answer.headers["content-security-policy"]


async def test_a_log_in_is_on_record_without_the_password(
    api: FoldedApi, visitor: Visitor
) -> None:
    await visitor.log_in("viewer")
    name = api.world.one("SELECT name FROM act ORDER BY place DESC LIMIT 1")
    author = api.world.one("SELECT author FROM act ORDER BY place DESC LIMIT 1")
    assert (name, author) == ("logged_in", "viewer")
    records = b"".join(
        record.payload
        for block in api.world.journal.blocks(0, 100)
        for record in block.records or []
    )
    assert PASSWORD.encode() not in records


@pytest.mark.parametrize("failure", [TransientError, PermanentError])
async def test_nobody_is_kept_out_while_the_journal_takes_nothing(
    api: FoldedApi,
    visitor: Visitor,
    monkeypatch: pytest.MonkeyPatch,
    failure: type[Exception],
) -> None:
    async def submit(_records: Sequence[Record]) -> tuple[int, int, int]:
        raise failure("not now")

    monkeypatch.setattr(api.world, "submit", submit)
    assert (await visitor.log_in("viewer")).status_code == 303


async def test_a_site_of_users_is_a_bound_as_for_tokens(
    api: FoldedApi, front: Front
) -> None:
    api.users.create("li", PASSWORD, Grant("admin", "north"), 0)
    visitor = Visitor(front)
    await visitor.log_in("li")
    assert (await visitor.http.get("/api/v1/pipeline")).status_code == 200
    answer = await visitor.http.post("/api/v1/quarantine/replay", json={"reason": "x"})
    assert answer.status_code in {403, 422}


async def test_a_socket_without_a_log_in_or_of_a_foreign_page_is_closed(
    front: Front, visitor: Visitor
) -> None:
    assert await closed_with(front, {}) == 4401
    await visitor.log_in("viewer")
    shown = {"cookie": f"evalgate_8700={visitor.cookie}"}
    foreign = {**shown, "origin": "http://evil.example"}
    assert await closed_with(front, foreign) == 1008


async def closed_with(front: Front, headers: dict[str, str]) -> int:
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "websocket",
        "path": "/_nicegui_ws/socket.io/",
        "query_string": b"",
        "client": ("10.0.0.9", 5000),
        "server": ("127.0.0.1", 8700),
        "headers": [
            (b"host", b"127.0.0.1:8700"),
            *((k.encode(), v.encode()) for k, v in headers.items()),
        ],
    }
    await front(scope, receive, send)
    code: int = sent[0]["code"]
    return code


def test_the_library_of_the_pages_is_not_loaded_before_the_first_one() -> None:
    program = (
        "import sys; import gateway.app.console;"
        "sys.exit(any(name in sys.modules for name in ('nicegui', 'argon2')))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
