"""What the API changes: journal records, answered once they are folded."""

import json

import pytest

from gateway.places import Place
from gateway.ports import Record, RecordKind
from tests.support.api import BLOCK, Api

PLACE = Place(0, BLOCK, 0, 0)


def settle(api: Api, outcome: dict[str, object]) -> None:
    """Let the fold settle each act at once with this outcome."""

    def fold(record: Record) -> None:
        key = json.loads(record.payload).get("idempotency_key")
        text = json.dumps(outcome)
        api.ledger.act(PLACE.pack(), record.topic, text, key)
        api.ledger.state(block=BLOCK)

    api.submissions.fold = fold


@pytest.mark.parametrize(
    ("path", "body", "topic", "payload"),
    [
        ("devices/d-1/approve", None, "device_approved", {"device_id": "d-1"}),
        (
            "devices/d-1/approve",
            {"site": "hall", "window": "w2"},
            "device_approved",
            {"device_id": "d-1", "site": "hall", "window": "w2"},
        ),
        ("devices/d-1/refuse", {}, "device_refused", {"device_id": "d-1"}),
        (
            "devices/d-1/retire",
            {"reason": "broken"},
            "device_retired",
            {"device_id": "d-1", "reason": "broken"},
        ),
        ("devices/d-1/maintenance", {}, "device_maintenance", {"device_id": "d-1"}),
        ("quarantine/replay", {"ids": [1, 2]}, "quarantine_replayed", {"ids": [1, 2]}),
        (
            "quarantine/purge",
            {"reason": "schema"},
            "quarantine_purged",
            {"reason": "schema"},
        ),
        (
            "deadletters/replay",
            {"sink": "main"},
            "deadletters_replayed",
            {"sink": "main"},
        ),
        ("deadletters/purge", {"ids": [3]}, "deadletters_purged", {"ids": [3]}),
        ("sinks/main/enable", None, "sink_enabled", {"sink": "main"}),
        (
            "sinks/main/replay",
            {"from": "1970-01-01T08:00:01+08:00", "to": "1970-01-01T00:00:02Z"},
            "range_replayed",
            {"sink": "main", "from_ms": 1000, "to_ms": 2000},
        ),
    ],
)
async def test_each_act_is_a_record_that_names_its_author(
    api: Api, path: str, body: object, topic: str, payload: dict[str, object]
) -> None:
    api.ledger.device("d-1")
    api.deliveries.sink("main", "influxdb", 1, 0, 0, 0, "disabled", "410")
    settle(api, {"done": 1})
    answer = await api.post(f"/api/v1/{path}", body)
    assert answer.status_code == 200
    assert answer.json() == {
        "place": f"0.{BLOCK}.0.0",
        "processed": True,
        "outcome": {"done": 1},
    }
    (record,) = api.submissions.records
    assert (record.kind, record.topic) == (RecordKind.ACT, topic)
    assert json.loads(record.payload) == {"author": "local", **payload}


async def test_an_act_not_folded_in_time_is_accepted_with_its_place(api: Api) -> None:
    api.ledger.device("d-1")
    before_ms = api.clock.monotonic_ms()
    answer = await api.post("/api/v1/devices/d-1/approve", {})
    assert answer.status_code == 202
    assert (answer.json()["place"], answer.json()["processed"]) == (str(PLACE), False)
    assert 5000 <= api.clock.monotonic_ms() - before_ms < 5100


async def test_what_the_fold_refuses_is_a_problem(api: Api) -> None:
    api.ledger.device("d-1")
    settle(api, {"error": "conflict", "detail": "a retired device stays retired"})
    answer = await api.post("/api/v1/devices/d-1/approve", {})
    assert answer.status_code == 409
    assert answer.json()["code"] == "conflict"
    assert answer.json()["detail"] == "a retired device stays retired"


async def test_a_repeat_under_the_same_key_writes_nothing(api: Api) -> None:
    api.ledger.device("d-1")
    settle(api, {"done": 1})
    key = {"Idempotency-Key": "k-1"}
    first = await api.post("/api/v1/devices/d-1/approve", {}, headers=key)
    again = await api.post("/api/v1/devices/d-1/approve", {}, headers=key)
    assert first.json() == again.json()
    assert len(api.submissions.records) == 1


async def test_a_repeat_that_raced_the_first_gets_the_first_s_outcome(api: Api) -> None:
    api.ledger.device("d-1")
    first = Place(0, BLOCK - 1, 4, 0).pack()

    def fold(record: Record) -> None:
        api.ledger.act(first, record.topic, '{"done":1}', "k-1")
        api.ledger.act(PLACE.pack(), record.topic, '{"repeated":true}')
        api.ledger.state(block=BLOCK)

    api.submissions.fold = fold
    headers = {"Idempotency-Key": "k-1"}
    answer = await api.post("/api/v1/devices/d-1/approve", {}, headers=headers)
    assert answer.json()["outcome"] == {"done": 1}


async def test_a_key_used_for_another_act_is_refused(api: Api) -> None:
    api.ledger.device("d-1")
    settle(api, {})
    key = {"Idempotency-Key": "k-1"}
    await api.post("/api/v1/devices/d-1/approve", {}, headers=key)
    answer = await api.post("/api/v1/devices/d-1/retire", {}, headers=key)
    assert answer.json()["code"] == "idempotency_key_reused"
    assert len(api.submissions.records) == 1


