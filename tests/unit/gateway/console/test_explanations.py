"""…/explanation: sentences with their rules, over a ledger that the fold made."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gateway.cli.explain import told
from gateway.events import rfc3339
from gateway.rules import Rules
from gateway.settings.calendars import day_table
from tests.support.folded_api import FoldedApi
from tests.support.folding import DAY_MS, FoldedLedger, act, message

PAGE = Path(__file__).parents[4] / "docs" / "rating-rules.md"
CLOSING = {"calendar": msgspec.to_builtins(day_table("china", {}, 2027))}
DEVICES = [{"device_id": "dev-1", "lifecycle": "active", "site": "hall"}]
BINDINGS = [
    {"device_id": "dev-1", "window": "w3", "employee": "e1", "from": "2026-01-01"}
]


@pytest.fixture
def api(tmp_path: Path) -> Iterator[FoldedApi]:
    api = FoldedApi(tmp_path)
    world = api.world
    world.rules()
    world.act("calendar_applied", CLOSING)
    for name, rows in (("devices", DEVICES), ("bindings", BINDINGS)):
        world.act("tables_applied", {"table": name, "rows": rows})
    yield api
    api.close()


def session(world: FoldedLedger, event_id: str, action: str, number: str) -> None:
    """An event of a session that happens now."""
    now_ms = world.clock.wall_ms()
    body = {"v": 1, "event_id": event_id, "action": action, "session_id": number}
    told_at = body | {"occurred_at": rfc3339(now_ms)}
    world.append([message("dev-1", told_at, now_ms, "session")])


async def explained(api: FoldedApi, path: str) -> dict[str, Any]:
    answer = await api.get(f"/api/v1/{path}/explanation")
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def texts(body: dict[str, Any], topic: str) -> list[str]:
    return [line["text"] for line in body["lines"] if line["topic"] == topic]


async def test_an_amended_session_names_the_rule_of_each_press(api: FoldedApi) -> None:
    world = api.world
    session(world, "open-0001", "opened", "A12")
    world.publish("dev-1", {"event_id": "first-01", "level": 2, "session_id": "A12"})
    world.clock.advance(2_000)
    world.publish("dev-1", {"event_id": "again-01", "level": 5, "session_id": "A12"})
    world.clock.advance(60_000)
    world.publish("dev-1", {"event_id": "change-1", "level": 4, "session_id": "A12"})
    body = await explained(api, "ratings/again-01")
    assert (body["state"], body["session_key"]) == ("amended", "hall:A12:0:1")
    assert "the only one of its number" in texts(body, "session")[1]
    keys = {line["text"]: (line["key"], line["value"]) for line in body["lines"]}
    double = "within 5 s of the first press, of which the first one counts"
    assert keys[double] == ("multi_press", "first")
    assert keys["amended by dev-1:change-1"] == ("amend_window_days", 5)
    flags = {one["rating_id"]: one["flags"] for one in body["ratings"]}
    assert flags["dev-1:again-01"][0] == {
        "flag": "double_press",
        "excludes": True,
        "evidence": {"apart_ms": 2_025, "counts": "dev-1:first-01"},
    }
    assert "not in effect" in next(told(body))


async def test_a_default_tells_its_days_and_what_superseded_it(api: FoldedApi) -> None:
    world = api.world  # a Saturday, noon
    session(world, "ended-01", "ended", "B7")
    pressed_ms = world.clock.wall_ms()
    body = await explained(api, "sessions/B7")
    assert texts(body, "default") == [
        "unless somebody rates, a default at level 3 follows 2026-11-28 00:00:00+08:00"
    ]
    (deadline,) = body["deadlines"]
    assert deadline["counted"] == [f"2026-11-{day}" for day in range(23, 28)]
    assert deadline["skipped"] == [{"day": "2026-11-22", "said_by": "week"}]
    world.clock.advance(8 * DAY_MS)
    world.take()
    body = await explained(api, "sessions/hall:B7:0:1")
    assert body["state"] == "defaulted"
    assert "(passed)" in texts(body, "deadline")[0]
    late = {"event_id": "intime-1", "level": 5, "session_id": "B7"}
    world.publish("dev-1", late | {"occurred_at": rfc3339(pressed_ms)})
    body = await explained(api, "sessions/B7")
    assert body["state"] == "rated"
    assert "superseded by dev-1:intime-1" in texts(body, "default")[-1]


async def test_a_deadline_that_a_calendar_moved_says_so(api: FoldedApi) -> None:
    session(api.world, "ended-01", "ended", "B7")
    rest = day_table("china", {"2026-11-25": "rest"}, 2027)
    api.world.act("calendar_applied", {"calendar": msgspec.to_builtins(rest)})
    (deadline,) = (await explained(api, "sessions/B7"))["deadlines"]
    assert deadline["moved"]
    assert {"day": "2026-11-25", "said_by": "override"} in deadline["skipped"]


async def test_whoever_served_is_told_with_what_says_so(api: FoldedApi) -> None:
    claim = {"event_id": "claim-01", "level": 1, "session_id": "C1"}
    api.world.publish("dev-1", claim)
    body = await explained(api, "ratings/dev-1:claim-01")
    assert texts(body, "attribution")[1] == "employee e1, by the binding of dev-1 then"
    assert texts(body, "follow-up")[0].endswith("level 2 or below: due")
    clocks = [one["clock"] for one in body["deadlines"]]
    assert clocks == ["amendment", "contact", "rectify"]


async def test_a_void_names_its_author_and_reason(api: FoldedApi) -> None:
    api.world.publish("dev-1", {"event_id": "press-01", "level": 1, "session_id": "C1"})
    void = {"author": "anna", "rating_id": "dev-1:press-01", "reason": "a test"}
    api.world.append([act("rating_voided", void)])
    body = await explained(api, "ratings/press-01")
    assert body["state"] == "voided"
    assert "by anna: a test" in texts(body, "void")[0]


async def test_a_rating_without_a_session_is_told_why(api: FoldedApi) -> None:
    api.world.publish("dev-1", {"event_id": "lonely-1", "level": 5})
    body = await explained(api, "ratings/lonely-1")
    assert body["session"] is None
    assert texts(body, "session") == ["carries no session number: it counts by itself"]
    api.world.rules(session_mode="required")
    waiting = {"event_id": "waiting-1", "level": 5, "session_id": "D1"}
    api.world.publish("dev-1", waiting)
    body = await explained(api, "ratings/waiting-1")
    assert texts(body, "session")[0].startswith("waits for session D1")
    assert body["lines"][0]["key"] == "orphan_minutes"
    amending = {"event_id": "amending-1", "level": 4, "amends": "waiting-1"}
    api.world.publish("dev-1", amending)
    api.world.clock.advance(3_600_000)
    api.world.take()
    body = await explained(api, "ratings/waiting-1")
    assert texts(body, "session")[0].startswith("no session D1 had begun by")
    assert texts(body, "answer")[1] == "amended by dev-1:amending-1"


async def test_each_line_names_a_rule_of_the_page_and_a_key_that_there_is(
    api: FoldedApi,
) -> None:
    session(api.world, "ended-01", "ended", "B7")
    api.world.publish("dev-1", {"event_id": "press-01", "level": 1, "session_id": "B7"})
    body = await explained(api, "ratings/press-01")
    page = PAGE.read_text("utf-8")
    named = set(re.findall(r"^(?:## |\*\*)([^.*\n]+)", page, re.MULTILINE))
    assert {line["rule"] for line in body["lines"]} <= named
    known = set(Rules.__struct_fields__)
    assert {line["key"] for line in body["lines"]} - {None} <= known


async def test_what_is_not_there_is_not_explained(api: FoldedApi) -> None:
    for path in ("ratings/nobody-1", "sessions/nowhere"):
        answer = await api.get(f"/api/v1/{path}/explanation")
        assert answer.status_code == 404


async def test_nothing_personal_is_told(api: FoldedApi) -> None:
    contact = {"kind": "phone", "value": "13800000000"}
    rating = {"event_id": "person-1", "level": 1, "session_id": "C1"}
    api.world.publish("dev-1", rating | {"comment": "secret", "contact": contact})
    answer = await api.get("/api/v1/ratings/person-1/explanation")
    assert "secret" not in answer.text
    assert "13800000000" not in answer.text


async def test_the_page_shows_what_is_told(api: FoldedApi) -> None:
    example = PAGE.read_text("utf-8").split("## Asking why")[1].split("```")[1]
    body = {"event_id": "E0000002", "level": 5, "session_id": "B7"}
    api.world.publish("dev-1", body)
    shown = list(told(await explained(api, "ratings/dev-1:E0000002")))
    for line in example.strip().splitlines():
        assert line in shown
