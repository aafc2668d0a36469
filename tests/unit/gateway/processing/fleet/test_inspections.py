"""Inspections as the journal tells of them."""

import json
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from gateway.ports import Event
from tests.support.folding import DAY_MS, FoldedLedger, message, snapshot

CHANGED = "device.health_changed"
PLAN = {
    "plan_id": "monthly",
    "scope": "site",
    "subject": "north",
    "every_days": 30,
    "grace_days": 2,
    "remind_before_days": 3,
    "on_overdue": "degrade",
    "checklist": ["clean"],
}


@pytest.fixture
def world() -> Iterator[FoldedLedger]:
    world = FoldedLedger()
    world.rules(time_zone="Asia/Shanghai")
    world.act(
        "registry_put",
        {
            "author": "a",
            "table": "sites",
            "rows": [{"id": "north"}, {"id": "hall", "parent": "north"}],
        },
    )
    put(world, "d-1")
    yield world
    world.close()


def put(world: FoldedLedger, device_id: str, **row: str | None) -> None:
    fields = {"device_id": device_id, "lifecycle": "active", "site": "hall", **row}
    world.act("device_put", {"author": "a", "device": fields})


def plan(world: FoldedLedger, **fields: object) -> dict[str, Any]:
    plans = {"author": "a", "plans": [PLAN | fields]}
    return world.settle("inspection_plan_put", plans)


def record(world: FoldedLedger, **fields: object) -> dict[str, Any]:
    now_ms = world.clock.wall_ms()
    given = {
        "author": "w",
        "device_id": "d-1",
        "type": "inspection",
        "started_ms": now_ms - 600_000,
        "finished_ms": now_ms,
        "operator": "w",
        "checklist": {"clean": "pass"},
    }
    return world.settle("inspection_recorded", given | fields)


