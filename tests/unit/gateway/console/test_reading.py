"""What the API tells: every answer is also checked against its OpenAPI document."""

import jsonschema_rs
import pytest

from gateway.ports import RatingEvent
from tests.support.api import Api
from tests.support.events import rating_event
from tests.support.ledger_file import NOON_MS

NOON = "2026-11-21T12:00:00.000Z"


def recorded(event_id: str) -> RatingEvent:
    return rating_event(1, device_id="d-1", event_id=event_id)


async def test_the_contract_is_a_valid_openapi_of_this_version(api: Api) -> None:
    contract = (await api.get("/api/v1/openapi.json")).json()
    assert contract["openapi"].startswith("3.1")
    for schema in contract["components"]["schemas"].values():
        assert jsonschema_rs.meta.is_valid(schema)


async def test_pipeline_shows_both_counts_and_each_sink(api: Api) -> None:
    api.ledger.state(block=40, ordinal=9, messages=10, elements_extra=2)
    for fate, elements in {"accepted": 9, "duplicate": 1, "quarantined": 2}.items():
        api.ledger.fate(fate, elements)
    api.ledger.sink("main", "influxdb")
    api.ledger.addressed("main", 9)
    api.ledger.outbox(40, recorded("event-01"), recorded("event-02"))
    api.deliveries.sink("main", "influxdb", 40, 1, 7, 1, "retrying", "503")
    body = (await api.get("/api/v1/pipeline")).json()
    fates = ("accepted", "duplicate", "conflict", "quarantined", "ignored", "deferred")
    assert body["received"] == sum(body[fate] for fate in fates) == 12
    assert body["journal"] == {"block": 50, "ordinal": 9, "bytes": 4096}
    assert body["processed_block"] == 40
    assert body["sinks"] == [
        {
            "name": "main",
            "kind": "influxdb",
            "addressed": 9,
            "delivered": 7,
            "owed": 1,
            "dead": 1,
            "expired": 0,
            "lag_s": 10.0,
            "state": "retrying",
            "last_error": "503",
        }
    ]


async def test_a_sink_not_yet_taken_up_is_owed_all_that_is_addressed(api: Api) -> None:
    api.ledger.sink("main", "influxdb", since_block=2)
    api.ledger.sink("gone", "backend")
    api.ledger.sink("gone", "backend", removed=1)
    api.ledger.addressed("main", 1)
    api.ledger.outbox(1, recorded("event-01"))
    api.ledger.outbox(2, recorded("event-02"))
    api.deliveries.path.unlink()
    (sink,) = (await api.get("/api/v1/pipeline")).json()["sinks"]
    assert (sink["name"], sink["addressed"], sink["owed"]) == ("main", 1, 1)
    assert (sink["delivered"], sink["state"]) == (0, "ok")


async def test_a_rating_has_the_fields_of_the_contract(api: Api) -> None:
    place = api.ledger.rating("d-1", "event-01", session_no=1, flags='["late"]')
    api.ledger.session(1, "A12", stage=2, ratings=[place], effective_place=place)
    (item,) = (await api.get("/api/v1/ratings", session="A12")).json()["items"]
    assert item == {
        "rating_id": "d-1:event-01",
        "event_id": "event-01",
        "device_id": "d-1",
        "site": "hall",
        "department": "taxes",
        "window": "w1",
        "employee_id": None,
        "session_id": "A12",
        "session_key": "hall:A12:2:1",
        "stage": 2,
        "level": 5,
        "level_raw": 5,
        "occurred_at": NOON,
        "claimed_at": None,
        "received_at": "2026-11-21T12:00:00.250Z",
        "time_quality": "device",
        "origin": "customer",
        "mode": "live",
        "round": "initial",
        "version": 1,
        "effective": True,
        "flags": ["late"],
        "amends": None,
        "void": None,
    }


async def test_from_belongs_to_the_period_and_to_does_not(api: Api) -> None:
    api.ledger.rating("d-1", "event-01")
    since = {"from": NOON, "to": "2026-11-21T20:00:00.001+08:00"}
    assert len((await api.get("/api/v1/ratings", **since)).json()["items"]) == 1
    until = {"to": NOON}
    assert (await api.get("/api/v1/ratings", **until)).json()["items"] == []


async def test_cursors_lead_through_the_list(api: Api) -> None:
    for block in range(1, 6):
        api.ledger.rating("d-1", f"event-{block:02}", block=block)
    first = (await api.get("/api/v1/ratings", limit=3)).json()
    rest = (await api.get("/api/v1/ratings", cursor=first["next_cursor"])).json()
    seen = [item["event_id"] for item in first["items"] + rest["items"]]
    assert seen == [f"event-{block:02}" for block in (5, 4, 3, 2, 1)]
    assert rest["next_cursor"] is None


