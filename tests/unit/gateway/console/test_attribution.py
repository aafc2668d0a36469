"""Whom sessions count for: by what is in force at the moment on which they count."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.events.cloudevents import rfc3339
from tests.support.folded_api import FoldedApi
from tests.support.folding import START_MS, element

MINUTE_MS = 60_000
CHANGE_MS = START_MS - 60 * MINUTE_MS
FROM_1 = "2026-11-20T00:00Z"
TO_2 = "2026-11-21T11:00Z"
BINDINGS = [
    {"device_id": "d-1", "window": one, "employee": who, "from": since, "to": until}
    for one, who, since, until in (
        ("1", "0041", FROM_1, TO_2),
        ("2", "0042", TO_2, ""),
    )
]


@pytest.fixture
def api(tmp_path: Path) -> Iterator[FoldedApi]:
    api = FoldedApi(tmp_path)
    api.world.rules(default_enabled=False)
    put(api, "employees", *({"id": name} for name in ("0041", "0042", "0043")))
    put(api, "windows", window("1", "tax"), window("2", "health"))
    device = {"device_id": "d-1", "site": "hall", "window": "1"}
    api.world.act("device_put", {"device": device})
    yield api
    api.close()


def put(api: FoldedApi, table: str, *rows: dict[str, str]) -> None:
    act = {"author": "anna", "table": table, "rows": list(rows)}
    assert "error" not in api.world.settle("registry_put", act)


def window(name: str, department: str) -> dict[str, str]:
    return {"id": name, "site": "hall", "department": department}


def press(api: FoldedApi, name: str, at_ms: int, **fields: object) -> None:
    body = element(f"press-{name}", 4, session_id=name, occurred_at=at_ms, **fields)
    api.world.publish("d-1", body)


def end(api: FoldedApi, name: str, at_ms: int, **fields: object) -> None:
    body = {"v": 1, "event_id": f"ended-{name}", "session_id": name, "action": "ended"}
    api.world.publish_to("d-1", "session", {**body, "occurred_at": at_ms, **fields})


async def served(api: FoldedApi, name: str) -> tuple[str, str, str]:
    one = (await api.get(f"/api/v1/sessions/{name}")).json()
    return one["department"], one["window"], one["employee_id"]


async def counted(api: FoldedApi, dimension: str) -> dict[str, int]:
    answer = await api.get("/api/v1/statistics", group_by=dimension)
    found: list[dict[str, Any]] = answer.json()["items"]
    return {one["key"][dimension]: one["rated"] for one in found if one["rated"]}


@pytest.mark.parametrize("ended_first", [True, False])
async def test_a_rating_counts_for_who_was_bound_when_its_service_ended(
    api: FoldedApi, *, ended_first: bool
) -> None:
    put(api, "bindings", *BINDINGS)
    if ended_first:
        end(api, "A1", CHANGE_MS)
    press(api, "A1", CHANGE_MS - MINUTE_MS)
    if not ended_first:
        end(api, "A1", CHANGE_MS)
    assert await served(api, "A1") == ("health", "2", "0042")
    assert await counted(api, "employee") == {"0042": 1}
    assert await counted(api, "department") == {"health": 1}


@pytest.mark.parametrize(
    ("named", "by_the_end", "counts"),
    [
        ("0043", None, "0043"),
        ("0041", None, "0041"),  # bound when it was pressed, and named
        ("9999", None, "0042"),
        (None, "0043", "0043"),
        ("0041", "0043", "0041"),
        ("9999", "0043", "0043"),
        (None, "9999", "0042"),
    ],
)
async def test_whom_the_rating_names_wins_then_whom_the_end_names_if_they_are_known(
    api: FoldedApi, named: str | None, by_the_end: str | None, counts: str
) -> None:
    put(api, "bindings", *BINDINGS)
    press(api, "A1", CHANGE_MS - MINUTE_MS, **{"employee_id": named} if named else {})
    end(api, "A1", CHANGE_MS, **{"employee_id": by_the_end} if by_the_end else {})
    assert (await served(api, "A1"))[2] == counts
    assert await counted(api, "employee") == {counts: 1}


async def test_a_reorganisation_leaves_what_was_counted_before_it(
    api: FoldedApi,
) -> None:
    press(api, "A1", CHANGE_MS, reasons=["slow"])
    end(api, "A1", CHANGE_MS - MINUTE_MS)
    end(api, "A2", CHANGE_MS - MINUTE_MS)
    put(api, "windows", window("1", "health"))
    press(api, "A2", CHANGE_MS)
    amended = {"amends": "press-A1", "occurred_at": CHANGE_MS + MINUTE_MS}
    api.world.publish("d-1", element("press-A1b", 5, session_id="A1", **amended))
    assert await counted(api, "department") == {"tax": 2}
    press(api, "A3", START_MS)
    assert await counted(api, "department") == {"tax": 2, "health": 1}


async def test_what_is_told_of_a_window_over_http_is_of_who_sat_there(
    api: FoldedApi,
) -> None:
    put(api, "bindings", *BINDINGS)
    told = {
        "site": "hall",
        "window": "1",
        "occurred_at": rfc3339(CHANGE_MS - MINUTE_MS),
    }
    ended = {"event_id": "queue-0001", "session_id": "Q1", "action": "ended"}
    await api.post("/api/v1/sessions", {**ended, **told})
    assert await served(api, "Q1") == ("tax", "1", "0041")
    press(api, "Q1", CHANGE_MS + MINUTE_MS)  # after the change, at the other window
    assert await served(api, "Q1") == ("tax", "1", "0041")
    for name, fields in (("web-000001", {}), ("web-000002", {"employee_id": "0043"})):
        body = {"event_id": name, "level": 5, **told, **fields}
        await api.post("/api/v1/ratings", body)
    assert await counted(api, "employee") == {"0041": 2, "0043": 1}
    named = (await api.get("/api/v1/ratings/http-local:web-000002")).json()
    assert named["flags"] == ["employee_mismatch"]
    later = {**told, "occurred_at": rfc3339(CHANGE_MS)}
    await api.post("/api/v1/ratings", {"event_id": "web-000003", "level": 5, **later})
    assert (await counted(api, "employee"))["0041"] == 2
    body = (await api.get("/api/v1/sessions/Q1/explanation")).json()
    texts = [one["text"] for one in body["lines"] if one["topic"] == "attribution"]
    assert texts[1:] == ["employee 0041, who was bound to window 1 then"]
