"""Who may speak: unknown, reserved, refused, retired; over MQTT and over HTTP."""

import hashlib

import msgspec
import pytest

from gateway.ports import Record, RecordFlag, RecordKind
from gateway.processing import speakers
from tests.support.folding import START_MS, FoldedLedger, act, element, message

RETAINED = RecordFlag.RETAINED.value
HEARTBEAT = "heartbeat"


@pytest.fixture
def ledger() -> FoldedLedger:
    return FoldedLedger()


def http(body: object, device_id: str = "http-local") -> Record:
    payload = msgspec.json.encode(body)
    return Record(RecordKind.HTTP, f"{device_id}/rating", payload, START_MS)


@pytest.mark.parametrize(
    ("policy", "lifecycle", "fates"),
    [
        ("hold", "pending", {"quarantined:unknown_device": 1}),
        ("approve", "active", {"accepted": 1}),
        ("refuse", "refused", {"quarantined:refused_device": 1}),
    ],
)
def test_an_unknown_device_is_met_as_the_rules_say(
    ledger: FoldedLedger, policy: str, lifecycle: str, fates: dict[str, int]
) -> None:
    ledger.rules(unknown_devices=policy)
    ledger.take(message("new-0001", element("event-0001")))
    assert ledger.all("SELECT device_id, lifecycle FROM device") == [
        ("new-0001", lifecycle)
    ]
    assert ledger.fates() == fates


def test_ids_of_http_are_refused_over_mqtt(ledger: FoldedLedger) -> None:
    ledger.rules()
    ledger.take(message("http-local", element("event-0001")))
    assert ledger.fates() == {"quarantined:refused_device": 1}
    assert ledger.one("SELECT count(*) FROM device") == 0


def test_a_rating_over_http_counts_where_it_says(ledger: FoldedLedger) -> None:
    ledger.rules(unknown_devices="hold")
    windows = [{"id": "w1", "site": "hall", "department": "tax"}]
    ledger.act("tables_applied", {"table": "windows", "rows": windows})
    ledger.take(http(element("event-0001", window="w1", medium="qr")))
    (event,) = ledger.ratings_told()
    where = (event.site, event.department, event.window, event.medium)
    assert where == ("hall", "tax", "w1", "qr")
    assert event.device_id == "http-local"


@pytest.mark.parametrize(
    "body",
    [
        element("event-0001", site=5),
        element("event-0001", medium=None),
        element("event-0001", medium="fax"),
        element("event-0001", window="w" * 65),
        [element("event-0001")],
    ],
)
def test_what_is_odd_over_http_is_refused_before_it_has_an_identity(
    ledger: FoldedLedger, body: object
) -> None:
    ledger.take(http(body))
    assert ledger.fates() == {"quarantined:schema": 1}
    ledger.take(http(element("event-0001")))
    assert ledger.fates() == {"accepted": 1, "quarantined:schema": 1}


def test_a_medium_that_nobody_knows_is_told_with_those_there_are(
    ledger: FoldedLedger,
) -> None:
    ledger.take(http(element("event-0001", medium="fax")))
    detail = "medium: 'fax' is none of terminal, qr, web, sms, phone, email, social"
    assert ledger.one("SELECT detail FROM quarantine") == f"{detail}, staff"


@pytest.mark.parametrize("topic", ["http-local/presence", "http-local", "/rating"])
def test_over_http_only_ratings_are_elements(ledger: FoldedLedger, topic: str) -> None:
    ledger.take(Record(RecordKind.HTTP, topic, b"{}", START_MS))
    assert ledger.fates() == {"quarantined:bad_topic": 1}


@pytest.mark.parametrize(
    ("moved", "reason"),
    [("device_refused", "refused_device"), ("device_retired", "retired_device")],
)
def test_a_device_out_of_service_is_refused(
    ledger: FoldedLedger, moved: str, reason: str
) -> None:
    ledger.rules(unknown_devices="hold" if moved == "device_refused" else "approve")
    ledger.take(message("eval-0001", b"[]"))
    ledger.act(moved, {"author": "anna", "device_id": "eval-0001"})
    ledger.take(message("eval-0001", [element("event-0001"), element("event-0002")]))
    assert ledger.fates()[f"quarantined:{reason}"] == 1
    assert ledger.accounted()


def test_a_device_in_maintenance_is_heard(ledger: FoldedLedger) -> None:
    ledger.rules()
    ledger.take(message("eval-0001", element("event-0001")))
    ledger.act("device_maintenance", {"author": "anna", "device_id": "eval-0001"})
    ledger.take(message("eval-0001", element("event-0002")))
    assert ledger.fates() == {"accepted": 2}


def test_retained_is_not_new_but_on_presence(ledger: FoldedLedger) -> None:
    ledger.rules()
    ledger.take(message("eval-0001", element("event-0001"), flags=RETAINED))
    birth = {"v": 1, "state": "online", "capabilities": {"receipts": True}}
    ledger.take(message("eval-0001", birth, START_MS, "presence", RETAINED))
    assert ledger.fates() == {"accepted": 1, "quarantined:retained": 1}
    assert ledger.state.by_id["eval-0001"].receipts
    assert ledger.one("SELECT last_seen_ms FROM device_activity") is None


