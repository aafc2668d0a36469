"""Every operation of the contract, by every scope, and by tokens bound to a site.

The operations are those of the document, so that none can be forgotten.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from fleet.tables import COLUMNS as TABLES
from gateway.tokens import IMPLIED, SCOPES
from gateway.users import Grant
from tests.support.api import bearer, contract
from tests.support.folded_api import FoldedApi
from tests.support.halls import ELSEWHERE, HERE, MONTH, names, two_halls
from tests.support.requests_of import Operation, operations

PASSWORD: Final = "correct horse battery"
OPEN: Final = {"/livez", "/readyz", "/metrics"}
"""What nobody needs a token for."""

ENDLESS: Final = "/api/v1/events"
EVERYBODY: Final = {
    "/api/v1/pipeline": "how the gateway does concerns all of its sites",
    "/api/v1/journal": "how much is kept belongs to no site",
}
"""What a token bound to a site is told of the whole gateway, and why."""

CLERKS: Final = {
    ("GET", "/api/v1/me"),
    ("GET", "/api/v1/me/figures/{month}"),
    ("GET", "/api/v1/ratings"),
    ("GET", "/api/v1/ratings/{rating_id}"),
    ("GET", "/api/v1/statistics"),
    ("GET", "/api/v1/statistics/composites"),
    ("POST", "/api/v1/ratings/{rating_id}/dispute"),
}
"""All that a clerk may ask for."""

WHOLE: Final = {
    "/api/v1/audit",
    "/api/v1/configuration",
    "/api/v1/verify",
    "/api/v1/deadletters",
    "/api/v1/deadletters/replay",
    "/api/v1/deadletters/purge",
    "/api/v1/quarantine/replay",
    "/api/v1/quarantine/purge",
    "/api/v1/sinks/{name}/enable",
    "/api/v1/sinks/{name}/replay",
    "/api/v1/targets/missed",
}
"""What is refused to every token that is bound to a site: 403 `site_bound`."""

BODIES: Final[Mapping[str, Any]] = {
    "/api/v1/quarantine/replay": {"ids": [1]},
    "/api/v1/quarantine/purge": {"ids": [1]},
    "/api/v1/deadletters/replay": {"sink": "main"},
    "/api/v1/deadletters/purge": {"sink": "main"},
    "/api/v1/sinks/{name}/replay": {
        "from": "2026-11-01T00:00:00Z",
        "to": "2026-11-02T00:00:00Z",
    },
    "/api/v1/ratings": {"event_id": "fresh-0001", "level": 5, "site": ELSEWHERE},
    "/api/v1/sessions": {
        "event_id": "fresh-0002",
        "session_id": "A-1",
        "action": "opened",
        "device_id": f"d-{ELSEWHERE}",
    },
    "/api/v1/ratings/{rating_id}/void": {"reason": "mistake"},
    "/api/v1/ratings/{rating_id}/erase": {"reason": "asked for"},
    "/api/v1/ratings/{rating_id}/dispute": {"reason": "not mine"},
    "/api/v1/ratings/{rating_id}/decide": {"outcome": "voided", "reason": "true"},
    "/api/v1/alerts/{alert_id}/snooze": {"until": "2026-11-21T13:00:00Z"},
    "/api/v1/sites": [{"id": ELSEWHERE, "name": "taken"}],
    "/api/v1/departments": [{"id": f"dep-{ELSEWHERE}", "site": HERE}],
    "/api/v1/windows": [{"id": f"w-{ELSEWHERE}", "site": HERE}],
    "/api/v1/employees": [{"id": f"e-{ELSEWHERE}", "pseudonym": "taken"}],
    "/api/v1/bindings": [
        {"device_id": f"d-{HERE}", "window": f"w-{ELSEWHERE}", "from": "2026-01-01"}
    ],
    "/api/v1/closures": [{"site": ELSEWHERE, "from": "2026-12-24"}],
    "/api/v1/devices/{device_id}/commands": {"command": "identify"},
    "/api/v1/devices/{device_id}/settings": {"desired": {}},
    "/api/v1/maintenance-windows": {
        "site": ELSEWHERE,
        "until": "2026-11-21T13:00:00Z",
    },
    "/api/v1/inspections": {"device_id": f"d-{ELSEWHERE}", "operator": "bob"},
    "/api/v1/spot-checks": {"seed": "s", "count": 1, "site": ELSEWHERE},
    "/api/v1/samples/{sample_id}/findings": {
        "findings": [{"member": f"d-{ELSEWHERE}:event-{ELSEWHERE}", "matches": True}]
    },
    "/api/v1/inspection-plans": {
        "plan_id": f"plan-{ELSEWHERE}",
        "scope": "device",
        "subject": f"d-{ELSEWHERE}",
        "every_days": 30,
    },
    "/api/v1/samples": {
        "filter": {"site": ELSEWHERE},
        "volume": 1,
        "unrated_share": "0.30",
        "seed": "s",
    },
}
"""What asks for a change at the other hall, where an empty object does not."""

SHEETS: Final = {
    "devices": ("device_id,site", f"d-{ELSEWHERE},{HERE}"),
    "sites": ("id,name", f"{ELSEWHERE},taken"),
    "departments": ("id,site", f"dep-{ELSEWHERE},{HERE}"),
    "windows": ("id,site", f"w-{ELSEWHERE},{HERE}"),
    "employees": ("id,pseudonym", f"e-{ELSEWHERE},taken"),
    "bindings": ("device_id,window,from", f"d-{HERE},w-{ELSEWHERE},2026-01-01"),
    "closures": ("site,from", f"{ELSEWHERE},2026-12-24"),
}
"""Tables that would take something from the other hall."""

HARMLESS: Final = {
    "/api/v1/samples": "draws from what the token sees: from nothing",
    "/api/v1/devices/import": "tells by line what is outside",
    **{f"/api/v1/{table}/import": "tells by line what is outside" for table in TABLES},
}
"""What a bound token may ask for though it names another site, and why."""

QUERIES: Final[Mapping[str, Mapping[str, str]]] = {
    "/api/v1/streaks": {"below": "101", "months": "1"},
    "/api/v1/availability": {"from": "2026-11-01", "to": "2026-12-01"},
    "/api/v1/reports/{period}": {"by": "site"},
}


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FoldedApi]:
    api = two_halls(Path(tmp_path_factory.mktemp("halls")))
    yield api
    api.close()


def told() -> list[Operation]:
    return [one for one in operations(contract()) if one.path not in OPEN | {ENDLESS}]


def rows(api: FoldedApi, site: str) -> dict[str, object]:
    """What the ledger named by itself, of rows that concern a site."""
    world = api.world
    device = f"d-{site}"
    return {
        "alert_id": world.one("SELECT min(id) FROM alert WHERE site = ?", site),
        "item_id": world.one(
            "SELECT min(id) FROM quarantine WHERE device_id = ?", device
        ),
        "window_id": world.one(
            "SELECT min(id) FROM maintenance_window WHERE site = ?", site
        ),
        "sample_id": world.one(
            "SELECT sample_id FROM sample WHERE data LIKE ?", f"%seed-{site}%"
        ),
    }


def path_of(api: FoldedApi, operation: Operation, site: str) -> str:
    """The operation's path with names of things at a site."""
    known = {name: str(found) for name, found in rows(api, site).items()}
    known |= {name: values[0] for name, values in names(site).items()}
    known |= {"period": MONTH, "letter_id": "1"}
    filled = operation.path
    for one in operation.told.get("parameters", []):
        if one["in"] == "path":
            filled = filled.replace(f"{{{one['name']}}}", known.get(one["name"], "1"))
    assert "{" not in filled, operation.path
    return filled


