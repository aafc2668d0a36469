"""The vectors of the rules, through the fold and the API: deadlines, zones, orders."""

from collections.abc import Iterator
from datetime import datetime
from itertools import permutations
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec
import pytest

from gateway.settings.calendars import day_table
from tests.support.folded_api import FoldedApi
from tests.support.folding import element, message

CHINA: Final = msgspec.to_builtins(day_table("china", {}, 2026))
GERMANY: Final = msgspec.to_builtins(day_table("DE", {}, 2027))
SHANGHAI: Final = "Asia/Shanghai"
RULES: Final = {"event_age_days_max": 3650, "default_enabled": False}


@pytest.fixture
def api(tmp_path: Path) -> Iterator[FoldedApi]:
    api = FoldedApi(tmp_path)
    yield api
    api.close()


def start(api: FoldedApi, zone: str = SHANGHAI, **rules: object) -> None:
    api.world.rules(**{**RULES, "time_zone": zone, **rules})
    calendar = GERMANY if zone == "Europe/Berlin" else CHINA
    api.world.act("calendar_applied", {"calendar": calendar})
    api.world.act("device_put", {"device": {"device_id": "d-1", "site": "hall"}})


def at(text: str, zone: str = SHANGHAI) -> int:
    moment = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))
    return round(moment.timestamp() * 1000)


def happened(number: str, action: str, at_ms: int) -> tuple[str, dict[str, object]]:
    body = {"v": 1, "event_id": f"{action}-{at_ms}", "session_id": number}
    return "session", {**body, "action": action, "occurred_at": at_ms}


def pressed(
    number: str, level: int, at_ms: int, **fields: object
) -> tuple[str, dict[str, object]]:
    name = f"event-{at_ms}"
    body = element(name, level, session_id=number, occurred_at=at_ms, **fields)
    return "rating", body


def send(api: FoldedApi, *told: tuple[str, dict[str, object]]) -> None:
    now_ms = api.world.clock.wall_ms()
    for channel, body in told:
        api.world.append([message("d-1", body, now_ms, channel=channel)])


async def sessions(api: FoldedApi, **query: object) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await api.get("/api/v1/sessions", **query)).json()[
        "items"
    ]
    return sorted(found, key=lambda one: one["session_key"])


async def figures(api: FoldedApi, **query: object) -> list[dict[str, Any]]:
    answer = await api.get("/api/v1/statistics", **query)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


@pytest.mark.parametrize(
    ("ended", "days", "deadline", "estimated"),
    [
        ("2026-02-13 16:40", 1, "2026-02-15 00:00", False),  # Saturday 14 is worked
        ("2026-02-13 16:40", 3, "2026-02-26 00:00", False),
        ("2026-09-18 17:00", 1, "2026-09-21 00:00", False),  # Sunday 20 is worked
        ("2026-12-29 10:00", 5, "2027-01-06 00:00", True),
        ("2024-02-28 09:00", 1, "2024-03-01 00:00", False),  # over a leap day
        ("2023-12-29 23:59", 1, "2024-01-03 00:00", False),  # over New Year
        ("2020-01-23 10:00", 1, "2020-02-04 00:00", False),  # as prolonged in 2020
    ],
)
async def test_a_session_shows_the_deadline_of_the_rules(
    api: FoldedApi, ended: str, days: int, deadline: str, *, estimated: bool
) -> None:
    start(api, rating_window_days=days)
    end_ms = at(ended)
    api.world.clock.advance(max(0, end_ms - api.world.clock.wall_ms()))
    send(api, happened("A1", "ended", end_ms))
    (one,) = await sessions(api)
    found = datetime.fromisoformat(one["deadline_at"])
    assert found == datetime.fromtimestamp(at(deadline) / 1000, ZoneInfo(SHANGHAI))
    assert one["estimated"] is estimated


@pytest.mark.parametrize(
    ("zone", "ended", "deadline"),
    [
        # The night of 29 March has no 02:30 in Berlin, that of 25 October two.
        ("Europe/Berlin", "2026-03-27 10:00", "2026-03-31 00:00"),
        ("Europe/Berlin", "2026-10-23 10:00", "2026-10-27 00:00"),
        ("America/New_York", "2026-10-31 10:00", "2026-11-03 00:00"),
    ],
)
async def test_where_clocks_change_a_deadline_is_midnight_of_the_wall(
    api: FoldedApi, zone: str, ended: str, deadline: str
) -> None:
    start(api, zone, rating_window_days=1)
    if zone == "America/New_York":
        week = {"calendar": "weekdays", "source": "test"}
        api.world.act("calendar_applied", {"calendar": week})
    send(api, happened("A1", "ended", at(ended, zone)))
    (one,) = await sessions(api)
    found = datetime.fromisoformat(one["deadline_at"])
    assert round(found.timestamp() * 1000) == at(deadline, zone)


