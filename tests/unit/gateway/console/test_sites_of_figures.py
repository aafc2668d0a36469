"""Figures of sites that keep another time, or other rules, through fold and API."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest

from gateway.ratings.cells import level_slot
from tests.support.folded_api import FoldedApi
from tests.support.folding import element, message

PATH: Final = "/api/v1/statistics"
ZONES: Final = {
    "sh": "Asia/Shanghai",
    "berlin": "Europe/Berlin",
    "ny": "America/New_York",
}
SITES: Final = [
    {"id": "eu", "time_zone": ZONES["berlin"]},
    {"id": "berlin", "parent": "eu"},
    {"id": "munich", "parent": "eu"},
    {"id": "ny", "time_zone": ZONES["ny"]},
    {"id": "sh"},
]
SCORES: Final = {"5": 100, "4": 80, "3": 60, "2": 30, "1": 0}


@pytest.fixture
def api(tmp_path: Path) -> Iterator[FoldedApi]:
    api = FoldedApi(tmp_path)
    world = api.world
    world.rules()
    put = {"author": "test", "table": "sites", "rows": SITES}
    world.act("registry_put", put)
    for site in ("berlin", "munich", "ny", "sh"):
        world.act("device_put", {"device": {"device_id": site, "site": site}})
    yield api
    api.close()


def at(text: str, zone: str) -> int:
    """A local instant in ms; the first one of a time that comes twice."""
    moment = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))
    return round(moment.timestamp() * 1000)


def press(api: FoldedApi, site: str, at_ms: int, level: int = 5) -> None:
    """A press that came at once, or now if it was earlier."""
    world = api.world
    world.clock.advance(max(at_ms - world.clock.wall_ms(), 0))
    now_ms = world.clock.wall_ms()
    number = f"{site}-{at_ms}-{level}"
    body = element(number, level, session_id=number, occurred_at=at_ms)
    world.append([message(site, body, now_ms)])


def rule(api: FoldedApi, **sites: object) -> None:
    rules = {"unknown_devices": "approve"}
    api.world.act("rules_applied", {"rules": rules, "sites": sites})


async def figures(api: FoldedApi, **asked: str) -> list[dict[str, Any]]:
    answer = await api.get(PATH, **asked)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def rated(api: FoldedApi, by: str, **asked: str) -> dict[str, int]:
    """How many answers each group has."""
    items = await figures(api, group_by=by, **asked)
    return {"/".join(map(str, one["key"].values())): one["rated"] for one in items}


async def test_groups_of_times_are_by_each_site_s_own_clocks(api: FoldedApi) -> None:
    moment = at("2026-10-31 17:30", "UTC")
    for site in ("sh", "berlin", "ny"):
        press(api, site, moment)
    assert await rated(api, "site,month") == {
        "berlin/2026-10": 1,
        "ny/2026-10": 1,
        "sh/2026-11": 1,
    }
    assert await rated(api, "hour") == {"01": 1, "13": 1, "18": 1}
    assert await rated(api, "day") == {"2026-10-31": 2, "2026-11-01": 1}


async def test_instants_mean_the_same_at_every_site(api: FoldedApi) -> None:
    for minute in range(0, 120, 15):
        for site in ("sh", "berlin", "ny"):
            press(api, site, at("2026-10-31 17:00", "UTC") + minute * 60_000)
    span = {"from": "2026-10-31T17:30:00Z", "to": "2026-10-31T18:15:00Z"}
    assert await rated(api, "site", **span) == {"berlin": 3, "ny": 3, "sh": 3}


@pytest.mark.parametrize(
    ("site", "day", "hours"),
    [
        ("berlin", "2026-10-25", 25),
        ("ny", "2026-11-01", 25),
        ("berlin", "2027-03-28", 23),
        ("ny", "2027-03-14", 23),
        ("sh", "2026-10-25", 24),
    ],
)
async def test_every_hour_of_a_day_on_which_clocks_change_counts_on_it(
    api: FoldedApi, site: str, day: str, hours: int
) -> None:
    begin_ms = at(day, ZONES[site])
    for hour in range(-1, hours + 1):
        press(api, site, begin_ms + hour * 3_600_000 + 60_000)
    found = await rated(api, "day")
    assert found[day] == hours
    by_hour = await rated(api, "day,hour")
    of_day = {name[-2:]: n for name, n in by_hour.items() if name.startswith(day)}
    assert len(of_day) == min(hours, 24)
    assert sum(of_day.values()) == hours


async def test_a_report_is_of_the_month_of_each_site_s_clocks(api: FoldedApi) -> None:
    for site, zone in ZONES.items():
        press(api, site, at("2026-10-31 23:30", zone))
    for site, zone in ZONES.items():
        press(api, site, at("2026-11-01 00:30", zone), 1)
    text = (await api.get("/api/v1/reports/2026-10")).text
    rows = [line.split(",") for line in text.splitlines()]
    column = rows[0].index("rated")
    assert {row[0]: row[column] for row in rows[1:]} == dict.fromkeys(ZONES, "1")


async def test_a_site_is_compared_with_its_own_month_before(api: FoldedApi) -> None:
    press(api, "ny", at("2026-10-31 23:30", ZONES["ny"]), 1)
    press(api, "ny", at("2026-11-10 12:00", ZONES["ny"]))
    span = {"from": "2026-11-01T00:00:00-04:00", "to": "2026-12-01T00:00:00-05:00"}
    (one,) = await figures(api, site="ny", **span)
    assert one["rated"] == 1
    assert one["previous"]["rated"] == 1


async def test_a_figure_is_by_the_rules_of_the_nearest_site_it_lies_under(
    api: FoldedApi,
) -> None:
    rule(
        api,
        eu={"score_map": SCORES, "satisfied_levels": [5, 4, 3]},
        munich={"satisfied_levels": [5]},
    )
    for site in ("berlin", "munich", "sh"):
        for level in (5, 3):
            press(api, site, at("2026-10-05 10:00", "UTC") + level, level)
    by_site = {one["key"]["site"]: one for one in await figures(api, group_by="site")}
    rates = {site: one["satisfaction_rate"] for site, one in by_site.items()}
    assert rates == {"berlin": "100.00", "munich": "50.00", "sh": "50.00"}
    means = {site: one["mean_score"] for site, one in by_site.items()}
    assert means == {"berlin": "80.0000", "munich": "80.0000", "sh": "4.0000"}
    assert by_site["munich"]["satisfied_levels"] == [5]
    assert by_site["berlin"]["score_map"]["4"] == "80"
    (all_of_them,) = await figures(api)
    assert all_of_them["satisfied_levels"] == [5, 4]
    assert all_of_them["mean_score"] == "4.0000"
    (by_request,) = await figures(api, score_map="100,80,60,30,0", site="sh")
    assert by_request["mean_score"] == "80.0000"
    page = (await api.get("/api/v1/reports/2026-10?format=html")).text
    assert "berlin: Figures are verified; satisfied are the levels 5, 4, 3" in page


async def test_a_region_s_devices_together_are_by_the_region_s_rules(
    api: FoldedApi,
) -> None:
    rule(api, eu={"satisfied_levels": [5, 4, 3]}, munich={"satisfied_levels": [5]})
    for site in ("berlin", "munich"):
        press(api, site, at("2026-10-05 10:00", "UTC"), 3)
    (one,) = await figures(api, group_by="medium")
    assert one["satisfaction_rate"] == "100.00"
    assert one["satisfied_levels"] == [5, 4, 3]


async def test_a_month_is_sealed_when_it_is_over_at_every_site(api: FoldedApi) -> None:
    press(api, "sh", at("2026-12-31 23:30", ZONES["sh"]))
    world = api.world
    world.clock.advance(at("2027-01-01 00:10", "UTC") - world.clock.wall_ms())
    path = "/api/v1/statements/2026-12"
    assert (await api.post(f"{path}?site=sh", {})).status_code == 200
    assert (await api.post(path, {})).status_code == 409
    press(api, "ny", at("2026-12-31 23:30", ZONES["ny"]))
    world.clock.advance(2 * 3_600_000)
    assert (await api.post(path, {})).status_code == 200
    (group,) = (await api.get(path)).json()["groups"]
    assert group["counts"][level_slot("customer", 5)] == 2
    assert (await api.get(path)).json()["adjustments"] == []
