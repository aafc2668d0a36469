"""Which sites need hands this morning, who is there, and where nobody can rate."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.ports import RecordFlag
from tests.support.folded_api import FoldedApi
from tests.support.folding import message


@pytest.fixture
def api(tmp_path: Path) -> Iterator[FoldedApi]:
    api = FoldedApi(tmp_path)
    api.world.rules()
    rows = [
        {"device_id": f"eval-000{n}", "site": site, "window": f"w{n}"}
        for n, site in ((1, "hall"), (2, "hall"), (3, "annex"))
    ]
    windows = [{"id": row["window"], "site": row["site"]} for row in rows]
    api.world.act("tables_applied", {"table": "windows", "rows": windows})
    api.world.act("tables_applied", {"table": "devices", "rows": rows})
    now_ms = api.world.clock.wall_ms()
    for row, faults in zip(rows, ([], ["display"], []), strict=True):
        body = {"v": 1, "faults": faults}
        api.world.take(message(row["device_id"], body, now_ms, "heartbeat"))
    gone = {"v": 1, "state": "offline", "reason": "lost"}
    api.world.take(message("eval-0001", gone, now_ms + 1, "presence"))
    yield api
    api.close()


async def test_sites_are_ranked_by_their_need(api: FoldedApi) -> None:
    answer = await api.get("/api/v1/sites/ranking")
    found = [(one["site"], one["need"]) for one in answer.json()["items"]]
    assert found == [("hall", 9), ("annex", 0)]


async def test_the_roll_call_says_who_is_there_and_why_not(api: FoldedApi) -> None:
    answer = await api.get("/api/v1/sites/hall/rollcall")
    found = {one["device_id"]: one for one in answer.json()["items"]}
    assert found["eval-0001"]["presence"] == "offline"
    assert found["eval-0002"]["health"] == "failed"
    assert found["eval-0002"]["reasons"][0]["code"] == "fault_display"


async def test_windows_without_a_device_that_works_are_not_covered(
    api: FoldedApi,
) -> None:
    answer = await api.get("/api/v1/coverage")
    assert answer.json()["items"] == [
        {"site": "hall", "window": "w1", "devices": ["eval-0001"]},
        {"site": "hall", "window": "w2", "devices": ["eval-0002"]},
    ]


async def test_a_window_is_covered_by_the_device_that_is_bound_to_it_now(
    api: FoldedApi,
) -> None:
    bindings = [
        {"device_id": "eval-0003", "window": "w3", "from": "2026-11-01"},
        {
            "device_id": "eval-0003",
            "window": "w1",
            "from": "2026-11-20",
            "to": "2026-11-21T13:00:00Z",
        },
    ]
    await api.ask("PUT", "/api/v1/bindings", json=bindings)
    answer = await api.get("/api/v1/coverage")
    assert [one["window"] for one in answer.json()["items"]] == ["w3", "w2"]
    api.world.clock.advance(3_600_000)
    now_ms = api.world.clock.wall_ms()
    api.world.take(message("eval-0003", {"v": 1}, now_ms, "heartbeat"))
    answer = await api.get("/api/v1/coverage")
    assert [one["window"] for one in answer.json()["items"]] == ["w1", "w2"]


async def test_a_birth_that_was_retained_proves_no_life(api: FoldedApi) -> None:
    row = {"device_id": "eval-0009", "site": "hall"}
    api.world.act("tables_applied", {"table": "devices", "rows": [row]})
    birth = {"v": 1, "state": "online", "firmware": "2.1"}
    now_ms = api.world.clock.wall_ms()
    flags = int(RecordFlag.RETAINED)
    api.world.take(message("eval-0009", birth, now_ms, "presence", flags))
    found = (await api.get("/api/v1/devices/eval-0009")).json()
    assert (found["presence"], found["firmware"]) == ("unseen", "2.1")