async def ask(
    api: FoldedApi, operation: Operation, site: str, headers: Mapping[str, str]
) -> httpx.Response:
    options: dict[str, Any] = {"headers": dict(headers)}
    if operation.method not in {"GET", "DELETE"}:
        kinds = operation.told.get("requestBody", {}).get("content", {})
        if "text/csv" in kinds:
            table = operation.path.split("/")[-2]
            options["content"] = "\n".join(SHEETS[table])
            options["headers"]["Content-Type"] = "text/csv"
        elif kinds:
            options["json"] = BODIES.get(operation.path, {})
    path = path_of(api, operation, site)
    params = QUERIES.get(operation.path)
    return await api.ask(operation.method, path, params=params, **options)


def clerk(api: FoldedApi, site: str | None) -> dict[str, str]:
    """The log-in of the first hall's employee; clerks have no tokens."""
    name = f"clerk-{site or 'all'}"
    user = api.users.find(name)
    if user is None:
        grant = Grant("clerk", site, employee=f"e-{HERE}")
        api.users.create(name, PASSWORD, grant, 0)
        user = api.users.find(name)
    assert user is not None
    login = api.app.state.logins.begin(user.name, user.hash)
    return {"Cookie": f"evalgate_8700={login}"}


def tokens_of(api: FoldedApi, site: str | None) -> dict[str, dict[str, str]]:
    """A token of each scope alone, and a clerk's log-in."""
    known = {token.name for token in api.tokens.all()}
    made = {}
    for scope in SCOPES:
        name = f"{scope}-{site or 'all'}"
        if name in known:
            api.tokens.revoke(name)
        made[scope] = bearer(api.tokens.create(name, [scope], site, 0))
    return made | {"own": clerk(api, site)}


