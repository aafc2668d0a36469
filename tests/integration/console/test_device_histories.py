"""How a device came to be as it is: spans, alerts, days, hours and its last words."""

import json
from base64 import b64decode
from typing import Any

import pytest

from gateway.acts import ActName
from tests.support.api import bearer
from tests.support.folded_api import FoldedApi
from tests.support.folding import DAY_MS, message

MINUTE_MS = 60_000
PHONE = "13800138000"


@pytest.fixture(autouse=True)
def _hall(api: FoldedApi) -> None:
    """Noon in the hall, a Saturday; its device d-1 has beaten once."""
    api.world.rules(time_zone="UTC")
    put(api, "sites", {"id": "hall"})
    api.world.act("device_put", {"device": {"device_id": "d-1", "site": "hall"}})
    beat(api)


def put(api: FoldedApi, table: str, *rows: dict[str, str]) -> None:
    act = {"author": "test", "table": table, "rows": rows}
    assert "error" not in api.world.settle("registry_put", act)


def beat(api: FoldedApi, **fields: object) -> None:
    body = {"v": 1, "battery_pct": 80, "rssi_dbm": -61, "key_counts": [1, 2], **fields}
    now_ms = api.world.clock.wall_ms()
    api.world.take(message("d-1", body, now_ms, "heartbeat"))


async def asked(api: FoldedApi, what: str, **query: object) -> dict[str, Any]:
    answer = await api.get(f"/api/v1/devices/d-1/{what}", **query)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def test_what_failed_and_was_mended_stands_in_its_history(
    api: FoldedApi,
) -> None:
    beat(api, faults=["display"])
    api.world.clock.advance(20 * MINUTE_MS)
    beat(api, faults=[])
    api.world.clock.advance(20 * MINUTE_MS)
    beat(api)
    found = await asked(api, "history")
    (finding,) = [one for one in found["findings"] if one["code"] == "fault_display"]
    assert finding["raised_at"] < finding["cleared_at"]
    failed = [one for one in found["spans"] if one["kind"] == "failed"]
    assert [(one["since"] < one["until"]) for one in failed] == [True]
    before = {"to": finding["raised_at"]}
    assert (await asked(api, "history", **before))["findings"] == []


async def test_its_days_tell_ratings_and_presses_the_current_one_too(
    api: FoldedApi,
) -> None:
    api.world.publish("d-1", {"event_id": "event-01", "level": 5})
    api.world.clock.advance(MINUTE_MS)
    beat(api, key_counts=[2, 2])
    (today,) = (await asked(api, "history"))["days"]
    assert today["day"] == "2026-11-21"
    assert (today["accepted"], today["pressed"]) == (1, 1)
    api.world.clock.advance(DAY_MS)
    api.world.publish("d-1", {"event_id": "event-02", "level": 5})
    beat(api, key_counts=[3, 2])
    days = (await asked(api, "history"))["days"]
    assert [(one["day"], one["accepted"]) for one in days] == [
        ("2026-11-22", 1),
        ("2026-11-21", 1),
    ]


async def test_hours_stand_beside_what_is_usual_for_it(api: FoldedApi) -> None:
    for number in range(3):
        api.world.publish("d-1", {"event_id": f"event-{number:02}", "level": 5})
    for _ in range(13):
        api.world.clock.advance(10 * MINUTE_MS)
        beat(api)
    found = await asked(api, "hours")
    assert (found["day"], found["time_zone"]) == ("2026-11-21", "UTC")
    hours = {one["hour"]: one for one in found["items"]}
    assert len(hours) == 24
    assert (hours["12"]["ratings"], hours["13"]["ratings"]) == (3, 0)
    assert hours["12"]["from"] == "2026-11-21T12:00:00.000Z"
    assert (hours["13"]["usual"], hours["03"]["usual"]) == (0.0, None)
    next_week = await asked(api, "hours", day="2026-11-28")
    assert {one["ratings"] for one in next_week["items"]} == {0}
    assert {one["hour"]: one["usual"] for one in next_week["items"]}["13"] == 0.0


async def test_its_last_messages_are_shown_without_persons(api: FoldedApi) -> None:
    contact = {"kind": "phone", "value": PHONE}
    rated = {"event_id": "event-01", "level": 1, "contact": contact}
    api.world.publish("d-1", rated, b'{"contact": "' + PHONE.encode())
    found = (await asked(api, "messages"))["items"]
    assert [one["channel"] for one in found] == ["rating", "rating", "heartbeat"]
    assert found[0]["payload_base64"] is None
    assert json.loads(b64decode(found[1]["payload_base64"]))["contact"] == "***"
    assert json.loads(b64decode(found[2]["payload_base64"]))["battery_pct"] == 80
    assert (found[2]["via"], found[2]["retained"]) == ("mqtt", False)


async def test_a_bound_caller_sees_no_rating_of_another_site(api: FoldedApi) -> None:
    api.world.publish("d-1", {"event_id": "event-01", "level": 5})
    put(api, "sites", {"id": "annex"})
    api.world.act(ActName.DEVICE_PUT, {"device": {"device_id": "d-1", "site": "annex"}})
    api.world.publish("d-1", {"event_id": "event-02", "level": 4})
    headers = bearer(api.tokens.create("annex", ["read"], "annex", 0))
    path = "/api/v1/devices/d-1/messages"
    found = (await api.ask("GET", path, headers=headers)).json()["items"]
    shown = [one["payload_base64"] is not None for one in found]
    assert shown == [True, False, True]


async def test_a_device_out_of_sight_has_no_history(api: FoldedApi) -> None:
    headers = bearer(api.tokens.create("annex", ["read"], "annex", 0))
    for what in ("history", "hours", "messages"):
        path = f"/api/v1/devices/d-1/{what}"
        assert (await api.ask("GET", path, headers=headers)).status_code == 404


async def test_the_roll_call_carries_what_a_hall_shows(api: FoldedApi) -> None:
    put(api, "windows", *({"id": one, "site": "hall"} for one in ("w1", "w2")))
    row = {"device_id": "d-1", "window": "w1"}
    api.world.act(ActName.DEVICE_PUT, {"device": row})
    api.world.publish("d-1", {"event_id": "event-01", "level": 5})
    path = "/api/v1/sites/hall/rollcall"
    (one,) = (await api.get(path)).json()["items"]
    assert (one["window"], one["battery_pct"], one["rssi_dbm"]) == ("w1", 80, -61)
    assert one["last_rating_at"] is not None
    here, vacant = (await api.get(path, all=True)).json()["items"]
    assert here == one
    assert (vacant["window"], vacant["device_id"]) == ("w2", None)
    await api.post("/api/v1/devices/d-1/maintenance", {})
    assert (await api.get(path)).json()["items"] == []
    here, _ = (await api.get(path, all=True)).json()["items"]
    assert (here["lifecycle"], here["presence"]) == ("maintenance", "maintenance")
