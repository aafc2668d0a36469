"""Inspections over the API: from a plan to due, done, and recorded."""

import pytest

from tests.support.api import bearer
from tests.support.folded_api import FoldedApi
from tests.support.folding import DAY_MS, message

PLAN = {
    "plan_id": "monthly",
    "scope": "site",
    "subject": "hall",
    "every_days": 30,
    "remind_before_days": 3,
    "checklist": ["clean", "battery"],
}


async def prepared(api: FoldedApi) -> None:
    api.world.rules(time_zone="Asia/Shanghai")
    for site in ("hall", "south"):
        rows = {"table": "sites", "rows": [{"id": site}]}
        api.world.act("registry_put", {"author": "a", **rows})
    api.world.act("device_put", {"device": {"device_id": "d-1", "site": "hall"}})
    api.world.act("device_put", {"device": {"device_id": "d-2", "site": "south"}})
    answer = await api.ask("PUT", "/api/v1/inspection-plans", json=PLAN)
    assert answer.json()["outcome"] == {"plans": ["monthly"]}


def pass_days(api: FoldedApi, days: int) -> None:
    api.world.clock.advance(days * DAY_MS)
    beat = {"v": 1, "battery_pct": 12, "firmware": "2.0"}
    now_ms = api.world.clock.wall_ms()
    api.world.append([message("d-1", beat, now_ms, channel="heartbeat")])
    api.world.append([])


async def listed(api: FoldedApi, **query: str) -> list[dict[str, object]]:
    items: list[dict[str, object]] = (
        await api.get("/api/v1/inspections", **query)
    ).json()["items"]
    return items


async def test_a_plan_makes_an_inspection_due_and_a_record_ends_it(
    api: FoldedApi,
) -> None:
    await prepared(api)
    (item,) = await listed(api)
    assert (item["device_id"], item["state"]) == ("d-1", "not_due")
    assert item["next_due_at"] == "2026-12-21T16:00:00.000Z"
    device = (await api.get("/api/v1/devices/d-1")).json()
    assert device["next_inspection_at"] == "2026-12-21T16:00:00.000Z"
    for days, state in ((27, "due_soon"), (3, "due"), (1, "overdue")):
        pass_days(api, days)
        assert [one["state"] for one in await listed(api, state=state)] == [state]
    record = {"device_id": "d-1", "checklist": {"clean": "pass", "battery": "fail"}}
    refused = await api.post("/api/v1/inspections", record)
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid")
    done = await api.post(
        "/api/v1/inspections",
        record | {"result": "degraded", "parts": {"battery": 1}, "operator": "王五"},
    )
    outcome = done.json()["outcome"]
    assert (outcome["completes"], outcome["unanswered"]) == (True, [])
    (item,) = await listed(api)
    assert (item["state"], item["last_done_at"] is None) == ("not_due", False)
    (kept,) = (await api.get("/api/v1/inspection-records", device="d-1")).json()[
        "items"
    ]
    assert (kept["operator"], kept["parts"]) == ("王五", {"battery": 1})
    assert kept["record_id"] == outcome["record_id"]


async def test_work_is_counted_by_site_where_one_may_look(api: FoldedApi) -> None:
    await prepared(api)
    second = PLAN | {"plan_id": "south", "subject": "south", "every_days": 40}
    await api.ask("PUT", "/api/v1/inspection-plans", json=second)
    pass_days(api, 31)
    hall, south = (await api.get("/api/v1/inspections/sites")).json()["items"]
    assert hall == {
        "site": "hall",
        "overdue": 1,
        "due": 0,
        "due_soon": 0,
        "not_due": 0,
        "next_due_at": "2026-12-21T16:00:00.000Z",
    }
    assert (south["site"], south["not_due"]) == ("south", 1)
    bound = bearer(api.tokens.create("bound", ["read"], "south", 0))
    answer = await api.ask("GET", "/api/v1/inspections/sites", headers=bound)
    assert answer.json()["items"] == [south]


async def test_sheets_come_with_what_the_device_proves(api: FoldedApi) -> None:
    await prepared(api)
    pass_days(api, 1)
    (item,) = await listed(api)
    assert item["checklist"] == [
        {"item": "clean", "mark": None, "proof": ""},
        {"item": "battery", "mark": "fail", "proof": "12 %"},
    ]
    known = item["known"]
    assert isinstance(known, list)
    assert {"item": "firmware", "mark": "pass", "proof": "2.0"} in known


async def test_plans_are_listed_and_put_whole(api: FoldedApi) -> None:
    await prepared(api)
    second = PLAN | {"plan_id": "a-weekly", "type": "clean", "every_days": 7}
    answer = await api.ask("PUT", "/api/v1/inspection-plans", json=[second, PLAN])
    assert answer.status_code == 200
    first = (await api.get("/api/v1/inspection-plans", limit=1)).json()
    assert [one["plan_id"] for one in first["items"]] == ["a-weekly"]
    rest = await api.get("/api/v1/inspection-plans", cursor=first["next_cursor"])
    (plan,) = rest.json()["items"]
    assert plan.items() >= PLAN.items()
    assert (await api.ask("PUT", "/api/v1/inspection-plans", json=plan)).is_success


