"""Figures through the fold and the API: the rules' own example, and how to ask."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from tests.support.api import bearer
from tests.support.folded_api import FoldedApi
from tests.support.folding import DAY_MS, START_MS, message

MINUTE_MS: Final = 60_000
LEVELS: Final = {5: 8, 4: 4, 3: 2, 2: 1, 1: 1}
CALENDAR: Final = {"calendar": {"calendar": "weekdays", "source": "test"}}
PATH: Final = "/api/v1/statistics"


@pytest.fixture
def api(tmp_path: Path) -> Iterator[FoldedApi]:
    api = FoldedApi(tmp_path)
    world = api.world
    world.rules()
    world.act("calendar_applied", CALENDAR)
    tables = {
        "sites": [{"id": "city"}, {"id": "hall", "parent": "city"}, {"id": "annex"}],
        "departments": [{"id": "tax", "site": "hall"}],
        "windows": [{"id": "w1", "site": "hall", "department": "tax"}],
    }
    for table, rows in tables.items():
        world.act("registry_put", {"author": "test", "table": table, "rows": rows})
    for device, site, window in (("d-1", "hall", "w1"), ("d-2", "annex", None)):
        row = {"device_id": device, "site": site, "window": window}
        world.act("device_put", {"device": row})
    yield api
    api.close()


def serve(api: FoldedApi, number: int, at_ms: int, device: str = "d-1") -> None:
    """A service that ended then."""
    body = {
        "v": 1,
        "event_id": f"ended-{number:04d}",
        "session_id": f"A{number}",
        "action": "ended",
        "occurred_at": at_ms,
    }
    now_ms = api.world.clock.wall_ms()
    api.world.append([message(device, body, now_ms, channel="session")])


def press(api: FoldedApi, number: int, level: int, **fields: object) -> None:
    device = str(fields.pop("device", "d-1"))
    body = {
        "event_id": f"event-{number:04d}",
        "level": level,
        "session_id": f"A{number}",
        **fields,
    }
    api.world.publish(device, body)


async def ask(api: FoldedApi, **query: object) -> list[dict[str, Any]]:
    answer = await api.get(PATH, **query)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def example(api: FoldedApi) -> None:
    """16 answers and 3 defaults, of 20 sessions, one of which still waits."""
    at_ms, number = START_MS, 0
    for level, count in LEVELS.items():
        for _ in range(count):
            number += 1
            serve(api, number, at_ms)
            press(api, number, level, occurred_at=at_ms + number)
    for _ in range(3):
        number += 1
        serve(api, number, at_ms)
    api.world.clock.advance(9 * DAY_MS)
    api.world.append([])  # their deadlines have passed
    serve(api, 20, at_ms + 9 * DAY_MS)


async def test_the_example_of_the_rules_has_its_figures(api: FoldedApi) -> None:
    example(api)
    (one,) = await ask(api)
    assert (one["rated"], one["defaulted"], one["eligible"]) == (16, 3, 20)
    assert (one["unrated"], one["awaiting"]) == (4, 1)
    assert one["n"] == {"1": 1, "2": 1, "3": 2, "4": 4, "5": 8}
    assert one["satisfaction_rate"] == "75.00"
    assert one["satisfaction_rate_with_defaults"] == "63.16"
    assert (one["mean_level"], one["mean_level_with_defaults"]) == ("4.0625", "3.8947")
    assert (one["unrated_share"], one["overdue_share"]) == ("20.00", "15.79")
    assert (one["response_rate"], one["invitation_rate"]) == ("80.00", "0.00")
    assert one["completeness"] == "100.00"
    assert one["key"] == {}


async def test_satisfied_levels_and_scores_are_arguments(api: FoldedApi) -> None:
    example(api)
    scores = "5:100,4:80,3:60,2:30,1:0"
    for written in (scores, "100/80/60/30/0", '{"5":100,"4":80,"3":60,"2":30,"1":0}'):
        (one,) = await ask(api, satisfied_levels="5,4,3", score_map=written)
        assert one["satisfaction_rate"] == "87.50"
        assert one["satisfaction_rate_with_defaults"] == "89.47"
        assert one["mean_score"] == "79.3750"
        assert one["mean_score_with_defaults"] == "76.3158"
        assert one["score_map"]["2"] == "30"


async def test_a_team_is_pooled(api: FoldedApi) -> None:
    for number in range(10):
        who, level = ("ann", 5) if number < 2 else ("bob", 3)
        press(api, number, level, employee_id=who)
    (one,) = await ask(api)
    assert one["mean_level"] == "3.4000"
    by_employee = await ask(api, group_by="employee")
    assert [item["key"] for item in by_employee] == [
        {"employee": "ann"},
        {"employee": "bob"},
    ]
    assert [item["mean_level"] for item in by_employee] == ["5.0000", "3.0000"]


async def test_nothing_is_null_and_never_zero(api: FoldedApi) -> None:
    (one,) = await ask(api)
    assert one["rated"] == 0
    rates = ("satisfaction_rate", "mean_level", "unrated_share", "completeness")
    assert [one[rate] for rate in rates] == [None] * 4
    assert set(one["share"].values()) == {None}
    assert await ask(api, group_by="site") == []


async def test_bounds_are_half_open_to_the_millisecond(api: FoldedApi) -> None:
    for number in range(3):
        press(api, number, 5, occurred_at=START_MS - 90_000 + number)
    text = "2026-11-21T11:58:30.{:03d}Z"
    bounds = {"from": text.format(1), "to": text.format(2)}
    (one,) = await ask(api, **bounds)
    assert one["rated"] == 1
    (whole,) = await ask(api, **{"from": text.format(0), "to": "2026-11-22T00:00:00Z"})
    assert whole["rated"] == 3


async def test_each_group_stands_beside_the_period_before(api: FoldedApi) -> None:
    press(api, 1, 3, occurred_at=START_MS - DAY_MS)
    press(api, 2, 5, occurred_at=START_MS)
    days = {"from": "2026-11-21T00:00:00+08:00", "to": "2026-11-22T00:00:00+08:00"}
    (day,) = await ask(api, group_by="day", **days)
    assert day["key"] == {"day": "2026-11-21"}
    assert (day["mean_level"], day["previous"]["mean_level"]) == ("5.0000", "3.0000")
    assert day["trend"]["mean_level"] == "+2.0000"
    (whole,) = await ask(api, **days)
    assert whole["previous"]["mean_level"] == "3.0000"
    (ever,) = await ask(api)
    assert (ever["previous"], ever["trend"]) == (None, None)


async def test_groups_by_two_dimensions_name_both(api: FoldedApi) -> None:
    press(api, 1, 5)
    press(api, 2, 4, device="d-2")
    items = await ask(api, group_by="site,hour")
    assert [item["key"] for item in items] == [
        {"site": "annex", "hour": "20"},
        {"site": "hall", "hour": "20"},
    ]
    (tax,) = await ask(api, group_by="department", department="tax")
    assert (tax["key"], tax["rated"]) == ({"department": "tax"}, 1)
    by_week = await ask(api, group_by=["week", "weekday"])
    assert by_week[0]["key"] == {"week": "2026-W47", "weekday": 6}


async def test_items_have_levels_of_their_own(api: FoldedApi) -> None:
    items = [{"code": "speed", "level": 2}, {"code": "manners", "level": 4}]
    press(api, 1, 5, items=items, reasons=["slow"])
    press(api, 2, 3, items=[{"code": "speed", "level": 4}])
    found = await ask(api, group_by="item")
    assert {one["key"]["item"]: one["mean_level"] for one in found} == {
        "manners": "4.0000",
        "speed": "3.0000",
    }
    (slow,) = await ask(api, reason="slow")
    assert (slow["rated"], slow["mean_level"]) == (1, "5.0000")
    assert slow["completeness"] is None


async def test_shared_credit_counts_once_for_all_but_employees(api: FoldedApi) -> None:
    press(api, 1, 5, employee_id="ann", attributions=["bob"])
    (whole,) = await ask(api)
    assert whole["rated"] == 1
    found = await ask(api, group_by="employee")
    assert [(one["key"]["employee"], one["rated"]) for one in found] == [
        ("ann", 1),
        ("bob", 1),
    ]
    (bob,) = await ask(api, employee="bob")
    assert bob["rated"] == 1


async def test_below_min_n_a_score_is_withheld(api: FoldedApi) -> None:
    press(api, 1, 5)
    (one,) = await ask(api, min_n=2)
    assert (one["mean_level"], one["rated"], one["min_n_met"]) == (None, 1, False)


async def test_a_revision_of_the_rules_has_a_name_of_its_own(api: FoldedApi) -> None:
    (before,) = await ask(api)
    api.world.rules(satisfied_levels=[5, 4, 3])
    (after,) = await ask(api)
    assert before["rules_revision"] != after["rules_revision"]
    assert after["satisfied_levels"] == [5, 4, 3]


async def test_a_token_counts_its_own_sites_only(api: FoldedApi) -> None:
    press(api, 1, 5)
    press(api, 2, 1, device="d-2")
    text = api.tokens.create("bound", ["read"], "city", 0)
    headers = bearer(text)
    answer = await api.ask("GET", PATH, headers=headers)
    assert answer.json()["items"][0]["n"]["5"] == 1
    assert answer.json()["items"][0]["rated"] == 1


async def test_groups_come_by_pages(api: FoldedApi) -> None:
    for number in range(5):
        press(api, number, 5, employee_id=f"e{number}")
    page = (await api.get(PATH, group_by="employee", limit=3)).json()
    assert len(page["items"]) == 3
    rest = await api.get(PATH, group_by="employee", limit=3, cursor=page["next_cursor"])
    assert [one["key"]["employee"] for one in rest.json()["items"]] == ["e3", "e4"]
    assert rest.json()["next_cursor"] is None


@pytest.mark.parametrize(
    ("query", "complaint"),
    [
        ({"group_by": "color"}, "none of site"),
        ({"group_by": "site,day,hour"}, "at most 2"),
        ({"group_by": "item", "reason": "slow"}, "cannot be combined"),
        ({"satisfied_levels": "6"}, "5,4,3,2,1"),
        ({"score_map": "1e999999999"}, "write score_map as"),
        ({"score_map": '{"5": "1e999999999"}'}, "write score_map as"),
        ({"from": "2026-11-21"}, "from"),
        ({"colour": "red"}, "colour"),
    ],
)
async def test_what_cannot_be_asked_says_why(
    api: FoldedApi, query: dict[str, str], complaint: str
) -> None:
    answer = await api.get(PATH, **query)
    assert answer.status_code == 422
    assert complaint in answer.json()["detail"]


async def test_a_level_without_a_score_is_told(api: FoldedApi) -> None:
    press(api, 1, 4)
    answer = await api.get(PATH, score_map="5:10,3:5")
    assert answer.status_code == 422
    assert "no score for level 4" in answer.json()["detail"]


async def test_flags_keep_ratings_out_unless_they_are_asked_for(api: FoldedApi) -> None:
    press(api, 1, 5, occurred_at=START_MS)
    press(api, 1, 1, event_id="event-more", occurred_at=START_MS + 1_000)
    (one,) = await ask(api)
    assert one["n"]["5"] == 1
    assert one["completeness"] == "100.00"


async def test_what_is_known_to_be_lost_stands_beside_the_scores(
    api: FoldedApi,
) -> None:
    for number, seq in ((1, 1), (2, 2), (3, 6), (4, 7)):
        press(api, number, 5, seq=seq)
    (one,) = await ask(api, device="d-1")
    assert one["completeness"] == "57.14"  # 4 of 7
    press(api, 5, 5, seq=4)
    (one,) = await ask(api, group_by="site")
    assert (one["key"], one["completeness"]) == ({"site": "hall"}, "71.43")
    for number, seq in ((6, 3), (7, 5)):
        press(api, number, 5, seq=seq)
    (whole,) = await ask(api)
    assert (whole["rated"], whole["completeness"]) == (7, "100.00")
    assert api.world.all("SELECT * FROM loss") == []


@pytest.mark.parametrize(
    ("weights", "more"),
    [
        ("speed:60,calm:39.9", {}),
        ("speed:60,speed:40", {}),
        ("speed:160,calm:-60", {}),
        ("speed", {}),
        ("speed:100", {"group_by": "item"}),
        ("speed:100", {"reason": "noise"}),
        ("speed:100", {"score_map": "5:100"}),
    ],
)
async def test_a_composite_of_nothing_definite_is_refused(
    api: FoldedApi, weights: str, more: dict[str, str]
) -> None:
    path = "/api/v1/statistics/composites"
    items = [{"code": "speed", "level": 4}]
    api.world.publish("d-1", {"event_id": "event-0001", "level": 5, "items": items})
    answer = await api.get(path, weights=weights, **more)
    assert answer.status_code == 422, answer.text


async def test_composites_come_by_pages_and_are_rounded_once(api: FoldedApi) -> None:
    for number, level in enumerate((5, 4, 4)):
        items = [{"code": "speed", "level": level}, {"code": "calm", "level": 1}]
        for who in ("ann", "bob"):
            name = f"event-{who}-{number}"
            body = {"event_id": name, "level": 5, "items": items, "employee_id": who}
            api.world.publish("d-1", {**body, "session_id": name})
    asked = {"weights": "speed:99.99,calm:0.01", "group_by": "employee", "limit": 1}
    path = "/api/v1/statistics/composites"
    page = (await api.get(path, **asked)).json()
    (one,) = page["items"]
    assert (one["key"], one["composite"]) == ({"employee": "ann"}, "4.3330")
    (other,) = (await api.get(path, **asked, cursor=page["next_cursor"])).json()[
        "items"
    ]
    assert other["key"] == {"employee": "bob"}
    assert other["items"]["speed"]["mean_score"] == "4.3333"
