"""Closed months, sealed over the API."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.ports import Record
from tests.support.api import bearer
from tests.support.folded_api import FoldedApi
from tests.support.folding import DAY_MS, START_MS, message

PATH = "/api/v1/statements/2026-11"


@pytest.fixture
def api(tmp_path: Path) -> Iterator[FoldedApi]:
    api = FoldedApi(tmp_path)
    api.world.rules()
    press(api, 1, 5)
    yield api
    api.close()


def press(api: FoldedApi, number: int, level: int, employee: str = "ann") -> None:
    """In November, whenever it comes."""
    name = f"event-{number:04d}"
    body = {"event_id": name, "level": level, "session_id": name}
    at = {"employee_id": employee, "occurred_at": START_MS + number}
    api.world.publish("d-1", {**body, **at})


def press_now(api: FoldedApi, number: int) -> None:
    api.world.publish("d-1", {"event_id": f"event-{number:04d}", "level": 3})


def ending(session: str, event_id: str, at_ms: int, came_ms: int) -> Record:
    body = {"v": 1, "event_id": event_id, "session_id": session, "action": "ended"}
    return message("d-1", {**body, "occurred_at": at_ms}, came_ms, "session")


async def test_a_month_is_sealed_once_it_is_over(api: FoldedApi) -> None:
    early = await api.post(PATH, None)
    assert (early.status_code, early.json()["code"]) == (409, "conflict")
    api.world.clock.advance(15 * DAY_MS)
    first = await api.post(PATH, None)
    assert first.status_code == 200
    assert (await api.post(PATH, None)).status_code == 409
    (item,) = (await api.get("/api/v1/statements")).json()["items"]
    assert item["digest"] == first.json()["outcome"]["digest"]
    assert (item["month"], item["intact"], item["site"]) == ("2026-11", True, None)


async def test_later_changes_stand_beside_what_was_sealed(api: FoldedApi) -> None:
    api.world.clock.advance(15 * DAY_MS)
    await api.post(PATH, None)
    press(api, 2, 4)
    whole = (await api.get(PATH)).json()
    (group,) = whole["groups"]
    assert (group["employee"], group["counts"]["customer.5"]) == ("ann", 1)
    assert "customer.4" not in group["counts"]
    (change,) = whole["adjustments"]
    assert change["counts"]["customer.4"] == 1
    assert whole["intact"]


async def test_figures_are_those_that_were_sealed_and_by_now(api: FoldedApi) -> None:
    api.world.clock.advance(15 * DAY_MS)
    await api.post(PATH, None)
    press(api, 2, 1)
    (item,) = (await api.get(f"{PATH}/figures?by=employee")).json()["items"]
    assert (item["key"], item["satisfaction_rate"]) == ({"employee": "ann"}, "100.00")
    assert (item["now"]["satisfaction_rate"], item["now"]["n"]["1"]) == ("50.00", 1)
    (whole,) = (await api.get(f"{PATH}/figures?by=site")).json()["items"]
    assert (whole["rated"], whole["now"]["rated"]) == (1, 2)
    table = (await api.get(f"{PATH}/figures?by=employee&format=csv")).text
    assert table.splitlines()[1].startswith("ann,1,0,0,0,0,1,")
    printed = (await api.get(f"{PATH}/figures?format=html")).text
    (listed,) = (await api.get("/api/v1/statements?adjusted=true")).json()["items"]
    assert listed["digest"] in printed
    assert listed["adjusted"] == 1


async def test_groups_come_by_pages_and_those_that_changed_alone(
    api: FoldedApi,
) -> None:
    press(api, 2, 5, "bob")
    api.world.clock.advance(15 * DAY_MS)
    await api.post(PATH, None)
    assert (await api.get(f"{PATH}/figures?adjusted=true")).json()["items"] == []
    press(api, 3, 1, "bob")
    url = f"{PATH}/figures?by=employee"
    (changed,) = (await api.get(f"{url}&adjusted=true")).json()["items"]
    assert changed["key"] == {"employee": "bob"}
    first = (await api.get(f"{url}&limit=1")).json()
    second = (await api.get(f"{url}&limit=1&cursor={first['next_cursor']}")).json()
    names = [page["items"][0]["key"]["employee"] for page in (first, second)]
    assert (names, second["next_cursor"]) == (["ann", "bob"], None)


async def test_each_change_is_told_with_its_rating_and_why(api: FoldedApi) -> None:
    api.world.clock.advance(15 * DAY_MS)
    await api.post(PATH, None)
    assert (await api.get(f"{PATH}/changes")).json()["items"] == []
    press(api, 2, 4)
    api.world.clock.advance(1)
    press(api, 3, 2)
    api.world.clock.advance(1)
    reason = {"reason": "a child played with it"}
    answer = await api.post("/api/v1/ratings/d-1:event-0002/void", reason)
    assert answer.status_code == 200
    api.world.clock.advance(1)
    now_ms = api.world.clock.wall_ms()
    api.world.append([ending("event-0001", "ended-0001", START_MS + 5, now_ms)])
    api.world.clock.advance(DAY_MS)
    press_now(api, 4)  # counts in the month it was pressed in
    first = (await api.get(f"{PATH}/changes?limit=2")).json()
    more = f"{PATH}/changes?limit=2&cursor={first['next_cursor']}"
    items = [*first["items"], *(await api.get(more)).json()["items"]]
    told = [(one["kind"], one["rating_id"], one["reason"]) for one in items]
    assert told == [
        ("service", None, "ended"),
        ("voided", "d-1:event-0002", "a child played with it"),
        ("late", "d-1:event-0003", None),
    ]
    assert [one["level"] for one in items] == [None, 4, 2]
    assert items[0]["session_key"].endswith("event-0001:0:1")
    assert (await api.get(f"{PATH}/changes?cursor=x")).status_code == 422


async def test_a_change_of_mind_and_a_default_are_told_as_such(api: FoldedApi) -> None:
    last_ms = START_MS + 9 * DAY_MS  # the 30th
    api.world.clock.advance(9 * DAY_MS)
    element = {"event_id": "event-0005", "level": 5, "session_id": "C"}
    api.world.publish("d-1", element)
    api.world.publish("d-1", {**element, "event_id": "event-0008", "session_id": "E"})
    api.world.append([ending("C", "ended-0005", last_ms, last_ms)])
    api.world.append([ending("D", "ended-0006", last_ms, last_ms)])
    api.world.clock.advance(DAY_MS)
    assert (await api.post(PATH, None)).status_code == 200
    changed = {"event_id": "event-0007", "level": 2, "amends": "event-0005"}
    api.world.publish("d-1", {**changed, "session_id": "C"})
    changed = {"event_id": "event-0009", "level": 2, "amends": "event-0008"}
    api.world.publish("d-1", {**changed, "session_id": "E"})
    api.world.clock.advance(10 * DAY_MS)
    api.world.take()
    items = (await api.get(f"{PATH}/changes")).json()["items"]
    told = [(one["kind"], one["level"], one["session_key"]) for one in items]
    assert told == [
        ("default", 3, ":D:0:1"),
        ("moved", 5, ":E:0:1"),  # no end is known: it counts when it was changed
        ("amended", 2, ":C:0:1"),
    ]


async def test_what_is_no_month_or_was_not_sealed_is_not_found(api: FoldedApi) -> None:
    assert (await api.get(PATH)).status_code == 404
    assert (await api.post("/api/v1/statements/0000-01", None)).status_code == 422
    assert (await api.get("/api/v1/statements/2026-13")).status_code == 422


async def test_a_token_of_a_site_seals_that_site_only(api: FoldedApi) -> None:
    api.world.act(
        "registry_put", {"author": "t", "table": "sites", "rows": [{"id": "hall"}]}
    )
    api.world.clock.advance(15 * DAY_MS)
    text = api.tokens.create("bound", ["audit"], "hall", 0)
    headers = bearer(text)
    assert (await api.post(PATH, None, headers)).status_code == 403
    own = await api.post(f"{PATH}?site=hall", None, headers)
    assert own.status_code == 200
    assert (await api.post(f"{PATH}?site=annex", None, headers)).status_code == 403


async def test_changes_are_told_as_they_stand_and_of_their_statement(
    api: FoldedApi,
) -> None:
    rows = [{"id": "hall"}]
    api.world.act("registry_put", {"author": "t", "table": "sites", "rows": rows})
    row = {"device_id": "d-2", "site": "hall"}
    api.world.settle("device_put", {"author": "test", "device": row})
    api.world.clock.advance(15 * DAY_MS)
    for query in ("", "?site=hall"):
        assert (await api.post(PATH + query, None)).status_code == 200
    press(api, 2, 4)
    changed = {"event_id": "event-0003", "level": 2, "amends": "event-0002"}
    at_ms = START_MS + 3 + DAY_MS
    api.world.publish("d-1", {**changed, "occurred_at": at_ms})
    lone = {"event_id": "event-0004", "level": 5, "occurred_at": START_MS + 9}
    api.world.publish("d-2", lone)
    press_now(api, 5)

    async def told(query: str) -> list[tuple[str, str | None]]:
        items = (await api.get(f"{PATH}/changes{query}")).json()["items"]
        return [(one["kind"], one["rating_id"]) for one in items]

    # What the amendment replaced before anybody saw it changes nothing.
    assert await told("") == [
        ("late", "d-2:event-0004"),
        ("amended", "d-1:event-0003"),
    ]
    assert await told("?site=hall") == [("late", "d-2:event-0004")]


async def test_what_is_nowhere_is_not_sealed(api: FoldedApi) -> None:
    api.world.clock.advance(15 * DAY_MS)
    for path in (PATH, "/api/v1/maintenance-statements/2026-11"):
        answer = await api.post(f"{path}?site=nowhere", None)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
        assert "GET /api/v1/sites" in answer.json()["detail"]
    assert (await api.get("/api/v1/statements")).json()["items"] == []
    assert (await api.get("/api/v1/sites/nowhere/rollcall")).status_code == 404


async def test_a_page_counts_a_year_of_months_again_at_most(api: FoldedApi) -> None:
    for number in range(14):
        month = f"{2024 + number // 12}-{number % 12 + 1:02}"
        api.world.settle("month_sealed", {"author": "ann", "month": month})
    first = (await api.get("/api/v1/statements?adjusted=true")).json()
    url = f"/api/v1/statements?adjusted=true&cursor={first['next_cursor']}"
    rest = (await api.get(url)).json()
    assert (len(first["items"]), len(rest["items"])) == (12, 2)
    assert (rest["items"][-1]["month"], rest["next_cursor"]) == ("2024-01", None)


async def test_a_press_that_a_later_one_makes_a_double_is_told(api: FoldedApi) -> None:
    lone = {"event_id": "event-0010", "level": 5, "occurred_at": START_MS + 9_000}
    api.world.publish("d-2", lone)
    api.world.clock.advance(15 * DAY_MS)
    assert (await api.post(PATH, None)).status_code == 200
    first = {**lone, "event_id": "event-0011", "occurred_at": START_MS + 8_000}
    api.world.publish("d-2", first)
    items = (await api.get(f"{PATH}/changes")).json()["items"]
    told = {(one["kind"], one["rating_id"]) for one in items}
    assert told == {("late", "d-2:event-0011"), ("flagged", "d-2:event-0010")}
