"""Samples for inspection, drawn and inspected over the API."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.api import bearer
from tests.support.folded_api import FoldedApi
from tests.support.folding import START_MS, message

PATH = "/api/v1/samples"
UNRATED = 5


@pytest.fixture
def api(tmp_path: Path) -> Iterator[FoldedApi]:
    """Twenty answers at two devices, and five services that nobody rated."""
    api = FoldedApi(tmp_path)
    world = api.world
    world.rules()
    rows = [{"id": "hall"}, {"id": "annex"}]
    world.act("registry_put", {"author": "test", "table": "sites", "rows": rows})
    for device, site in (("d-1", "hall"), ("d-2", "annex")):
        world.act("device_put", {"device": {"device_id": device, "site": site}})
    for number in range(20):
        world.publish(
            f"d-{number % 2 + 1}",
            {"event_id": f"event-{number:04d}", "level": 5, "session_id": f"A{number}"},
        )
    for number in range(UNRATED):
        body = {
            "v": 1,
            "event_id": f"ended-{number:04d}",
            "session_id": f"B{number}",
            "action": "ended",
            "occurred_at": START_MS,
        }
        world.append([message("d-1", body, world.clock.wall_ms(), channel="session")])
    yield api
    api.close()


async def drawn(api: FoldedApi, **body: object) -> dict[str, Any]:
    answer = await api.post(PATH, {"volume": 10, "seed": "november", **body})
    assert answer.status_code == 200, answer.text
    outcome: dict[str, Any] = answer.json()["outcome"]
    return outcome


async def test_a_seed_draws_the_same_and_three_in_ten_unrated(api: FoldedApi) -> None:
    first, again = await drawn(api), await drawn(api)
    assert (len(first["rated"]), len(first["unrated"])) == (7, 3)
    assert first["unrated"] == again["unrated"]
    assert first["rated"] == again["rated"]
    assert first["sample_id"] != again["sample_id"]
    other = await drawn(api, seed="december")
    assert other["rated"] != first["rated"]


async def test_a_shortfall_is_told_and_not_made_up_for(api: FoldedApi) -> None:
    found = await drawn(api, volume=40)
    assert (len(found["unrated"]), found["unrated_shortfall"]) == (UNRATED, 7)
    assert (len(found["rated"]), found["rated_shortfall"]) == (20, 8)


async def test_a_filter_bounds_who_is_drawn(api: FoldedApi) -> None:
    chosen = {"site": "annex", "to": "2026-12-01T00:00:00Z"}
    found = await drawn(api, filter=chosen, unrated_share="0")
    assert len(found["rated"]) == 10
    assert {name.partition(":")[0] for name in found["rated"]} == {"d-2"}


async def test_a_rating_is_drawn_of_the_period_in_which_it_counts(
    api: FoldedApi,
) -> None:
    """By itself when it was pressed, though it came days later; else by its session."""
    day = {"from": "2026-11-18T00:00:00+08:00", "to": "2026-11-19T00:00:00+08:00"}
    late = {
        "event_id": "late-0001",
        "level": 4,
        "occurred_at": "2026-11-18T10:00:00+08:00",
    }
    served = {
        "event_id": "served-0001",
        "level": 4,
        "session_id": "C1",
        "occurred_at": "2026-11-19T00:10:00+08:00",
    }
    ended = {
        "v": 1,
        "event_id": "ended-c1",
        "session_id": "C1",
        "action": "ended",
        "occurred_at": "2026-11-18T23:50:00+08:00",
    }
    world = api.world
    world.append([message("d-1", ended, world.clock.wall_ms(), channel="session")])
    world.publish("d-1", late, served)
    found = await drawn(api, filter=day, unrated_share="0")
    assert sorted(found["rated"]) == ["d-1:late-0001", "d-1:served-0001"]
    after = {"from": "2026-11-19T00:00:00+08:00", "to": "2026-11-20T00:00:00+08:00"}
    assert (await drawn(api, filter=after, unrated_share="0"))["rated"] == []


async def test_findings_give_the_correct_rate(api: FoldedApi) -> None:
    sample = await drawn(api)
    rated = sample["rated"]
    findings = [
        {"member": rated[0], "matches": True},
        {"member": rated[1], "matches": True},
        {"member": rated[2], "matches": False, "note": "nobody was there"},
        {"member": rated[3], "exempt": True},
    ]
    path = f"{PATH}/{sample['sample_id']}"
    answer = await api.post(f"{path}/findings", {"findings": findings})
    assert answer.status_code == 200
    whole = (await api.get(path)).json()
    assert (whole["correct_rate"], whole["matches"], whole["differs"]) == (
        "66.67",
        2,
        1,
    )
    assert (whole["exempt"], whole["open"]) == (1, 6)
    (listed,) = (await api.get(PATH)).json()["items"]
    assert (listed["sample_id"], listed["correct_rate"], listed["open"]) == (
        sample["sample_id"],
        "66.67",
        6,
    )
    members = f"{path}/members"
    (wrong,) = (await api.get(f"{members}?state=differs")).json()["items"]
    assert (wrong["rating_id"], wrong["note"]) == (rated[2], "nobody was there")
    again = {"findings": [{"member": rated[2], "matches": True}]}
    await api.post(f"{path}/findings", again)
    assert (await api.get(path)).json()["correct_rate"] == "100.00"  # the last counts
    first = (await api.get(f"{members}?limit=9")).json()
    last = (await api.get(f"{members}?cursor={first['next_cursor']}")).json()
    names = [one["member"] for one in (*first["items"], *last["items"])]
    assert names == [*rated, *sample["unrated"]]
    assert last["items"][0]["session_key"] == sample["unrated"][-1]
    assert api.world.refolded().all("SELECT * FROM sample_finding") == (
        api.world.all("SELECT * FROM sample_finding")
    )


async def test_a_finding_about_something_else_is_refused(api: FoldedApi) -> None:
    sample = await drawn(api)
    path = f"{PATH}/{sample['sample_id']}/findings"
    for finding, status in (
        ({"member": "d-9:nothing", "matches": True}, 422),
        ({"member": sample["rated"][0]}, 422),
        ({"member": sample["rated"][0], "matches": True, "exempt": True}, 422),
    ):
        answer = await api.post(path, {"findings": [finding]})
        assert answer.status_code == status
    answer = await api.post(f"{PATH}/1.1.1.1/findings", {"findings": [finding]})
    assert answer.status_code in {404, 422}


async def test_a_token_draws_from_its_own_sites_only(api: FoldedApi) -> None:
    text = api.tokens.create("bound", ["audit"], "annex", 0)
    headers = bearer(text)
    body = {"volume": 30, "seed": "x", "unrated_share": 0}
    answer = await api.post(PATH, body, headers)
    assert len(answer.json()["outcome"]["rated"]) == 10


@pytest.mark.parametrize("name", ["site", "department", "window", "employee", "device"])
async def test_nothing_is_drawn_of_what_is_nowhere(api: FoldedApi, name: str) -> None:
    body = {"volume": 10, "seed": "november", "filter": {name: "nowhere"}}
    answer = await api.post(PATH, body)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert f"{name} nowhere: GET /api/v1/{name}s" in answer.json()["detail"]
    assert (await api.get(PATH)).json()["items"] == []
