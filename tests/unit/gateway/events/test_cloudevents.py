"""The wire form of events, field by field."""

import json

from gateway.events import CloudEvents, cloud_id, rfc3339
from gateway.ports import AnyEvent
from tests.support.events import ALERT, other_event, rating_event

PERSONAL: dict[int, dict[str, object]] = {
    9: {"comment": "又快又好", "contact": {"kind": "phone", "value": "123"}}
}


def encoded(event: AnyEvent) -> dict[str, object]:
    made = CloudEvents("hall-1", PERSONAL.get)
    found: dict[str, object] = json.loads(made.encode(made.wrap(event)))
    return found


def test_a_rating_has_the_fields_of_the_contract() -> None:
    event = rating_event(7, level_raw=" 5 ", flags=("late",), session_id='T"7\n')
    assert encoded(event) == {
        "specversion": "1.0",
        "id": "evalgate.rating.recorded.v1:dev-7:event-00000007:1",
        "source": "/gateways/hall-1",
        "type": "evalgate.rating.recorded.v1",
        "subject": "dev-7:event-00000007",
        "time": "2026-11-18T11:06:40.007Z",
        "partitionkey": "hall-1:T7:0:1",
        "sequence": "00000000000000000007",
        "datacontenttype": "application/json",
        "data": {
            "rating_id": "dev-7:event-00000007",
            "event_id": "event-00000007",
            "device_id": "dev-7",
            "version": 1,
            "level": 5,
            "level_raw": " 5 ",
            "occurred_at": "2026-11-18T11:06:40.007Z",
            "received_at": "2026-11-18T11:06:40.057Z",
            "time_quality": "device",
            "session_id": 'T"7\n',
            "employee_id": "0042",
            "origin": "customer",
            "flags": ["late"],
            "effective": True,
            "score": 5.0,
            "session_key": "hall-1:T7:0:1",
            "site": "hall-1",
        },
    }


def test_required_fields_are_there_even_when_they_are_empty() -> None:
    event = rating_event(7, level_raw=None, session_id=None, employee_id=None)
    data = encoded(event)["data"]
    assert isinstance(data, dict)
    assert data["level_raw"] is data["session_id"] is data["employee_id"] is None
    assert data["flags"] == []


def test_what_a_terminal_added_is_told_when_it_is_there() -> None:
    event = rating_event(
        7, items=(("speed", 4),), reasons=("queue",), stage=2, amends="dev-7:other-01"
    )
    data = encoded(event)["data"]
    assert isinstance(data, dict)
    assert data["items"] == [{"code": "speed", "level": 4}]
    assert data["reasons"] == ["queue"]
    assert (data["stage"], data["amends"]) == (2, "dev-7:other-01")


def test_any_other_event_carries_its_own_data_and_version() -> None:
    event = other_event(3, version=4)
    found = encoded(event)
    assert found["id"] == "evalgate.alert.opened.v1:alert-3:4" == cloud_id(event)
    assert found["data"] == {**ALERT, "version": 4}
    assert (found["subject"], found["partitionkey"]) == ("alert-3", "dev-3")


def test_personal_fields_are_joined_while_they_are_kept() -> None:
    event = other_event(3, type="comment.attached", data=b'{"rating_id":"d:e"}')
    event.personal = 9
    assert encoded(event)["data"] == {"rating_id": "d:e", "version": 1} | PERSONAL[9]
    event.personal = 10
    assert encoded(event)["data"] == {"rating_id": "d:e", "version": 1}


def test_ids_name_type_subject_and_version() -> None:
    event = rating_event(7, type="rating.amended", version=3)
    assert cloud_id(event) == "evalgate.rating.amended.v1:dev-7:event-00000007:3"


def test_times_are_utc_with_milliseconds() -> None:
    assert rfc3339(0) == "1970-01-01T00:00:00.000Z"
    assert rfc3339(1_795_000_000_999) == "2026-11-18T11:06:40.999Z"
    assert rfc3339(1_795_000_001_000) == "2026-11-18T11:06:41.000Z"
