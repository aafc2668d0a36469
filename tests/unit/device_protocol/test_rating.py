import json
from typing import Any

import pytest

from device_protocol import rating_plain
from device_protocol.codec import decode
from device_protocol.errors import ProtocolError, Reason
from device_protocol.messages import Contact, Item, Mode, Origin, Rating, Round
from device_protocol.topics import Channel

DEVICE = "eval-0001"
EVENT_ID = "event-0001"
AMENDED = "event-0000"


def encode(**fields: object) -> bytes:
    message = {"v": 1, "event_id": EVENT_ID, "level": 5, **fields}
    kept = {name: value for name, value in message.items() if value is not ...}
    return json.dumps(kept, ensure_ascii=False).encode()


def read(**fields: object) -> Rating:
    message = decode(Channel.RATING, DEVICE, encode(**fields))
    assert isinstance(message, Rating)
    return message


def refusal(**fields: object) -> ProtocolError:
    with pytest.raises(ProtocolError) as caught:
        decode(Channel.RATING, DEVICE, encode(**fields))
    return caught.value


def test_defaults_are_those_of_the_protocol() -> None:
    rating = read()
    assert (rating.mode, rating.origin, rating.round) == ("live", "customer", "initial")
    assert (rating.items, rating.reasons, rating.attributions) == ((), (), ())


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("origin", list(Origin))
@pytest.mark.parametrize("round_", list(Round))
def test_every_mode_origin_and_round_is_plain(
    mode: Mode, origin: Origin, round_: Round
) -> None:
    payload = encode(mode=mode, origin=origin, round=round_)
    rating = rating_plain.read_one(DEVICE, payload)
    assert rating is not None
    assert (rating.mode, rating.origin, rating.round) == (mode, origin, round_)


def test_leading_zeros_of_ids_are_kept() -> None:
    rating = read(employee_id="007", session_id="0001", attributions=["007"])
    assert (rating.employee_id, rating.session_id) == ("007", "0001")
    assert rating.attributions == ("007",)


@pytest.mark.parametrize(("raw", "kind"), [(5, int), (5.0, float), ("5", str)])
def test_level_raw_is_what_was_sent(raw: object, kind: type) -> None:
    rating = read(level=raw)
    assert rating.level == 5
    assert rating.level_raw == raw
    assert type(rating.level_raw) is kind


def test_a_key_stands_for_a_level_that_a_profile_knows() -> None:
    rating = read(level=..., key=0)
    assert (rating.level, rating.level_raw, rating.key) == (None, None, 0)


def test_a_level_beside_a_key_counts() -> None:
    rating = read(level=2, key=0)
    assert (rating.level, rating.key) == (2, 0)


def test_a_bad_level_is_no_better_beside_a_key() -> None:
    assert refusal(level=7, key=0).reason is Reason.UNKNOWN_LEVEL


def test_an_absent_level_is_a_fault_of_form_and_a_null_one_unknown() -> None:
    assert refusal(level=...).reason is Reason.SCHEMA
    assert refusal(level=None).reason is Reason.UNKNOWN_LEVEL


def test_items_carry_levels_of_their_own() -> None:
    rating = read(items=[{"code": "speed", "level": "4"}, {"code": "", "level": 1.0}])
    assert rating.items == (Item("speed", 4), Item("", 1))


def test_contact_and_amends_are_kept() -> None:
    rating = read(contact={"kind": "email", "value": "a@b"}, amends=f"d-2:{AMENDED}")
    assert rating.contact == Contact("email", "a@b")
    assert rating.amends == f"d-2:{AMENDED}"


def test_a_comment_may_come_alone() -> None:
    rating = read(level=..., comment_for=AMENDED, comment="late but long")
    assert (rating.level, rating.comment_for) == (None, AMENDED)


@pytest.mark.parametrize(
    "fields",
    [
        {"level": 5, "comment": "x"},
        {"level": ..., "key": 1, "comment": "x"},
        {"level": ...},
        {"level": ..., "comment": ""},
    ],
)
def test_a_comment_alone_has_a_comment_and_no_level(fields: dict[str, Any]) -> None:
    assert refusal(comment_for=AMENDED, **fields).reason is Reason.SCHEMA


