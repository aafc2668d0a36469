"""Visits and spot checks over the API."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.api import bearer
from tests.support.folded_api import FoldedApi
from tests.support.folding import DAY_MS, message

DRAWS = "/api/v1/spot-checks"
VISITS = "/api/v1/visits"


@pytest.fixture
def api(tmp_path: Path) -> Iterator[FoldedApi]:
    api = FoldedApi(tmp_path)
    api.world.rules()
    sites = [{"id": "hall"}, {"id": "annex"}]
    api.world.act("tables_applied", {"table": "sites", "rows": sites})
    rows = [
        {"device_id": f"d-{number}", "site": ("hall", "annex")[number % 2]}
        for number in range(10)
    ]
    api.world.act("tables_applied", {"table": "devices", "rows": rows})
    yield api
    api.close()


def heard(api: FoldedApi, device: str, **fields: object) -> None:
    now_ms = api.world.clock.wall_ms()
    api.world.append([message(device, {"v": 1, **fields}, now_ms, "heartbeat")])


async def test_a_seed_draws_the_same_devices_again(api: FoldedApi) -> None:
    body = {"seed": "2026-11", "share": "0.25", "per_site_max": 2}
    first = (await api.post(DRAWS, body)).json()["outcome"]
    again = (await api.post(DRAWS, body)).json()["outcome"]
    assert first["devices"] == again["devices"]
    assert (len(first["devices"]), first["candidates"]) == (3, 10)
    newest, oldest = (await api.get(DRAWS)).json()["items"]
    assert newest["draw_id"] == again["draw_id"]
    assert oldest["devices"] == first["devices"]
    assert oldest["seed"] == "2026-11"


@pytest.mark.parametrize(
    "body",
    [
        {"seed": "s"},
        {"seed": "s", "count": 1, "share": "0.5"},
        {"seed": "s", "share": "2"},
        {"seed": "s", "count": 0},
    ],
)
async def test_a_draw_without_one_size_is_refused(
    api: FoldedApi, body: dict[str, object]
) -> None:
    assert (await api.post(DRAWS, body)).status_code == 422


async def test_one_visit_serves_all_that_a_site_needs(api: FoldedApi) -> None:
    heard(api, "d-0", faults=["display"])
    heard(api, "d-2", faults=["dead_key"])
    plan = {
        "plan_id": "weekly",
        "scope": "device",
        "subject": "d-4",
        "every_days": 7,
    }
    await api.ask("PUT", "/api/v1/inspection-plans", json=plan)
    await api.post(DRAWS, {"seed": "s", "count": 1, "site": "hall"})
    answer = (await api.get(VISITS)).json()
    (visit,) = answer["items"]
    assert (visit["site"], visit["parts"]) == ("hall", {"display": 1, "keypad": 1})
    causes = {
        need["cause"]: need["why"] for stop in visit["stops"] for need in stop["needs"]
    }
    assert {"display", "dead_key", "weekly"} < causes.keys()
    assert sorted(causes.values()) == ["fault", "fault", "inspection", "spot_check"]


async def test_a_spot_check_ends_with_a_record(api: FoldedApi) -> None:
    drawn = await api.post(DRAWS, {"seed": "s", "count": 1})
    (device,) = drawn.json()["outcome"]["devices"]
    assert len((await api.get(VISITS, until="2026-12-31T00:00:00Z")).json()["items"])
    api.world.clock.advance(DAY_MS)
    await api.post("/api/v1/inspections", {"device_id": device})
    assert not (await api.get(VISITS, until="2026-12-31T00:00:00Z")).json()["items"]


async def test_a_token_of_a_site_plans_and_draws_there_only(api: FoldedApi) -> None:
    heard(api, "d-1", faults=["display"])
    headers = bearer(api.tokens.create("bound", ["read", "operate"], "hall", 0))
    answer = await api.ask("GET", VISITS, headers=headers)
    assert answer.json()["items"] == []
    outcome = await api.post(DRAWS, {"seed": "s", "count": 9}, headers)
    assert len(outcome.json()["outcome"]["devices"]) == 5
    other = {"seed": "s", "count": 1, "site": "annex"}
    assert (await api.post(DRAWS, other, headers)).status_code == 403
