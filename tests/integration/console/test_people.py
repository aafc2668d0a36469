"""Alerts, personal data and repeated requests, over a ledger that the fold made."""

import json

import pytest

from tests.support.api import bearer
from tests.support.folded_api import FoldedApi

SOON = "2026-11-21T13:00:00Z"


@pytest.fixture
def alert_id(api: FoldedApi) -> int:
    api.world.act("session_lost", {})
    number: int = api.world.one("SELECT id FROM alert")
    return number


async def state_of(api: FoldedApi, alert_id: int) -> str:
    (one,) = (await api.get("/api/v1/alerts")).json()["items"]
    assert one["id"] == alert_id
    (same,) = (await api.get("/api/v1/alerts", state=one["state"])).json()["items"]
    assert same == one
    return str(one["state"])


async def test_an_alert_is_confirmed_by_somebody(api: FoldedApi, alert_id: int) -> None:
    answer = await api.post(f"/api/v1/alerts/{alert_id}/confirm", None)
    assert answer.json()["outcome"] == {"alert_id": alert_id, "state": "confirmed"}
    assert await state_of(api, alert_id) == "confirmed"
    assert api.world.one("SELECT author FROM act ORDER BY place DESC") == "local"


async def test_a_snoozed_alert_is_open_again_in_time(
    api: FoldedApi, alert_id: int
) -> None:
    path = f"/api/v1/alerts/{alert_id}/snooze"
    assert (await api.post(path, {"until": SOON})).status_code == 200
    assert await state_of(api, alert_id) == "snoozed"
    api.world.restart()
    api.world.clock.advance(3_600_000)
    api.world.take()
    assert await state_of(api, alert_id) == "open"


@pytest.mark.parametrize(
    "body",
    [{"until": "2026-11-21T11:00:00Z"}, {"until": "2027-11-21T11:00:00Z"}, {}, None],
)
async def test_a_snooze_ends_within_a_month(
    api: FoldedApi, alert_id: int, body: object
) -> None:
    answer = await api.post(f"/api/v1/alerts/{alert_id}/snooze", body)
    assert answer.status_code == 422
    assert await state_of(api, alert_id) == "open"


async def test_what_is_resolved_is_not_confirmed(api: FoldedApi) -> None:
    api.world.act("sink_state_changed", {"name": "x", "state": "held"})
    api.world.act("sink_state_changed", {"name": "x", "state": "ok"})
    resolved = api.world.one("SELECT id FROM alert WHERE state = 'resolved'")
    answer = await api.post(f"/api/v1/alerts/{resolved}/confirm", None)
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    assert (await api.post("/api/v1/alerts/99/confirm", None)).status_code == 404


async def test_each_read_of_a_contact_is_a_record_first(api: FoldedApi) -> None:
    contact = {"kind": "phone", "value": "13800000000"}
    body = {"event_id": "web-00001", "level": 1, "contact": contact, "comment": "慢"}
    listed = await api.post("/api/v1/ratings", body)
    assert "13800000000" not in listed.text
    answer = await api.get("/api/v1/ratings/web-00001/contact")
    assert answer.json() == {
        "rating_id": "http-local:web-00001",
        "contact": contact,
        "comment": "慢",
        "erased": False,
    }
    name, author = api.world.all("SELECT name, author FROM act ORDER BY place")[-1]
    assert (name, author) == ("contact_read", "local")
    shown = await api.get("/api/v1/ratings/web-00001")
    assert "13800000000" not in shown.text
    api.world.store.run("UPDATE personal SET sealed = NULL", ())
    erased = (await api.get("/api/v1/ratings/web-00001/contact")).json()
    assert (erased["contact"], erased["erased"]) == (None, True)


async def test_a_contact_that_cannot_be_recorded_is_not_told(api: FoldedApi) -> None:
    before = len(api.world.all("SELECT * FROM act"))
    assert (await api.get("/api/v1/ratings/none-00001/contact")).status_code == 404
    assert len(api.world.all("SELECT * FROM act")) == before


async def test_the_same_request_under_a_key_is_answered_alike(api: FoldedApi) -> None:
    body = {"event_id": "web-00001", "level": 5}
    headers = {"Idempotency-Key": "k-1"}
    first = await api.post("/api/v1/ratings", body, headers)
    assert first.status_code == 201
    api.world.restart()
    block = api.world.journal.last_number()
    again = await api.post("/api/v1/ratings", body, headers)
    assert (again.status_code, again.json()) == (201, first.json())
    assert api.world.journal.last_number() == block
    other = await api.post("/api/v1/ratings", {**body, "level": 4}, headers)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert await api.pipeline() == {"accepted": 1}