def test_a_comment_is_kept_composed_and_measured_composed() -> None:
    assert read(comment="e\u0301" * 500).comment == "é" * 500
    assert refusal(comment="e\u0301" * 501).reason is Reason.SCHEMA
    # U+0958 grows when it is composed.
    assert refusal(comment="\u0958" * 300).reason is Reason.SCHEMA


def test_unknown_fields_are_counted_at_every_level() -> None:
    rating = read(
        unread=1,
        items=[{"code": "a", "level": 1, "b": 2, "c": 3}],
        contact={"kind": "phone", "value": "1", "d": 4},
    )
    assert rating.unknown_fields == 4


@pytest.mark.parametrize(
    ("fields", "detail"),
    [
        ({"v": ...}, "v: missing"),
        ({"v": True}, "v: not an integer"),
        ({"event_id": ...}, "event_id: missing"),
        ({"event_id": "short"}, "event_id: malformed"),
        ({"device_id": 7}, "device_id: not a string"),
        ({"seq": 2**53}, f"seq: not an integer 0…{2**53 - 1}"),
        ({"boot_id": "b" * 65}, "boot_id: longer than 64 characters"),
        ({"buffered": 1}, "buffered: not true or false"),
        ({"retry": "1"}, "retry: not an integer"),
        ({"stage": 0}, "stage: not an integer 1…2"),
        ({"key": -1}, "key: not an integer 0…15"),
        ({"reasons": "slow"}, "reasons: not an array"),
        ({"reasons": ["r"] * 17}, "reasons: more than 16 elements"),
        ({"reasons": [1]}, "reasons: not strings of at most 32 characters"),
        ({"items": [7]}, "items: not an object"),
        ({"items": [{"level": 5}]}, "items: code missing"),
        ({"contact": "me"}, "contact: not an object"),
        ({"contact": {"value": "1"}}, "contact: kind or value missing"),
        ({"amends": "?"}, "amends: neither an event_id nor device_id:event_id"),
        ({"occurred_at": 5}, "occurred_at: an epoch has 10 or 13 digits"),
        ({"mode": "demo"}, "mode: not one of live, test, training, maintenance"),
    ],
)
def test_a_fault_of_form_names_the_field(fields: dict[str, Any], detail: str) -> None:
    error = refusal(**fields)
    assert (error.reason, error.detail) == (Reason.SCHEMA, detail)


def test_a_refusal_names_the_event_that_was_claimed() -> None:
    assert refusal(level=9).event_id == EVENT_ID
    assert refusal(v=2).event_id == EVENT_ID
    assert refusal(event_id="bad id 00").event_id is None


def test_a_refused_level_is_shown_in_part() -> None:
    assert len(refusal(level="x" * 5000).detail) < 60


def test_a_version_is_judged_before_anything_else() -> None:
    error = refusal(v=2, device_id="other", level="?")
    assert error.reason is Reason.UNSUPPORTED_VERSION


def test_another_devices_name_is_a_mismatch() -> None:
    assert refusal(device_id="eval-0002").reason is Reason.IDENTITY_MISMATCH


def test_a_bad_element_does_not_spoil_its_neighbours() -> None:
    payload = (
        b"[" + b",".join([encode(), encode(level=9), b"7", encode(level=1)]) + b"]"
    )
    message = decode(Channel.RATING, DEVICE, payload)
    assert isinstance(message, list)
    outcomes = [
        element.reason if isinstance(element, ProtocolError) else element.level
        for element in message
    ]
    assert outcomes == [5, Reason.UNKNOWN_LEVEL, Reason.SCHEMA, 1]


def test_one_element_too_large_among_plain_ones_is_refused_alone() -> None:
    padded = encode()[:-1] + b" " * 17_000 + b"}"
    message = decode(Channel.RATING, DEVICE, b"[" + encode() + b"," + padded + b"]")
    assert isinstance(message, list)
    assert isinstance(message[0], Rating)
    assert isinstance(message[1], ProtocolError)
    assert message[1].reason is Reason.TOO_LARGE


def test_a_flush_of_plain_ratings_takes_the_shortcut() -> None:
    payload = b"[" + b",".join([encode(comment="x" * 40)] * 500) + b"]"
    ratings = rating_plain.read_many(DEVICE, payload)
    assert ratings is not None
    assert len(ratings) == 500
