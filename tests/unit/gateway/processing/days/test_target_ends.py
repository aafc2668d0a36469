"""Targets through the fold: told when a period is over, once."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.folded_api import FoldedApi
from tests.support.folding import DAY_MS, FoldedLedger, snapshot

EACH: dict[str, Any] = {
    "figure": "satisfaction_rate",
    "at_least": "80",
    "period": "day",
    "scope": {"employee": "*"},
}


@pytest.fixture
def api(tmp_path: Path) -> Iterator[FoldedApi]:
    api = FoldedApi(tmp_path)
    api.world.rules(min_n=2)
    api.world.act("targets_applied", {"targets": [EACH]})
    yield api
    api.close()


def press(world: FoldedLedger, who: str, *levels: int) -> None:
    now_ms = world.clock.wall_ms()
    for number, level in enumerate(levels):
        name = f"event-{who}-{now_ms}-{number}"
        body = {"event_id": name, "session_id": name, "employee_id": who}
        world.publish("d-1", {**body, "level": level, "occurred_at": now_ms})


def told(world: FoldedLedger) -> list[dict[str, Any]]:
    return [json.loads(one.data) for one in world.events("figure.below_target")]


def days(world: FoldedLedger, count: int) -> None:
    for _ in range(count):
        world.clock.advance(DAY_MS)
        world.take()


async def test_who_is_below_when_the_period_is_over_is_told(api: FoldedApi) -> None:
    press(api.world, "ann", 5, 2)
    press(api.world, "bob", 5, 4)
    press(api.world, "eve", 1)  # below min_n
    assert told(api.world) == []
    days(api.world, 1)
    (miss,) = told(api.world)
    revision = miss.pop("rules_revision")
    assert miss == {
        "figure": "satisfaction_rate",
        "value": "50.00",
        "target": "80",
        "n": 2,
        "scope": {"employee": "ann"},
        "period": "2026-11-21",
        "unit": "day",
    }
    (item,) = (await api.get("/api/v1/targets/missed")).json()["items"]
    assert (item["value"], item["rules_revision"]) == ("50.00", revision)


def test_a_period_is_told_of_once_whatever_comes_later(api: FoldedApi) -> None:
    press(api.world, "ann", 2, 2)
    days(api.world, 1)
    api.world.act("targets_applied", {"targets": []})
    api.world.act("targets_applied", {"targets": [EACH]})
    api.world.restart()
    days(api.world, 3)
    assert [one["period"] for one in told(api.world)] == ["2026-11-21"]


@pytest.mark.parametrize(("unit", "name"), [("week", "2026-W47"), ("month", "2026-11")])
def test_a_week_and_a_month_have_targets_too(
    api: FoldedApi, unit: str, name: str
) -> None:
    target = {**EACH, "period": unit, "scope": {}}
    api.world.act("targets_applied", {"targets": [target]})
    press(api.world, "ann", 2, 2)
    days(api.world, 12)
    assert [(one["period"], one["scope"]) for one in told(api.world)] == [(name, {})]


@pytest.mark.parametrize(
    "wrong", [{"figure": "n"}, {"scope": {"moon": "*"}}, {"period": "year"}]
)
def test_a_target_that_cannot_be_is_refused(
    api: FoldedApi, wrong: dict[str, Any]
) -> None:
    found = api.world.settle("targets_applied", {"targets": [{**EACH, **wrong}]})
    assert found["error"] == "invalid"


def test_any_cut_tells_the_same(api: FoldedApi) -> None:
    press(api.world, "ann", 5, 2)
    days(api.world, 2)
    for blocks in (1, 50):
        other = api.world.refolded(blocks)
        assert snapshot(other.store) == snapshot(api.world.store)
        other.close()