def test_pending_devices_are_bounded_and_a_crowd_is_held_without_a_row(
    ledger: FoldedLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(speakers, "PENDING_MAX", 2)
    ledger.rules(unknown_devices="hold")
    body = [element("event-0001"), element("event-0002")]
    ledger.take(*(message(f"new-{n:04d}", body) for n in range(3)))
    assert ledger.one("SELECT count(*) FROM device") == 2
    assert ledger.fates() == {"quarantined:unknown_device": 5}
    ledger.act("device_put", {"device": {"device_id": "new-0002"}})
    assert ledger.fates() == {"accepted": 2, "quarantined:unknown_device": 4}
    assert ledger.accounted()


def test_fields_that_nobody_knows_are_counted(ledger: FoldedLedger) -> None:
    ledger.rules()
    odd = element("event-0001", colour="red", mood=3)
    ledger.take(
        message("eval-0001", odd),
        message("eval-0001", [element("event-0002", x=1), element("event-0003")]),
        message("eval-0001", {"v": 1, "y": 2}, channel=HEARTBEAT),
        message("eval-0001", {"v": 1, "state": "online", "z": 2}, channel="presence"),
    )
    assert ledger.state.unknown_fields == 5
    assert ledger.fates() == {"accepted": 5}


def test_an_empty_array_is_one_ignored_message(ledger: FoldedLedger) -> None:
    ledger.rules()
    ledger.take(message("eval-0001", []))
    assert ledger.fates() == {"ignored:empty_array": 1}


@pytest.mark.parametrize("lifecycle", ["active", "pending"])
def test_a_channel_that_nobody_reads_is_no_topic(
    ledger: FoldedLedger, lifecycle: str
) -> None:
    row = {"device_id": "eval-0001", "lifecycle": lifecycle}
    ledger.act("device_put", {"device": row})
    ledger.take(message("eval-0001", element("event-0001"), channel="receipt"))
    assert ledger.fates() == {"quarantined:bad_topic": 1}


def test_a_heartbeat_proves_life_and_counts_as_accepted(ledger: FoldedLedger) -> None:
    ledger.rules()
    beat = {"v": 1, "firmware": "2.1"}
    ledger.take(message("eval-0001", beat, received_ms=START_MS + 5, channel=HEARTBEAT))
    assert ledger.fates() == {"accepted": 1}
    (device,) = ledger.state.by_id.values()
    assert (device.last_seen_ms, device.known.firmware) == (START_MS + 5, "2.1")


@pytest.mark.parametrize("beat", [{"v": 1, "battery_pct": 101}, [], b"\x00"])
def test_a_heartbeat_that_is_none_is_quarantined(
    ledger: FoldedLedger, beat: object
) -> None:
    ledger.rules()
    ledger.take(message("eval-0001", beat, channel=HEARTBEAT))
    assert list(ledger.fates()) in (["quarantined:schema"], ["quarantined:not_json"])


@pytest.mark.parametrize("lifecycle", ["refused", "retired"])
def test_a_refused_terminal_that_waits_for_receipts_is_told(
    ledger: FoldedLedger, lifecycle: str
) -> None:
    row = {"device_id": "eval-0001", "lifecycle": lifecycle}
    ledger.act("device_put", {"device": row})
    birth = {"v": 1, "state": "online", "capabilities": {"receipts": True}}
    ledger.take(message("eval-0001", birth, channel="presence"))
    ledger.take(message("eval-0001", b"{", channel="presence"))
    ledger.restart()
    payload = message("eval-0001", element("event-0001"))
    ledger.take(payload)
    digest = hashlib.sha256(payload.payload).hexdigest()
    said = ledger.receipts()[-1].rejected
    assert said == [(f"sha256:{digest}", f"{lifecycle}_device")]
    assert ledger.fates() == {f"quarantined:{lifecycle}_device": 3}


@pytest.mark.parametrize("beat", [{"v": 1}, b"\xff"])
def test_a_pending_device_keeps_no_heartbeats(
    ledger: FoldedLedger, beat: object
) -> None:
    ledger.take(message("eval-0001", beat, channel=HEARTBEAT))
    assert ledger.fates() == {"ignored:device_pending": 1}


def test_another_root_is_another_world(ledger: FoldedLedger) -> None:
    ledger.rules()
    ledger.take(message("eval-0001", element("event-0001")))
    ledger.rules(root="other/place")
    ledger.take(message("eval-0001", element("event-0002")))
    assert ledger.fates() == {"accepted": 1, "quarantined:bad_topic": 1}


def test_acts_within_a_block_divide_its_messages(ledger: FoldedLedger) -> None:
    ledger.rules(unknown_devices="hold")
    ledger.take(
        message("new-0001", element("event-0001")),
        act("device_approved", {"author": "anna", "device_id": "new-0001"}),
        message("new-0001", element("event-0002")),
        act("device_retired", {"author": "anna", "device_id": "new-0001"}),
        message("new-0001", element("event-0003")),
    )
    assert ledger.fates() == {"accepted": 2, "quarantined:retired_device": 1}
    assert ledger.accounted()
