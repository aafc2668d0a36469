"""Who may do what: tokens, scopes, and the sites that they are bound to."""

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from gateway.console.app import PREFIX
from tests.support import requests_of
from tests.support.api import Api, bearer, contract

PROBES = {"/livez", "/readyz", "/metrics"}


def operations() -> Iterator[tuple[str, str, str | None]]:
    """Method, path and scope of each operation of the contract."""
    for one in requests_of.operations(contract()):
        filled = one.path
        for name in ("rating_id", "device_id", "session_key", "name"):
            filled = filled.replace(f"{{{name}}}", "none-0001")
        for name in ("alert_id", "item_id", "letter_id"):
            filled = filled.replace(f"{{{name}}}", "1")
        yield one.method, filled, next(iter(one.scopes), None)


class Bound(Api):
    """Two sites below a region, another beside it, and one of each thing there."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        for site, parent in (("north", None), ("hall", "north"), ("south", None)):
            row = json.dumps({"id": site, "parent": parent})
            self.ledger.execute(
                f"INSERT INTO registry_row VALUES ('sites', '{site}', '{row}')"
            )
        for number, site in enumerate(("hall", "south"), 1):
            device = f"d-{site}"
            self.ledger.device(device, site=site)
            place = self.ledger.rating(device, f"event-{site}", site=site)
            self.ledger.session(number, f"A-{site}", site=site, ratings=[place])
            self.ledger.quarantine(number, device_id=device)
            self.ledger.alert(f"cause-{site}", site=site)
            names = {"site": site, "department": f"unlisted-{site}"}
            row = json.dumps({"id": f"w-{site}", **names})
            self.ledger.execute(
                f"INSERT INTO registry_row VALUES ('windows', 'w-{site}', '{row}')"
            )
        row = json.dumps({"id": "tax", "site": "south"})
        self.ledger.execute(
            f"INSERT INTO registry_row VALUES ('departments', 'tax', '{row}')"
        )
        self.ledger.device("d-desk", site="south", window="desk-south")
        self.ledger.device("d-far", site="unlisted", window="desk-far")


@pytest.fixture
def bound(tmp_path: Path) -> Iterator[Bound]:
    api = Bound(tmp_path)
    yield api
    api.close()


def test_every_operation_but_the_probes_names_its_scope() -> None:
    open_ones = {path for _, path, scope in operations() if scope is None}
    assert open_ones == PROBES


async def test_without_a_token_nothing_is_told(api: Api) -> None:
    api.tokens.create("a", ["appraisal"], None, 0)
    for method, path, scope in operations():
        if scope is not None:
            answer = await api.ask(method, path, json={})
            assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")
            assert answer.headers["www-authenticate"] == "Bearer"
    assert api.submissions.records == []


async def test_another_scope_does_not_do(api: Api) -> None:
    text = api.tokens.create("a", ["appraisal"], None, 0)
    for method, path, scope in operations():
        if scope is not None:
            answer = await api.ask(method, path, headers=bearer(text))
            assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
            assert scope in answer.json()["detail"]
    assert api.submissions.records == []


@pytest.mark.parametrize(
    "header", ["Bearer wrong", "Basic YTpi", "Bearer ", "nonsense", "Bearer \xff"]
)
async def test_what_is_shown_and_not_known_never_counts_as_nothing(
    api: Api, header: str
) -> None:
    headers = httpx.Headers({"Authorization": header}, encoding="latin-1")
    answer = await api.ask("GET", "/api/v1/ratings", headers=headers)
    assert answer.status_code == 401


async def test_a_revoked_token_is_void_at_once(api: Api) -> None:
    keep = api.tokens.create("keep", ["read"], None, 0)
    text = api.tokens.create("a", ["read"], None, 0)
    path = "/api/v1/ratings"
    assert (await api.ask("GET", path, headers=bearer(text))).status_code == 200
    api.tokens.revoke("a")
    assert (await api.ask("GET", path, headers=bearer(text))).status_code == 401
    assert (await api.ask("GET", path, headers=bearer(keep))).status_code == 200


async def test_tokens_that_cannot_be_read_let_nobody_in(api: Api) -> None:
    api.tokens.create("a", ["read"], None, 0)
    path = next(api.run_dir.glob("tokens.json"))
    path.write_text("broken")
    answer = await api.ask("GET", "/api/v1/ratings")
    assert answer.status_code == 401
    shown = await api.ask("GET", "/api/v1/ratings", headers=bearer("evg_x"))
    assert (shown.status_code, shown.json()["code"]) == (503, "tokens_unreadable")


async def test_probes_and_the_contract_need_no_token(api: Api) -> None:
    api.tokens.create("a", ["read"], None, 0)
    for path in (*PROBES, f"{PREFIX}/openapi.json", f"{PREFIX}/docs"):
        assert (await api.get(path)).status_code == 200


async def test_once_there_are_tokens_any_name_of_ours_will_do(api: Api) -> None:
    text = api.tokens.create("a", ["read"], None, 0)
    headers = {"Host": "gateway.example:8700", **bearer(text)}
    answer = await api.ask("GET", "/api/v1/ratings", headers=headers)
    assert answer.status_code == 200


LISTS = [
    ("ratings", "device_id"),
    ("sessions", "site"),
    ("devices", "device_id"),
    ("alerts", "cause"),
    ("quarantine", "device_id"),
    ("windows", "id"),
]


async def test_lists_show_what_lies_below_the_token_s_site(bound: Bound) -> None:
    headers = bearer(bound.tokens.create("a", ["read"], "north", 0))
    for path, field in LISTS:
        answer = await bound.ask("GET", f"/api/v1/{path}", headers=headers)
        found = {item[field].rpartition("-")[2] for item in answer.json()["items"]}
        assert (path, found) == (path, {"hall"})


async def test_the_tree_of_sites_is_shown_from_the_token_s_site_down(
    bound: Bound,
) -> None:
    text = bound.tokens.create("a", ["read"], "north", 0)
    answer = await bound.ask("GET", "/api/v1/sites", headers=bearer(text))
    assert [item["id"] for item in answer.json()["items"]] == ["hall", "north"]


SINGLE = [
    ("ratings/event-hall", "ratings/event-south"),
    ("ratings/d-hall:event-hall", "ratings/d-south:event-south"),
    ("sessions/A-hall", "sessions/A-south"),
    ("sessions/hall:A-hall:0:1", "sessions/south:A-south:0:1"),
    ("devices/d-hall", "devices/d-south"),
    ("quarantine/1", "quarantine/2"),
]


async def test_single_items_outside_are_not_found(bound: Bound) -> None:
    headers = bearer(bound.tokens.create("a", ["read"], "north", 0))
    for inside, outside in SINGLE:
        found = await bound.ask("GET", f"/api/v1/{inside}", headers=headers)
        assert (inside, found.status_code) == (inside, 200)
        hidden = await bound.ask("GET", f"/api/v1/{outside}", headers=headers)
        assert (outside, hidden.status_code) == (outside, 404)
        assert hidden.json()["code"] == "not_found"


LATER = "2026-11-21T13:00:00Z"
SINCE = {"from": "2026-11-20T00:00:00Z"}
OWN = {"event_id": "web-00001", "site": "hall", "level": 5}
OUTSIDE: list[tuple[str, str, object, int]] = [
    ("POST", "devices/d-south/retire", {}, 404),
    ("POST", "devices/d-hall/approve", {"site": "south"}, 403),
    ("PUT", "devices/d-south", {"site": "hall"}, 404),
    ("PUT", "devices/d-hall", {"site": "south"}, 403),
    ("PUT", "devices/d-hall", {"site": None}, 403),
    ("PUT", "devices/d-new", {}, 403),
    ("POST", "alerts/2/confirm", {}, 404),
    ("POST", "alerts/2/resolve", {}, 404),
    ("GET", "alerts/2", None, 404),
    ("POST", "maintenance-windows", {"site": "south", "until": LATER}, 403),
    ("POST", "maintenance-windows", {"device_id": "d-south", "until": LATER}, 404),
    ("POST", "ratings/event-south/void", {"reason": "x"}, 404),
    ("GET", "ratings/event-south/contact", None, 404),
    ("POST", "ratings", {"event_id": "web-00001", "site": "south"}, 403),
    ("POST", "ratings", {"event_id": "web-00001", "window": "w-south"}, 403),
    ("POST", "ratings", {"event_id": "web-00001", "window": "none"}, 403),
    ("PUT", "sites", {"id": "south", "parent": "hall"}, 403),
    ("PUT", "sites", {"id": "west"}, 403),
    ("PUT", "windows", {"id": "w-south", "site": "hall"}, 403),
    ("PUT", "windows", {"id": "w-hall", "site": "south"}, 403),
    ("PUT", "employees", {"id": "0042"}, 403),
    ("PUT", "sites", {"id": "north", "parent": "south"}, 403),
    ("PUT", "sites", {"id": "hall"}, 403),
    ("PUT", "sites", {"id": "unlisted", "parent": "hall"}, 403),
    ("PUT", "departments", {"id": "unlisted-south", "site": "hall"}, 403),
    ("PUT", "windows", {"id": "desk-south", "site": "hall"}, 403),
    ("PUT", "windows", {"id": "w-hall", "site": "hall", "department": "tax"}, 403),
    ("PUT", "bindings", {"device_id": "d-south", "window": "w-hall", **SINCE}, 403),
    ("PUT", "devices/d-hall", {"window": "w-south"}, 403),
    ("PUT", "devices/d-new", {"site": "hall", "window": "desk-south"}, 403),
    ("POST", "devices/d-hall/approve", {"window": "w-south"}, 403),
    ("POST", "ratings", {**OWN, "window": "desk-south"}, 403),
    ("POST", "ratings", {**OWN, "amends": "d-south:event-south"}, 403),
    ("POST", "ratings", {**OWN, "amends": "d-south:event-later"}, 403),
    ("POST", "ratings", {**OWN, "comment_for": "d-south:event-south"}, 403),
    ("POST", "quarantine/purge", {"reason": "not_json"}, 403),
    ("GET", "deadletters", None, 403),
    ("POST", "deadletters/purge", {"sink": "main"}, 403),
    ("POST", "sinks/main/enable", None, 403),
    (
        "POST",
        "sinks/main/replay",
        {"from": "2026-11-20T00:00:00Z", "to": "2026-11-21T00:00:00Z"},
        403,
    ),
]


async def test_nothing_outside_is_changed(bound: Bound) -> None:
    scopes = ["admin", "audit", "contact"]
    headers = bearer(bound.tokens.create("a", scopes, "north", 0))
    for method, path, body, status in OUTSIDE:
        url = f"/api/v1/{path}"
        answer = await bound.ask(method, url, json=body, headers=headers)
        assert (path, body, answer.status_code) == (path, body, status)
        assert bound.submissions.records == []


INSIDE: list[tuple[str, str, object]] = [
    ("PUT", "sites", {"id": "north", "name": "North"}),
    ("PUT", "sites", {"id": "hall", "parent": "north", "name": "Hall"}),
    ("PUT", "departments", {"id": "unlisted-hall", "site": "hall"}),
    ("PUT", "departments", {"id": "new", "site": "hall"}),
    ("PUT", "windows", {"id": "w-hall", "site": "hall", "department": "new"}),
    ("PUT", "bindings", {"device_id": "d-hall", "window": "w-hall", **SINCE}),
    ("PUT", "devices/d-hall", {"window": "w-new"}),
    ("POST", "ratings", {**OWN, "window": "w-hall", "amends": "d-hall:event-hall"}),
    ("POST", "ratings", {**OWN, "comment_for": "event-unheard-of"}),
]


async def test_what_lies_inside_is_changed(bound: Bound) -> None:
    headers = bearer(bound.tokens.create("a", ["admin"], "north", 0))
    for number, (method, path, body) in enumerate(INSIDE, 1):
        url = f"/api/v1/{path}"
        answer = await bound.ask(method, url, json=body, headers=headers)
        assert (path, body, answer.status_code) == (path, body, 202)
        assert len(bound.submissions.records) == number


async def test_a_bound_import_refuses_the_windows_of_others(bound: Bound) -> None:
    headers = bearer(bound.tokens.create("a", ["operate"], "north", 0))
    table = "device_id,window\nd-hall,desk-south\nd-hall2,w-hall\n"
    answer = await bound.ask(
        "POST",
        "/api/v1/devices/import?dry_run=true",
        content=table,
        headers={**headers, "Content-Type": "text/csv"},
    )
    errors = answer.json()["errors"]
    assert errors == [
        {"line": line, "detail": "outside of the site north"} for line in (2, 3)
    ]


async def test_a_rating_of_a_bound_token_counts_at_its_site(bound: Bound) -> None:
    headers = bearer(bound.tokens.create("queue", ["operate"], "hall", 0))
    body = {"event_id": "web-00001", "level": 5}
    await bound.ask("POST", "/api/v1/ratings", json=body, headers=headers)
    (record,) = bound.submissions.records
    assert record.topic == "http-queue/rating"
    assert json.loads(record.payload)["site"] == "hall"


async def test_an_event_id_is_unique_within_what_is_seen(bound: Bound) -> None:
    bound.ledger.rating("d-south", "event-hall", site="south", block=9)
    assert (await bound.get("/api/v1/ratings/event-hall")).status_code == 409
    headers = bearer(bound.tokens.create("a", ["read"], "north", 0))
    answer = await bound.ask("GET", "/api/v1/ratings/event-hall", headers=headers)
    assert answer.json()["device_id"] == "d-hall"