async def test_a_refusal_under_a_key_is_repeated_too(api: FoldedApi) -> None:
    headers = {"Idempotency-Key": "k-1"}
    body = {"event_id": "web-00001", "level": "great"}
    first = await api.post("/api/v1/ratings", body, headers)
    again = await api.post("/api/v1/ratings", body, headers)
    assert first.status_code == again.status_code == 422
    assert first.json() == again.json()
    assert await api.pipeline() == {"quarantined": 1}


async def test_another_act_under_a_known_key_is_refused(api: FoldedApi) -> None:
    headers = {"Idempotency-Key": "k-1"}
    first = await api.post("/api/v1/quarantine/purge", {"reason": "schema"}, headers)
    assert "request" not in first.json()["outcome"]
    other = {"reason": "not_json"}
    for path, body in (("purge", other), ("replay", {"reason": "schema"})):
        answer = await api.post(f"/api/v1/quarantine/{path}", body, headers)
        assert answer.status_code == 422
        assert answer.json()["code"] == "idempotency_key_reused"


async def test_a_key_belongs_to_its_author(api: FoldedApi) -> None:
    for name in ("a", "b"):
        text = api.tokens.create(name, ["operate"], None, 0)
        headers = {"Idempotency-Key": "k-1", **bearer(text)}
        body = {"event_id": f"web-0000{name}", "level": 5}
        answer = await api.post("/api/v1/ratings", body, headers)
        assert answer.status_code == 201
        assert answer.json()["device_id"] == f"http-{name}"


async def test_an_import_under_a_key_is_answered_alike(api: FoldedApi) -> None:
    headers = {"Idempotency-Key": "k-1", "Content-Type": "text/csv"}
    answers = [
        await api.ask(
            "POST",
            "/api/v1/devices/import",
            content="device_id\r\nd-1\r\nno good\r\n",
            headers=headers,
        )
        for _ in range(2)
    ]
    assert answers[0].json() == answers[1].json()
    assert json.loads(answers[0].text)["created"] == 1


async def test_the_trace_shows_the_deliveries_that_are_asked_for(
    api: FoldedApi,
) -> None:
    await api.post("/api/v1/ratings", {"event_id": "web-00001", "level": 5})
    path = "/api/v1/ratings/web-00001"
    for query, count in (
        ({"sink": "main"}, 1),
        ({"sink": "other"}, 0),
        ({"state": "owed"}, 1),
        ({"state": "dead"}, 0),
        ({"event": "rating.recorded"}, 1),
    ):
        shown = (await api.get(path, **query)).json()
        assert len(shown["trace"]["deliveries"]) == count


async def test_a_session_of_no_site_says_so_as_its_rating_does(api: FoldedApi) -> None:
    body = {"event_id": "web-00001", "level": 5, "session_id": "A1"}
    assert (await api.post("/api/v1/ratings", body)).json()["site"] is None
    (session,) = (await api.get("/api/v1/sessions")).json()["items"]
    assert (session["session_key"], session["site"]) == (":A1:0:1", None)
    whole = (await api.get(f"/api/v1/sessions/{session['session_key']}")).json()
    assert whole["site"] is None


async def test_comments_that_came_alone_are_told_with_their_rating(
    api: FoldedApi,
) -> None:
    contact = {"kind": "phone", "value": "13800000000"}
    first = {"event_id": "web-00001", "level": 1, "comment": "slow"}
    own = {"event_id": "web-00002", "comment_for": "web-00001", "comment": "very"}
    whole = {
        "event_id": "web-00003",
        "comment_for": "http-local:web-00001",
        "comment": "call me",
        "contact": contact,
    }
    other = {"event_id": "web-00004", "level": 5, "comment": "fast"}
    for body in (first, own, whole, other):
        await api.post("/api/v1/ratings", body)
    answer = await api.get("/api/v1/ratings/web-00001/contact")
    assert answer.json() == {
        "rating_id": "http-local:web-00001",
        "contact": contact,
        "comment": "slow\nvery\ncall me",
        "erased": False,
    }