async def test_a_token_without_the_scope_is_refused_whatever_it_asks_for(
    api: FoldedApi,
) -> None:
    tokens = tokens_of(api, None)
    before = api.world.journal.last_number()
    tried = 0
    for operation in told():
        assert operation.scopes, f"{operation.method} {operation.path} asks for none"
        assert operation.method == "GET" or "read" not in operation.scopes, operation
        for scope, headers in tokens.items():
            if {scope, *IMPLIED.get(scope, ())}.isdisjoint(operation.scopes):
                answer = await ask(api, operation, HERE, headers)
                code = (answer.status_code, answer.json()["code"])
                assert code == (403, "forbidden"), (operation, scope)
                tried += 1
    assert api.world.journal.last_number() == before
    assert tried > 200


async def test_what_belongs_to_no_site_is_refused_to_who_is_bound_to_one(
    api: FoldedApi,
) -> None:
    tokens = tokens_of(api, HERE)
    refused = set()
    for operation in told():
        headers = tokens[operation.scopes[0]]
        if operation.path in WHOLE:
            answer = await ask(api, operation, HERE, headers)
            code = (answer.status_code, answer.json()["code"])
            assert code == (403, "site_bound"), (operation, answer.text)
            refused.add(operation.path)
    assert refused == WHOLE


async def test_no_answer_tells_a_bound_token_of_another_site(api: FoldedApi) -> None:
    tokens = tokens_of(api, HERE)
    whole = tokens_of(api, None)
    seen, told_of_both = 0, set()
    for operation in told():
        if operation.method != "GET" or operation.path in WHOLE | EVERYBODY.keys():
            continue
        scope = operation.scopes[0]
        answer = await ask(api, operation, HERE, tokens[scope])
        assert ELSEWHERE.encode() not in answer.content, (operation.path, answer.text)
        seen += answer.status_code == 200
        both = await ask(api, operation, ELSEWHERE, whole[scope])
        if ELSEWHERE.encode() in both.content:
            told_of_both.add(operation.path)
    assert seen > 40
    assert len(told_of_both) > 30  # else there would have been nothing to hide


