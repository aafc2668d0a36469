"""The API over a ledger that the fold made: acts take effect, counts agree."""

from tests.support.folded_api import FoldedApi


def rating(number: int, **fields: object) -> dict[str, object]:
    return {"event_id": f"event-{number:04}", "level": 5, **fields}


async def test_approval_folds_what_was_held(api: FoldedApi) -> None:
    api.world.publish("d-1", rating(1, session_id="A12"), rating(2))
    assert await api.pipeline() == {"quarantined": 2}
    (device,) = (await api.get("/api/v1/devices", lifecycle="pending")).json()["items"]
    assert device["device_id"] == "d-1"
    answer = await api.post("/api/v1/devices/d-1/approve", {"site": "hall"})
    assert answer.json()["outcome"] == {"device_id": "d-1", "lifecycle": "active"}
    assert await api.pipeline() == {"accepted": 2}
    found = (await api.get("/api/v1/ratings", site="hall")).json()["items"]
    assert {one["event_id"] for one in found} == {"event-0001", "event-0002"}
    held = (await api.get("/api/v1/quarantine", state="held")).json()["items"]
    assert held == []


async def test_a_lifecycle_that_is_not_allowed_is_refused(api: FoldedApi) -> None:
    api.world.publish("d-1", rating(1))
    await api.post("/api/v1/devices/d-1/refuse", {})
    answer = await api.post("/api/v1/devices/d-1/maintenance", {})
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")


async def test_each_fate_is_counted_once(api: FoldedApi) -> None:
    api.world.act("rules_applied", {"rules": {"unknown_devices": "approve"}})
    api.world.publish("d-1", rating(1), rating(1), rating(1, level=4), b"{", b"[]")
    assert await api.pipeline() == {
        "accepted": 1,
        "duplicate": 1,
        "conflict": 1,
        "quarantined": 1,
        "ignored": 1,
    }


async def test_one_rating_shows_its_way_from_record_to_sink(api: FoldedApi) -> None:
    api.world.act("rules_applied", {"rules": {"unknown_devices": "approve"}})
    api.world.publish("d-1", rating(1, session_id="A12", level="5", stage=2))
    api.deliveries.sink("main", "influxdb", 0, 0, 0, 0, "open", "refused")
    body = (await api.get("/api/v1/ratings/event-0001")).json()
    assert (body["session_id"], body["stage"], body["level_raw"]) == ("A12", 2, "5")
    assert body["effective"] is True
    trace = body["trace"]
    owed = {"sink": "main", "event": "rating.recorded", "state": "owed"}
    assert owed in trace["deliveries"]
    assert "device=d-1" in trace["point"]["tags"]
    session = (await api.get("/api/v1/sessions/A12")).json()
    assert session["effective"]["event_id"] == "event-0001"
    assert [one["event_id"] for one in session["history"]] == ["event-0001"]


async def test_owed_is_what_was_addressed_and_not_delivered(api: FoldedApi) -> None:
    api.world.act("rules_applied", {"rules": {"unknown_devices": "approve"}})
    api.deliveries.sink("main", "influxdb", 0, 0, 0, 0, "ok", None)
    (before,) = (await api.get("/api/v1/pipeline")).json()["sinks"]
    api.world.publish("d-1", rating(1), rating(2))
    api.world.publish("d-1", rating(3))
    (sink,) = (await api.get("/api/v1/pipeline")).json()["sinks"]
    assert sink["addressed"] == before["addressed"] + 3  # its own points are there, too
    assert (sink["owed"], sink["delivered"]) == (sink["addressed"], 0)
    assert sink["lag_s"] > 0


async def test_a_rating_over_http_obeys_the_same_rules(api: FoldedApi) -> None:
    body = rating(1, level=4, medium="web", site="hall")
    first = await api.post("/api/v1/ratings", body)
    assert first.status_code == 201
    assert first.json()["rating_id"] == "http-local:event-0001"
    again = await api.post("/api/v1/ratings", body)
    assert again.status_code == 200
    conflict = await api.post("/api/v1/ratings", {**body, "level": 1})
    assert (conflict.status_code, conflict.json()["code"]) == (409, "id_conflict")
    refused = await api.post("/api/v1/ratings", rating(2, level="great"))
    assert (refused.status_code, refused.json()["code"]) == (422, "unknown_level")
    assert await api.pipeline() == {
        "accepted": 1,
        "duplicate": 1,
        "conflict": 1,
        "quarantined": 1,
    }


async def test_a_repeat_under_the_same_key_changes_nothing(api: FoldedApi) -> None:
    api.world.publish("d-1", rating(1))
    headers = {"Idempotency-Key": "k-1"}
    first = await api.post("/api/v1/devices/d-1/approve", {}, headers)
    block = api.world.journal.last_number()
    again = await api.post("/api/v1/devices/d-1/approve", {}, headers)
    assert first.json() == again.json()
    assert api.world.journal.last_number() == block


async def test_purge_drops_payloads_and_keeps_the_counts(api: FoldedApi) -> None:
    api.world.publish("d-1", b"{", b"{")
    (item,) = (await api.get("/api/v1/quarantine")).json()["items"]
    assert item["count"] == 2
    answer = await api.post("/api/v1/quarantine/purge", {"ids": [item["id"]]})
    assert answer.json()["outcome"] == {"purged": 1}
    purged = (await api.get(f"/api/v1/quarantine/{item['id']}")).json()
    assert (purged["state"], purged["payload_base64"]) == ("purged", None)
    assert await api.pipeline() == {"quarantined": 2}


async def test_a_void_rating_counts_no_more_and_says_why(api: FoldedApi) -> None:
    api.world.act("rules_applied", {"rules": {"unknown_devices": "approve"}})
    api.world.publish("d-1", rating(1, session_id="A12"))
    path = "/api/v1/ratings/d-1:event-0001/void"
    answer = await api.post(path, {"reason": "pressed by staff"})
    assert answer.json()["outcome"] == {"rating_id": "d-1:event-0001"}
    body = (await api.get("/api/v1/ratings/event-0001")).json()
    assert body["void"] == {"reason": "pressed by staff", "by": "local"}
    assert body["effective"] is False
    again = await api.post(path, {"reason": "twice"})
    assert (again.status_code, again.json()["code"]) == (409, "conflict")
    unknown = "/api/v1/ratings/event-0002/void"
    assert (await api.post(unknown, {"reason": "none"})).status_code == 404