async def test_the_hour_that_comes_twice_is_one_hour_and_its_day_has_both(
    api: FoldedApi,
) -> None:
    start(api, "Europe/Berlin")
    first_ms = at("2026-10-25 02:30", "Europe/Berlin")
    for number, at_ms in enumerate((first_ms, first_ms + 3_600_000)):
        send(api, pressed(f"A{number}", 5, at_ms))
    for group_by, key in (("hour", "02"), ("day", "2026-10-25"), ("week", "2026-W43")):
        (one,) = await figures(api, group_by=group_by)
        assert (one["key"], one["rated"]) == ({group_by: key}, 2)


async def test_around_midnight_of_the_year_each_period_is_the_sites(
    api: FoldedApi,
) -> None:
    start(api)
    midnight_ms = at("2026-01-01 00:00")
    send(api, pressed("A1", 1, midnight_ms - 1), pressed("A2", 5, midnight_ms))
    for group_by, names in {
        "day": ["2025-12-31", "2026-01-01"],
        "month": ["2025-12", "2026-01"],
        "quarter": ["2025-Q4", "2026-Q1"],
        "year": ["2025", "2026"],
    }.items():
        found = await figures(api, group_by=group_by)
        assert [one["key"][group_by] for one in found] == names
        assert [one["mean_level"] for one in found] == ["1.0000", "5.0000"]
    (week,) = await figures(api, group_by="week")
    assert (week["key"], week["mean_level"]) == ({"week": "2026-W01"}, "3.0000")


async def test_a_number_that_comes_back_is_another_session_in_any_order(
    api: FoldedApi,
) -> None:
    start(api)
    first_ms, second_ms = at("2026-11-19 10:00"), at("2026-11-20 10:00")
    told = [
        happened("A1", "opened", first_ms),
        happened("A1", "ended", first_ms + 60_000),
        pressed("A1", 1, first_ms + 90_000),
        happened("A1", "opened", second_ms),
        pressed("A1", 5, second_ms + 30_000),
        happened("A1", "ended", second_ms + 60_000),
    ]
    send(api, *reversed(told))
    levels = {
        one["business_date"]: one["effective"]["level"] for one in await sessions(api)
    }
    assert levels == {"2026-11-19": 1, "2026-11-20": 5}
    found = await figures(api, group_by="day")
    assert [(one["eligible"], one["mean_level"]) for one in found] == [
        (1, "1.0000"),
        (1, "5.0000"),
    ]


async def test_every_order_of_a_sessions_events_gives_the_same_figures(
    api: FoldedApi,
) -> None:
    start(api)
    at_ms, seen = at("2026-11-20 10:00"), set()
    for number, order in enumerate(permutations(range(4))):
        name, shift_ms = f"A{number}", number * 60_000
        first = pressed(name, 2, at_ms + shift_ms + 20_000)
        told = (
            happened(name, "opened", at_ms + shift_ms),
            first,
            happened(name, "ended", at_ms + shift_ms + 10_000),
            pressed(name, 4, at_ms + shift_ms + 50_000, amends=first[1]["event_id"]),
        )
        before = (await figures(api) or [{}])[0]
        send(api, *(told[index] for index in order))
        (after,) = await figures(api)
        names = ("rated", "eligible", "unrated", "defaulted", "awaiting", "voided")
        seen.add(tuple(after[one] - before.get(one, 0) for one in names))
    assert seen == {(1, 1, 0, 0, 0, 0)}
    assert after["n"] == {"1": 0, "2": 0, "3": 0, "4": 24, "5": 0}
    assert after["completeness"] == "100.00"


async def test_a_void_answer_stays_where_it_counted(api: FoldedApi) -> None:
    """By every dimension: by medium, too, voided ones stand beside those that count."""
    start(api)
    _, told = pressed("A1", 2, at("2026-11-20 10:00"), medium="web", site="hall")
    assert (await api.post("/api/v1/ratings", told)).status_code == 201
    path = f"/api/v1/ratings/http-local:{told['event_id']}/void"
    assert (await api.post(path, {"reason": "test"})).status_code == 200
    (one,) = await figures(api, group_by="medium")
    counted = {name: one[name] for name in ("key", "voided", "completeness")}
    key = {"medium": "web"}
    assert counted == {"key": key, "voided": 1, "completeness": "100.00"}