async def test_nothing_of_another_site_is_shown_to_who_asks_for_it_by_name(
    api: FoldedApi,
) -> None:
    tokens = tokens_of(api, HERE)
    tried = 0
    for operation in told():
        if operation.method != "GET" or "{" not in operation.path:
            continue
        if operation.path in WHOLE or path_of(api, operation, HERE) == path_of(
            api, operation, ELSEWHERE
        ):
            continue  # its name says nothing of a site
        answer = await ask(api, operation, ELSEWHERE, tokens[operation.scopes[0]])
        assert answer.status_code in {403, 404}, (operation.path, answer.text)
        assert f"The {ELSEWHERE}" not in answer.text
        tried += 1
    assert tried > 8


def state_of(api: FoldedApi) -> str:
    """All that the ledger holds of the other hall."""
    world = api.world
    found = [
        world.all("SELECT * FROM device WHERE device_id LIKE ?", f"%{ELSEWHERE}"),
        world.all("SELECT * FROM registry_row WHERE data LIKE ?", f"%{ELSEWHERE}%"),
        world.all(
            "SELECT r.place, r.void, r.effective, r.version FROM rating AS r"
            " JOIN binding AS b ON b.no = r.binding WHERE b.site = ?",
            ELSEWHERE,
        ),
        world.all("SELECT * FROM session WHERE site = ?", ELSEWHERE),
        world.all("SELECT * FROM alert WHERE site = ?", ELSEWHERE),
        world.all("SELECT * FROM maintenance_window WHERE site = ?", ELSEWHERE),
        world.all("SELECT place FROM personal WHERE sealed IS NOT NULL"),
        world.all("SELECT count(*) FROM inspection_record"),
        world.all("SELECT count(*) FROM press_test"),
        world.all("SELECT count(*) FROM sample_finding"),
        world.all(
            "SELECT * FROM inspection_plan WHERE plan_id LIKE ?", f"%{ELSEWHERE}"
        ),
    ]
    return json.dumps(found, default=repr)


async def test_a_bound_token_changes_nothing_of_another_site(api: FoldedApi) -> None:
    tokens = tokens_of(api, HERE)
    before = state_of(api)
    tried, malformed = 0, set()
    for operation in told():
        if operation.method == "GET":
            continue
        for scope in operation.scopes:
            answer = await ask(api, operation, ELSEWHERE, tokens[scope])
            assert state_of(api) == before, (operation.path, answer.text)
            tried += 1
            if operation.path in HARMLESS:
                continue
            assert answer.status_code in {403, 404, 422}, (operation, answer.text)
            if answer.status_code == 422:
                malformed.add((operation.method, operation.path))
    assert tried > 30
    assert not malformed, "these were refused for another reason: write their bodies"


async def test_a_refusal_does_not_tell_whose_the_plan_is(api: FoldedApi) -> None:
    headers = tokens_of(api, HERE)["operate"]
    plan_id = f"plan-{ELSEWHERE}"
    plan = {"plan_id": plan_id, "scope": "site", "subject": HERE, "every_days": 30}
    path = "/api/v1/inspection-plans"
    answer = await api.ask("PUT", path, json=plan, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "outside_site")
    assert ELSEWHERE not in answer.text.replace(plan_id, "")


async def test_a_clerk_is_answered_seven_paths_and_on_these_what_is_its_own(
    api: FoldedApi,
) -> None:
    headers = clerk(api, None)
    offered = {(one.method, one.path) for one in told() if "own" in one.scopes}
    assert offered == CLERKS
    before = state_of(api)
    for operation in told():
        answer = await ask(api, operation, ELSEWHERE, headers)
        assert ELSEWHERE.encode() not in answer.content.replace(
            f"d-{ELSEWHERE}:event-{ELSEWHERE}".encode(), b"what was asked for"
        ), (operation.path, answer.text)
        if (operation.method, operation.path) not in CLERKS:
            code = (answer.status_code, answer.json()["code"])
            assert code == (403, "forbidden"), operation
    assert state_of(api) == before