async def test_one_rating_tells_its_whole_way(api: Api) -> None:
    api.ledger.rating("d-1", "event-01", block=3)
    api.ledger.sink("main", "influxdb")
    api.ledger.sink("ends", "backend", events='["rating.*"]')
    api.ledger.sink("late", "backend", events='["rating.*"]')
    api.ledger.outbox(3, recorded("event-01"))
    api.deliveries.sink("main", "influxdb", 3, 1, 1, 0, "ok", None)
    api.deliveries.sink("ends", "backend", 3, 1, 0, 1, "ok", None)
    api.deliveries.sink("late", "backend", 3, 0, 0, 0, "open", "refused")
    api.deliveries.letter("ends", "d-1:event-01")
    body = (await api.get("/api/v1/ratings/d-1:event-01")).json()
    assert body["rating_id"] == "d-1:event-01"
    assert [one["event_id"] for one in body["history"]] == ["event-01"]
    trace = body["trace"]
    assert trace["place"].startswith("0.3.")
    assert trace["decision"]["fate"] == "accepted"
    assert trace["point"]["time_ns"] == NOON_MS * 1_000_000 + 7
    assert trace["deliveries"] == [
        {"sink": "main", "event": "rating.recorded", "state": "delivered"},
        {"sink": "ends", "event": "rating.recorded", "state": "dead"},
        {"sink": "late", "event": "rating.recorded", "state": "owed"},
    ]


@pytest.mark.parametrize("asked", ["d-1:s:boot:7", "s:boot:7"])
async def test_a_rating_is_found_though_its_event_id_holds_colons(
    api: Api, asked: str
) -> None:
    api.ledger.rating("d-1", "s:boot:7")
    body = (await api.get(f"/api/v1/ratings/{asked}")).json()
    assert body["rating_id"] == "d-1:s:boot:7"


async def test_an_event_id_of_two_devices_is_ambiguous(api: Api) -> None:
    api.ledger.rating("d-1", "event-01")
    api.ledger.rating("d-2", "event-01")
    answer = await api.get("/api/v1/ratings/event-01")
    assert (answer.status_code, answer.json()["code"]) == (409, "ambiguous")


async def test_a_session_is_shown_by_key_and_by_its_number_when_unique(
    api: Api,
) -> None:
    place = api.ledger.rating("d-1", "event-01", session_no=1)
    api.ledger.session(1, "A12", ratings=[place], effective_place=place)
    api.ledger.session(2, "B1")
    api.ledger.session(3, "B1", n=2)
    by_key = (await api.get("/api/v1/sessions/hall:A12:0:1")).json()
    assert by_key == (await api.get("/api/v1/sessions/A12")).json()
    effective = {"event_id": "event-01", "level": 5, "origin": "customer"}
    assert by_key["effective"] == effective
    assert [one["event_id"] for one in by_key["history"]] == ["event-01"]
    assert (await api.get("/api/v1/sessions/B1")).json()["code"] == "ambiguous"
    assert (await api.get("/api/v1/sessions/none")).status_code == 404
    listed = (await api.get("/api/v1/sessions", session="B1")).json()["items"]
    assert [one["session_key"] for one in listed] == ["hall:B1:0:2", "hall:B1:0:1"]


async def test_devices_and_alerts_are_listed_and_shown(api: Api) -> None:
    api.ledger.device("d-1", presence={"state": "online"}, site="hall")
    api.ledger.alert("take_over")
    (device,) = (await api.get("/api/v1/devices", presence="online")).json()["items"]
    assert device == (await api.get("/api/v1/devices/d-1")).json()
    assert (device["lifecycle"], device["last_seen_at"]) == ("active", NOON)
    assert (await api.get("/api/v1/devices/d-2")).status_code == 404
    (alert,) = (await api.get("/api/v1/alerts", state="open")).json()["items"]
    assert (alert["cause"], alert["opened_at"]) == ("take_over", NOON)


async def test_quarantine_shows_raw_bytes_and_calls_what_waits_held(api: Api) -> None:
    api.ledger.quarantine(1, payload=b"\xff{", count=2)
    api.ledger.quarantine(2, state="purged", payload=None)
    (item,) = (await api.get("/api/v1/quarantine", state="held")).json()["items"]
    assert item == (await api.get("/api/v1/quarantine/1")).json()
    assert (item["payload_base64"], item["count"]) == ("/3s=", 2)
    assert (item["state"], item["reason"]) == ("held", "not_json")
    purged = (await api.get("/api/v1/quarantine/2")).json()
    assert purged["payload_base64"] is None
    assert (await api.get("/api/v1/quarantine/3")).status_code == 404


async def test_dead_letters_are_listed_by_sink_and_state(api: Api) -> None:
    api.deliveries.letter("main", "d-1:event-01")
    api.deliveries.letter("ends", "d-1:event-02", state="replayed")
    found = (await api.get("/api/v1/deadletters", sink="main", state="dead")).json()
    (letter,) = found["items"]
    assert (letter["subject"], letter["status"]) == ("d-1:event-01", 400)
    assert letter["refused_at"] == NOON