def days(world: FoldedLedger, count: int) -> None:
    """So many days pass, with a tick each quarter of a day."""
    for _ in range(count * 4):
        world.clock.advance(DAY_MS // 4)
        world.append([])


def told(world: FoldedLedger, prefix: str = "inspection.") -> list[str]:
    return [event.type for event in events(world) if event.type.startswith(prefix)]


def events(world: FoldedLedger) -> list[Event]:
    found = [event for row in world.outbox() for event in row.events]
    return [event for event in found if isinstance(event, Event)]


def state(world: FoldedLedger) -> object:
    return world.one("SELECT state FROM inspection")


def test_an_inspection_is_walked_from_due_soon_to_done(world: FoldedLedger) -> None:
    assert plan(world) == {"plans": ["monthly"]}
    walked = [state(world)]
    for count in (28, 2, 3):
        days(world, count)
        walked.append(state(world))
    assert walked == ["not_due", "due_soon", "due", "overdue"]
    outcome = record(world)
    assert outcome["completes"] is True
    assert state(world) == "not_due"
    assert told(world) == [
        "inspection.due",
        "inspection.overdue",
        "inspection.completed",
    ]
    assert told(world, "alert.") == ["alert.opened", "alert.resolved"]
    last = next(one for one in events(world) if one.type == "inspection.completed")
    data = msgspec.json.decode(last.data)
    assert (data["in_time"], data["record_id"]) == (False, outcome["record_id"])
    assert data["inspection_id"] == last.subject == "d-1:inspection:2026-11-21"


@pytest.mark.parametrize(
    ("on_overdue", "after"), [("degrade", "degraded"), ("warn", "ok")]
)
def test_overdue_work_degrades_a_device_when_its_plan_says_so(
    world: FoldedLedger, on_overdue: str, after: str
) -> None:
    plan(world, on_overdue=on_overdue)
    days(world, 33)
    health = "SELECT coalesce(max(health), 'ok') FROM device_health"
    assert world.one(health) == after
    assert world.all("SELECT cause FROM alert") == [("inspection_overdue",)]
    world.restart()
    record(world)
    days(world, 1)
    assert world.one(health) == "ok"
    whys = [json.loads(e.data)["health"] for e in events(world) if e.type == CHANGED]
    assert whys == (["degraded", "ok"] if after == "degraded" else [])
    assert snapshot(world.refolded(7).store) == snapshot(world.store)


def test_a_record_that_leaves_something_out_completes_nothing(
    world: FoldedLedger,
) -> None:
    plan(world, checklist=["clean", "label"])
    days(world, 31)
    outcome = record(world)
    assert (outcome["unanswered"], outcome["completes"]) == (["label"], False)
    assert state(world) == "due"


def test_devices_come_under_a_plan_with_their_site_and_leave_it(
    world: FoldedLedger,
) -> None:
    put(world, "d-2", site="south")
    plan(world)
    assert world.all("SELECT count(*) FROM inspection") == [(1,)]
    put(world, "d-2", site="hall")
    assert world.all("SELECT count(*) FROM inspection") == [(2,)]
    world.act("device_retired", {"author": "a", "device_id": "d-2"})
    assert world.all("SELECT count(*) FROM inspection") == [(1,)]


def test_what_is_exempted_resolves_its_alert(world: FoldedLedger) -> None:
    plan(world)
    days(world, 34)
    plan(world, plan_id="never", scope="device", subject="d-1", enabled=False)
    assert state(world) is None
    assert told(world, "alert.") == ["alert.opened", "alert.resolved"]


def test_a_profile_brings_its_plan_along(world: FoldedLedger) -> None:
    put(world, "d-1", profile="classic")
    inspection = {"every_days": 5, "checklist": ["clean"]}
    world.act("profiles_applied", {"profiles": {"classic": {"inspection": inspection}}})
    assert world.one("SELECT plan_id FROM inspection") == "profile:classic"
    days(world, 5)
    assert state(world) == "due"


def test_presses_are_counted_over_resets_and_looked_at_each_hour(
    world: FoldedLedger,
) -> None:
    plan(world, every_days=None, every_presses=100)
    for counters in ([10, 0], [60, 20], [5, 5], [5, 25]):
        beat = {"v": 1, "key_counts": counters}
        world.append([message("d-1", beat, world.clock.wall_ms(), channel="heartbeat")])
        days(world, 1)
    assert world.one("SELECT presses FROM inspection") == 100
    assert state(world) == "due"
    assert record(world)["completes"] is True
    assert state(world) == "not_due"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"every_days": 0}, "every_days"),
        ({"plan_id": "other"}, "monthly is for site north, too"),
    ],
)
def test_plans_that_cannot_be_followed_change_nothing(
    world: FoldedLedger, fields: dict[str, object], words: str
) -> None:
    plan(world)
    outcome = plan(world, **fields)
    assert outcome["error"] == "invalid"
    assert words in outcome["detail"]
    assert world.all("SELECT plan_id FROM inspection_plan") == [("monthly",)]


def test_records_that_cannot_be_are_refused(world: FoldedLedger) -> None:
    assert record(world, device_id="nobody")["error"] == "not_found"
    assert record(world, plan_id="nothing")["error"] == "not_found"
    future_ms = world.clock.wall_ms() + DAY_MS
    assert record(world, finished_ms=future_ms)["error"] == "invalid"
    assert world.all("SELECT * FROM inspection_record") == []


def test_folding_again_gives_the_same(world: FoldedLedger) -> None:
    plan(world)
    days(world, 20)
    record(world, started_ms=None, finished_ms=None)
    world.restart()
    days(world, 20)
    record(world, result="degraded", checklist={"clean": "fail"}, parts={"key": 1})
    plan(world, every_days=7, due_from="grid")
    days(world, 12)
    for blocks in (1, 8):
        other = world.refolded(blocks)
        assert snapshot(other.store) == snapshot(world.store)
        other.close()