async def test_an_act_on_an_unknown_device_is_not_written(api: Api) -> None:
    answer = await api.post("/api/v1/devices/d-9/approve", {})
    assert answer.status_code == 404
    assert api.submissions.records == []


async def test_a_journal_that_does_not_answer_is_said_so(api: Api) -> None:
    api.ledger.device("d-1")
    api.submissions.away = True
    answer = await api.post("/api/v1/devices/d-1/approve", {})
    assert (answer.status_code, answer.json()["code"]) == (503, "journal_unavailable")
    assert answer.headers["retry-after"] == "1"


async def test_a_rating_over_http_is_recorded_as_a_terminal_s_would_be(
    api: Api,
) -> None:
    def fold(_: Record) -> None:
        api.ledger.rating("http-local", "web-000001", place=PLACE.pack(), level=4)
        api.ledger.state(block=BLOCK)

    api.submissions.fold = fold
    body = {"event_id": "web-000001", "level": 4, "site": "hall", "medium": "web"}
    answer = await api.post("/api/v1/ratings", body)
    assert answer.status_code == 201
    assert answer.json()["rating_id"] == "http-local:web-000001"
    (record,) = api.submissions.records
    assert (record.kind, record.topic) == (RecordKind.HTTP, "http-local/rating")
    assert json.loads(record.payload) == {"v": 1, **body}
    api.submissions.fold = lambda _: None
    earlier = Place(0, BLOCK - 1, 0, 0).pack()
    api.ledger.execute(f"UPDATE rating SET place = {earlier}")
    api.ledger.execute(f"UPDATE identity_1 SET place = {earlier}")
    assert (await api.post("/api/v1/ratings", body)).status_code == 200


@pytest.mark.parametrize(
    "text",
    [
        b'{"event_id": "web-000001", "level": NaN}',
        b'{"event_id": "web-000001", "comment": "\\ud800"}',
        b'{"event_id": "web-000001", "level": 123456789012345678901234567890}',
    ],
)
async def test_what_json_cannot_hold_is_left_to_the_fold(api: Api, text: bytes) -> None:
    kind = {"Content-Type": "application/json"}
    answer = await api.ask("POST", "/api/v1/ratings", content=text, headers=kind)
    assert answer.status_code == 202
    (record,) = api.submissions.records
    assert record.payload.isascii()


@pytest.mark.parametrize("depth", [50, 5_000, 200_000])
async def test_nesting_without_end_is_refused(api: Api, depth: int) -> None:
    text = b'{"event_id": "web-000001", "x": %s1%s}' % (b"[" * depth, b"]" * depth)
    kind = {"Content-Type": "application/json"}
    answer = await api.ask("POST", "/api/v1/ratings", content=text, headers=kind)
    assert answer.status_code in {202, 400, 422}


@pytest.mark.parametrize(
    ("reason", "status"), [("unknown_level", 422), ("id_conflict", 409)]
)
async def test_a_rating_over_http_that_is_quarantined_is_a_problem(
    api: Api, reason: str, status: int
) -> None:
    def fold(record: Record) -> None:
        columns = {"device_id": "http-local", "payload": record.payload}
        api.ledger.quarantine(1, reason=reason, **columns)
        api.ledger.state(block=BLOCK)

    api.submissions.fold = fold
    body = {"event_id": "web-000001", "level": 9}
    answer = await api.post("/api/v1/ratings", body)
    assert (answer.status_code, answer.json()["code"]) == (status, reason)


@pytest.mark.parametrize(
    ("name", "body", "status", "code"),
    [
        ("other", {"from": "2026-11-20T00:00:00Z"}, 422, "invalid_request"),
        (
            "other",
            {"from": "2026-11-20T00:00:00", "to": "2026-11-21"},
            422,
            "invalid_request",
        ),
        (
            "main",
            {"from": "2026-11-21T00:00:00Z", "to": "2026-11-21T00:00:00Z"},
            422,
            "invalid_request",
        ),
        (
            "other",
            {"from": "2026-11-20T00:00:00Z", "to": "2026-11-21T00:00:00Z"},
            404,
            "not_found",
        ),
        (
            "receipts",
            {"from": "2026-11-20T00:00:00Z", "to": "2026-11-21T00:00:00Z"},
            409,
            "not_replayable",
        ),
    ],
)
async def test_a_range_needs_two_instants_in_order_and_a_sink_of_events(
    api: Api, name: str, body: dict[str, str], status: int, code: str
) -> None:
    api.deliveries.sink("main", "influxdb", 1, 0, 0, 0, "ok", None)
    api.deliveries.sink("receipts", "receipts", 1, 0, 0, 0, "ok", None)
    answer = await api.post(f"/api/v1/sinks/{name}/replay", body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert not api.submissions.records


async def test_a_sink_that_is_not_there_is_not_enabled(api: Api) -> None:
    answer = await api.post("/api/v1/sinks/other/enable", None)
    assert answer.status_code == 404
    assert not api.submissions.records
