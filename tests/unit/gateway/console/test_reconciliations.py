"""Days of sites over the API."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.api import bearer
from tests.support.folded_api import FoldedApi
from tests.support.folding import DAY_MS, START_MS

PATH = "/api/v1/reconciliations"


@pytest.fixture
def api(tmp_path: Path) -> Iterator[FoldedApi]:
    """Two sites; in one of them a number is missing."""
    api = FoldedApi(tmp_path)
    world = api.world
    world.rules()
    rows = [{"device_id": "d-1", "site": "hall"}, {"device_id": "d-2", "site": "annex"}]
    world.act("tables_applied", {"table": "devices", "rows": rows})
    for device_id, seq in (("d-1", 1), ("d-1", 3), ("d-2", 1)):
        name = f"event-{seq:04d}"
        body = {"event_id": name, "level": 5, "session_id": name, "seq": seq}
        world.publish(device_id, {**body, "occurred_at": START_MS})
    world.clock.advance(DAY_MS)
    world.take()
    yield api
    api.close()


async def test_each_sites_day_is_listed_with_who_does_not_agree(
    api: FoldedApi,
) -> None:
    body = (await api.get(PATH)).json()
    assert {(one["site"], one["day"], one["equal"]) for one in body["items"]} == {
        ("hall", "2026-11-21", False),
        ("annex", "2026-11-21", True),
    }
    (hall,) = (await api.get(f"{PATH}?equal=false")).json()["items"]
    assert (hall["site"], hall["version"], hall["missing"]) == ("hall", 1, 1)
    (device,) = hall["unequal_devices"]
    assert (device["device_id"], device["accepted"]) == ("d-1", 2)
    assert hall["recorded_at"] == "2026-11-22T12:00:00.125Z"


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("day=2026-11-21", 2),
        ("day=2026-11-22", 0),
        ("day=9999-12-31", 0),
        ("from=2026-11-21&to=2026-11-22&site=hall", 1),
        ("from=2026-11-21T00:00:00%2B08:00", 2),
        ("to=2026-11-21", 0),
    ],
)
async def test_days_are_asked_for_by_their_dates(
    api: FoldedApi, query: str, count: int
) -> None:
    assert len((await api.get(f"{PATH}?{query}")).json()["items"]) == count


async def test_pages_follow_one_another(api: FoldedApi) -> None:
    first = (await api.get(f"{PATH}?limit=1")).json()
    then = (await api.get(f"{PATH}?limit=1&cursor={first['next_cursor']}")).json()
    sites = [one["site"] for page in (first, then) for one in page["items"]]
    assert sorted(sites) == ["annex", "hall"]
    assert then["next_cursor"] is None


async def test_who_is_bound_to_a_site_sees_its_days_only(api: FoldedApi) -> None:
    text = api.tokens.create("bound", ["read"], "annex", 0)
    (item,) = (await api.ask("GET", PATH, headers=bearer(text))).json()["items"]
    assert item["site"] == "annex"
