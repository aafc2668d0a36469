"""Sessions from a queue system, follow-ups, complaints, disputes: API over a fold."""

from typing import Any

import pytest

from tests.support.folded_api import FoldedApi
from tests.support.folding import DAY_MS, START_MS, element, message

NOON = "2026-11-21T20:00:00+08:00"


@pytest.fixture
def served(api: FoldedApi) -> FoldedApi:
    api.world.rules()
    weekdays = {"calendar": "weekdays", "source": "test"}
    api.world.act("calendar_applied", {"calendar": weekdays})
    windows = [{"id": "w1", "site": "hall", "department": "taxes"}]
    api.world.act("tables_applied", {"table": "windows", "rows": windows})
    return api


def event(action: str, number: str = "A1", **fields: object) -> dict[str, Any]:
    return {
        "event_id": f"{action}-{number}-00",
        "session_id": number,
        "action": action,
        "occurred_at": NOON,
        "window": "w1",
        **fields,
    }


async def test_a_queue_system_tells_of_a_service(served: FoldedApi) -> None:
    answer = await served.post("/api/v1/sessions", event("ended"))
    assert answer.status_code == 201
    (taken,) = answer.json()["items"]
    assert taken["fate"] == "accepted"
    shown = (await served.get(f"/api/v1/sessions/{taken['session_key']}")).json()
    assert shown["state"] == "awaiting"
    assert (shown["site"], shown["window"], shown["department"]) == (
        "hall",
        "w1",
        "taxes",
    )
    assert shown["deadline_at"] == "2026-11-27T16:00:00.000Z"
    again = await served.post("/api/v1/sessions", event("ended"))
    assert (again.status_code, again.json()["items"][0]["fate"]) == (200, "duplicate")
    other = await served.post("/api/v1/sessions", event("ended", reason="left"))
    assert (other.status_code, other.json()["code"]) == (409, "id_conflict")


async def test_an_array_is_judged_event_by_event(served: FoldedApi) -> None:
    events = [event("opened"), event("dances"), event("ended")]
    answer = await served.post("/api/v1/sessions", events)
    fates = [one["fate"] for one in answer.json()["items"]]
    assert fates == ["accepted", "quarantined", "accepted"]
    assert await served.pipeline() == {"accepted": 2, "quarantined": 1}


async def test_a_repeat_under_a_key_is_harmless(served: FoldedApi) -> None:
    headers = {"Idempotency-Key": "k1"}
    first = await served.post("/api/v1/sessions", [event("ended")], headers)
    again = await served.post("/api/v1/sessions", [event("ended")], headers)
    assert first.json() == again.json()
    assert await served.pipeline() == {"accepted": 1}


async def test_the_default_of_an_unrated_session_is_shown(served: FoldedApi) -> None:
    await served.post("/api/v1/sessions", event("ended"))
    served.world.clock.advance(10 * DAY_MS)
    served.world.append([])
    (shown,) = (await served.get("/api/v1/sessions")).json()["items"]
    assert shown["state"] == "defaulted"
    default = shown["effective"]
    assert (default["level"], default["origin"]) == (3, "system_default")
    rating = (
        await served.get(f"/api/v1/ratings/http-local:{default['event_id']}")
    ).json()
    assert rating["occurred_at"] == shown["deadline_at"]
    assert rating["level_raw"] is None
    assert [each["event_id"] for each in rating["history"]] == [default["event_id"]]
    events = {one["event"] for one in rating["trace"]["deliveries"]}
    assert events == {"rating.defaulted"}
    listed = (await served.get("/api/v1/ratings", session="A1")).json()["items"]
    assert [one["event_id"] for one in listed] == [default["event_id"]]


async def test_a_bad_rating_is_followed_up(served: FoldedApi) -> None:
    body = element("event-0001", 1, session_id="A1", occurred_at=START_MS)
    served.world.append([message("eval-0001", body)])
    (due,) = (await served.get("/api/v1/followups", state="due")).json()["items"]
    assert due["rating_id"] == "eval-0001:event-0001"
    assert due["followup_due_at"] == "2026-11-23T16:00:00.000Z"
    served.world.clock.advance(5 * DAY_MS)
    served.world.append([])
    (late,) = (await served.get("/api/v1/followups", state="overdue")).json()["items"]
    assert late["state"] == "overdue"
    path = f"/api/v1/followups/{due['rating_id']}"
    assert (await served.post(f"{path}/contacted", {})).status_code == 200
    (still,) = (await served.get("/api/v1/followups", state="open")).json()["items"]
    assert still["contacted_at"] is not None
    assert (await served.post(f"{path}/confirmed", {})).status_code == 200
    assert (await served.get("/api/v1/followups", state="open")).json()["items"] == []
    unknown = await served.post("/api/v1/followups/eval-0001:nothing-1/fixed", {})
    assert unknown.status_code == 404


async def test_a_complaint_is_answered(served: FoldedApi) -> None:
    body = {"v": 1, "event_id": "complaint-1", "category": "service"}
    served.world.append([message("eval-0001", body, channel="complaint")])
    (due,) = (await served.get("/api/v1/complaints", state="open")).json()["items"]
    assert due["category"] == "service"
    path = f"/api/v1/complaints/{due['complaint_id']}/contacted"
    assert (await served.post(path, {"note": "called"})).status_code == 200
    assert (await served.get("/api/v1/complaints", state="open")).json()["items"] == []


async def test_a_dispute_is_decided(served: FoldedApi) -> None:
    body = element("event-0001", 5, session_id="A1", employee_id="0042")
    served.world.append([message("eval-0001", body)])
    path = "/api/v1/ratings/eval-0001:event-0001"
    reason = {"reason": "not my customer"}
    assert (await served.post(f"{path}/dispute", reason)).status_code == 200
    assert (await served.post(f"{path}/dispute", reason)).status_code == 409
    decided = await served.post(f"{path}/decide", {**reason, "outcome": "voided"})
    assert decided.status_code == 200
    rating = (await served.get(path)).json()
    assert (rating["effective"], rating["void"]["reason"]) == (False, reason["reason"])


async def test_a_window_that_no_table_names_is_where_its_terminals_stand(
    served: FoldedApi,
) -> None:
    for name, site in (("d-1", "hall"), ("d-2", "hall"), ("d-3", "annex")):
        place = {"site": site, "window": "7" if name < "d-3" else "8"}
        served.world.act("device_put", {"device": {"device_id": name, **place}})
    told = {**event("ended"), "window": "7"}
    told.pop("site", None)
    told.pop("device_id", None)
    (taken,) = (await served.post("/api/v1/sessions", told)).json()["items"]
    assert taken["session_key"] == "hall:A1:0:1"
    served.world.act("device_put", {"device": {"device_id": "d-3", "window": "7"}})
    again = {**told, "event_id": "ended-0002", "session_id": "A2"}
    (unclear,) = (await served.post("/api/v1/sessions", again)).json()["items"]
    assert unclear["session_key"] == ":A2:0:1"