@pytest.mark.parametrize(
    ("path", "method", "body", "status"),
    [
        ("inspection-plans", "PUT", PLAN | {"every_days": 0}, 422),
        ("inspection-plans", "PUT", PLAN | {"colour": "red"}, 422),
        ("inspection-plans", "PUT", [], 422),
        ("inspections", "POST", {"device_id": "nobody"}, 404),
        ("inspections", "POST", {"device_id": "d-1", "plan_id": "none"}, 404),
        ("inspections", "POST", {"device_id": "d-1", "result": "fine"}, 422),
    ],
)
async def test_what_makes_no_sense_is_refused(
    api: FoldedApi, path: str, method: str, body: object, status: int
) -> None:
    await prepared(api)
    answer = await api.ask(method, f"/api/v1/{path}", json=body)
    assert answer.status_code == status


async def test_a_token_bound_to_a_site_keeps_to_it(api: FoldedApi) -> None:
    await prepared(api)
    text = api.tokens.create("south", ["operate"], "south", 0)
    bound = bearer(text)
    assert await listed_as(api, bound) == []
    record = {"device_id": "d-1", "checklist": {}}
    hidden = await api.post("/api/v1/inspections", record, headers=bound)
    assert hidden.status_code == 404
    for plan in (PLAN, PLAN | {"subject": "south"}, PLAN | {"scope": "profile"}):
        answer = await api.ask(
            "PUT", "/api/v1/inspection-plans", json=plan, headers=bound
        )
        assert answer.status_code == 403
    own = PLAN | {"plan_id": "own", "subject": "south"}
    answer = await api.ask("PUT", "/api/v1/inspection-plans", json=own, headers=bound)
    assert answer.status_code == 200


async def listed_as(api: FoldedApi, headers: dict[str, str]) -> list[object]:
    answer = await api.ask("GET", "/api/v1/inspections", headers=headers)
    items: list[object] = answer.json()["items"]
    return items


async def test_a_press_test_shows_key_by_key_what_was_pressed(api: FoldedApi) -> None:
    await prepared(api)
    path = "/api/v1/devices/d-1/press-test"
    assert (await api.get(path)).status_code == 404
    started = await api.post(path, {"timeout_s": 60})
    assert len(started.json()["outcome"]["keys"]) == 5
    for level in (5, 1, 3, 2):
        api.world.clock.advance(1_000)
        api.world.publish("d-1", {"event_id": f"tested-{level}", "level": level})
    shown = (await api.get(path)).json()
    assert shown["state"] == "running"
    assert [one["level"] for one in shown["keys"] if not one["confirmed"]] == [4]
    api.world.publish("d-1", {"event_id": "tested-4", "level": 4})
    assert (await api.get(path)).json()["state"] == "passed"
    answer = await api.get("/api/v1/statistics", **{"from": "2026-11-01T00:00:00Z"})
    assert [group["rated"] for group in answer.json()["items"]] in ([], [0])
    flagged = await api.get("/api/v1/ratings", flag="press_test")
    assert len(flagged.json()["items"]) == 5
    assert (await api.post(path, {"timeout_s": 601})).status_code == 422
    away = await api.post("/api/v1/devices/nobody/press-test", {})
    assert away.status_code == 404


async def test_nobody_tests_the_keys_of_a_terminal_out_of_service(
    api: FoldedApi,
) -> None:
    for number, lifecycle, what in (
        (1, "retired", "d-1 is retired: take the terminal in its place"),
        (2, "refused", "d-2 is refused: approve it first"),
    ):
        row = {"device_id": f"d-{number}", "lifecycle": lifecycle}
        api.world.act("device_put", {"device": row})
        answer = await api.post(f"/api/v1/devices/d-{number}/press-test", {})
        assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
        assert answer.json()["detail"] == what
    pressed = {"event_id": "by-web-01", "level": 5, "medium": "web"}
    assert (await api.post("/api/v1/ratings", pressed)).is_success
    answer = await api.post("/api/v1/devices/http-local/press-test", {})
    assert answer.json()["detail"] == "http-local is no terminal"
    assert api.world.all("SELECT count(*) FROM press_test") == [(0,)]


@pytest.mark.parametrize(
    ("path", "row"),
    [
        ("/api/v1/sites", {"id": "south", "name": "South"}),
        ("/api/v1/inspection-plans", PLAN | {"every_days": 7}),
    ],
)
async def test_of_two_who_change_the_same_table_the_second_is_told(
    api: FoldedApi, path: str, row: dict[str, object]
) -> None:
    await prepared(api)

    async def put(**headers: str) -> tuple[int, str | None]:
        answer = await api.ask("PUT", path, json=row, headers=headers)
        return answer.status_code, answer.json().get("code")

    first = await api.get(path, limit=1)
    seen = {"If-Match": first.headers["etag"]}
    assert (await put(**seen))[0] == 200
    assert await put(**seen) == (412, "revision_changed")
    again = {"If-Match": (await api.get(path)).headers["etag"]}
    assert (await put(**again))[0] == 200
    assert ((await put(**again))[0], (await put())[0]) == (200, 200)  # nothing new
    assert (await put(**{"If-Match": "7"}))[0] == 422
    if cursor := first.json()["next_cursor"]:
        assert "etag" not in (await api.get(path, cursor=cursor)).headers
