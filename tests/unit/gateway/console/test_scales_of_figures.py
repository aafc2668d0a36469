"""Figures of ratings on several scales: each scores by the map of its own."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

from gateway.ports import Record, RecordKind
from tests.support.folded_api import FoldedApi
from tests.support.folding import DAY_MS, START_MS, element, message

MAKER: Final = {"5": 10, "4": 8, "2": 5, "1": 3}
STATISTICS: Final = "/api/v1/statistics"
STATEMENT: Final = "/api/v1/statements/2026-11"


@pytest.fixture
def api(tmp_path: Path) -> Iterator[FoldedApi]:
    """`five` stands in the hall; `four`, of a make with four levels, in the annex."""
    api = FoldedApi(tmp_path)
    api.world.rules()
    make(api, MAKER)
    for device, site in (("five", "hall"), ("four", "annex")):
        row = {"device_id": device, "site": site}
        profile = {"profile": "maker"} if device == "four" else {}
        api.world.act("device_put", {"device": row | profile})
    yield api
    api.close()


def make(api: FoldedApi, scores: Mapping[str, int]) -> None:
    """The scale of the make, with these scores or those of the rules."""
    labels = {level: int(level) for level in MAKER}
    scale = {"name": "4-maker", "labels": labels, "scores": scores}
    api.world.act("profiles_applied", {"profiles": {"maker": {"scale": scale}}})


def press(api: FoldedApi, device: str, number: int, level: int, **more: object) -> None:
    name = f"event-{number:04d}"
    at_ms = START_MS - DAY_MS + number * 60_000
    body = {"session_id": name, "occurred_at": at_ms, "employee_id": "ann", **more}
    api.world.publish(device, element(name, level) | body)


def press_all(api: FoldedApi) -> None:
    """November: 5 and 3 in the hall, 5 and 2 in the annex; October: 4 in the annex."""
    for number, (device, level) in enumerate(
        (("five", 5), ("five", 3), ("four", 5), ("four", 2))
    ):
        press(api, device, number, level, items=[{"code": "speed", "level": level}])
    press(api, "four", 9, 4, occurred_at=START_MS - 31 * DAY_MS)


def serve(api: FoldedApi, device: str, number: int) -> None:
    """A service that ended a minute ago; nobody rated it yet."""
    now_ms = api.world.clock.wall_ms()
    body = {
        "v": 1,
        "event_id": f"ended-{number:04d}",
        "session_id": f"A{number}",
        "action": "ended",
        "occurred_at": now_ms - 60_000,
    }
    api.world.append([message(device, body, now_ms, "session")])


async def asked(api: FoldedApi, path: str = STATISTICS, **query: Any) -> Any:  # noqa: ANN401 -- JSON
    answer = await api.get(path, **query)
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


async def scores(api: FoldedApi, by: str, **query: str) -> dict[str, str]:
    """The mean score of each group."""
    items = await asked(api, group_by=by, **query)
    return {"/".join(one["key"].values()): one["mean_score"] for one in items}


async def test_a_group_of_several_scales_adds_up_the_scores_of_each(
    api: FoldedApi,
) -> None:
    press_all(api)
    assert await scores(api, "site") == {"annex": "7.6667", "hall": "4.0000"}
    assert await scores(api, "month") == {"2026-10": "8.0000", "2026-11": "5.7500"}
    assert await scores(api, "site,month") == {
        "annex/2026-10": "8.0000",
        "annex/2026-11": "7.5000",
        "hall/2026-11": "4.0000",
    }
    assert await scores(api, "employee", limit="1") == {"ann": "6.2000"}
    (november,) = await asked(api, group_by="month", **{"from": "2026-11-01T00:00:00Z"})
    assert (november["previous"]["mean_score"], november["mean_level"]) == (
        "8.0000",
        "3.7500",
    )
    assert november["trend"]["mean_score"] == "-2.2500"
    assert november["score_map"]["5"] == "5"
    assert november["score_maps"] == {
        "4-maker": {"5": "10", "4": "8", "2": "5", "1": "3"}
    }
    (speed,) = await asked(api, f"{STATISTICS}/composites", weights="speed:100")
    assert speed["composite"] == "5.7500"
    assert speed["score_maps"] == november["score_maps"]
    query: dict[str, Any] = {
        "by": "site",
        "figure": "mean_score",
        "below": "7.6",
        "months": 1,
    }
    (annex, hall) = await asked(api, "/api/v1/streaks", **query)
    assert (annex["values"], hall["values"]) == (["7.5000"], ["4.0000"])


async def test_a_map_that_the_question_names_is_that_of_all_scales(
    api: FoldedApi,
) -> None:
    press_all(api)
    given = {"score_map": "5:100,4:80,3:60,2:30,1:0"}
    assert await scores(api, "site", **given) == {"annex": "70.0000", "hall": "80.0000"}
    (whole,) = await asked(api, **given)
    assert (whole["score_map"]["5"], whole["score_maps"]) == ("100", {})


async def test_what_flags_keep_out_and_what_was_withdrawn_scores_by_its_scale(
    api: FoldedApi,
) -> None:
    press(api, "five", 1, 1)
    press(api, "four", 2, 5)
    press(api, "four", 3, 1, prompt_delay_ms=10)
    press(api, "four", 4, 4)
    reason = {"author": "anna", "rating_id": "four:event-0004", "reason": "x"}
    api.world.act("rating_voided", reason)
    (verified,) = await asked(api)
    (all_of_them,) = await asked(api, include_flagged="true")
    assert (verified["rated"], verified["mean_score"]) == (2, "5.5000")
    assert (all_of_them["rated"], all_of_them["mean_score"]) == (3, "4.6667")


@pytest.mark.parametrize(("level", "score"), [(2, 5), (3, 3)])
async def test_a_default_scores_on_the_scale_of_its_terminal_or_by_the_rules(
    api: FoldedApi, level: int, score: int
) -> None:
    api.world.rules(default_level=level)
    serve(api, "four", 1)
    serve(api, "five", 2)
    api.world.clock.advance(15 * DAY_MS)
    api.world.take()
    told = {one.device_id: one.score for one in api.world.ratings_told()}
    assert told == {"four": score, "five": level}
    (whole,) = await asked(api)
    assert (whole["defaulted"], whole["mean_score"]) == (2, None)
    assert whole["mean_score_with_defaults"] == f"{(score + level) / 2:.4f}"


def amend(api: FoldedApi, number: int, level: int) -> None:
    """By phone."""
    body = element(f"amend-{number:04d}", level, amends=f"four:event-{number:04d}")
    body |= {"session_id": f"event-{number:04d}", "site": "annex", "medium": "phone"}
    at_ms = START_MS - DAY_MS + 3_600_000
    payload = msgspec.json.encode(body | {"occurred_at": at_ms})
    now_ms = api.world.clock.wall_ms()
    api.world.append([Record(RecordKind.HTTP, "http-local/rating", payload, now_ms)])


@pytest.mark.parametrize("comes_first", [False, True])
async def test_an_amendment_over_http_scores_on_the_scale_of_what_it_amends(
    api: FoldedApi, *, comes_first: bool
) -> None:
    if comes_first:
        amend(api, 1, 5)
    press(api, "four", 1, 4)
    if not comes_first:
        amend(api, 1, 5)
    (whole,) = await asked(api)
    assert (whole["n"]["5"], whole["rated"], whole["mean_score"]) == (1, 1, "10.0000")
    (phone,) = await asked(api, medium="phone")
    assert phone["mean_score"] == "10.0000"
    told = [one.score for one in api.world.ratings_told() if one.amends]
    assert comes_first or set(told) == {10}


async def test_a_sealed_month_tells_scales_apart(api: FoldedApi) -> None:
    press_all(api)
    api.world.clock.advance(15 * DAY_MS)
    await api.post(STATEMENT, None)
    press(api, "four", 5, 1)
    sealed = (await api.get(STATEMENT)).json()
    (group,) = sealed["groups"]
    assert group["counts"] == {
        "customer.2": 1,
        "customer.2@4-maker": 1,
        "customer.3": 1,
        "customer.5": 2,
        "customer.5@4-maker": 1,
        "received": 4,
    }
    (change,) = sealed["adjustments"]
    assert change["counts"] == {
        "customer.1": 1,
        "customer.1@4-maker": 1,
        "received": 1,
    }
    path = f"{STATEMENT}/figures"
    (ann,) = await asked(api, path, by="employee")
    assert (ann["mean_score"], ann["now"]["mean_score"]) == ("5.7500", "5.2000")
    printed = (await api.get(f"{path}?by=employee&format=html")).text
    assert "1: 1; on the scale “4-maker” 5: 10, 4: 8, 2: 5, 1: 3; rules" in printed
    report = (await api.get("/api/v1/reports/2026-11", by="employee")).text
    assert "5.2000" in report.splitlines()[1].split(",")


async def test_a_month_that_an_older_version_sealed_is_not_told_by_scale(
    api: FoldedApi,
) -> None:
    press_all(api)
    api.world.clock.advance(15 * DAY_MS)
    await api.post(STATEMENT, None)
    data = json.loads(api.world.one("SELECT data FROM statement"))
    (cell,) = data["cells"].values()
    for slot in [name for name in cell if "@" in name]:
        del cell[slot]
    older = "UPDATE statement SET by_scale = 0, data = ?"
    api.world.store.run(older, (json.dumps(data),))
    (listed,) = await asked(api, "/api/v1/statements", adjusted="true")
    assert listed["adjusted"] == 0
    press(api, "four", 5, 1)
    (change,) = (await api.get(STATEMENT)).json()["adjustments"]
    assert change["counts"] == {"customer.1": 1, "received": 1}


async def test_figures_are_by_the_scores_in_force_and_counts_stay(
    api: FoldedApi,
) -> None:
    press_all(api)
    api.world.clock.advance(15 * DAY_MS)
    await api.post(STATEMENT, None)
    before = (await api.get(STATEMENT)).json()
    make(api, {"5": 100, "4": 75, "2": 25, "1": 0})
    assert (await api.get(STATEMENT)).json() == before
    assert await scores(api, "site") == {"annex": "66.6667", "hall": "4.0000"}
    make(api, {})
    assert await scores(api, "site") == {"annex": "3.6667", "hall": "4.0000"}
    body = (await api.get(f"{STATEMENT}/figures", by="site")).json()
    assert (body["items"][0]["mean_score"], body["score_maps"]) == ("3.7500", {})
