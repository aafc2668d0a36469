import json

import pytest

from device_protocol.codec import (
    CHANNELS,
    SINGLE,
    decode,
    judge_payload,
)
from device_protocol.errors import ProtocolError, Reason
from device_protocol.limits import ELEMENTS_MAX, OBJECT_BYTES_MAX
from device_protocol.messages import Complaint, Heartbeat, Reply, SelfTest, Session
from device_protocol.topics import UPLINK, Channel

DEVICE = "eval-0001"
LEAST = {
    Channel.SESSION: {"session_id": "1", "action": "opened"},
    Channel.COMPLAINT: {},
    Channel.SELFTEST: {"trigger": "boot"},
    Channel.REPLY: {"command_id": "1", "status": "done"},
}
KINDS = {
    Channel.SESSION: Session,
    Channel.COMPLAINT: Complaint,
    Channel.SELFTEST: SelfTest,
    Channel.REPLY: Reply,
}
EVENTS = sorted(LEAST)


def event(channel: Channel, **fields: object) -> dict[str, object]:
    return {"v": 1, "event_id": "event-0001", **LEAST[channel], **fields}


def encoded(value: object) -> bytes:
    return json.dumps(value).encode()


def refusal(channel: Channel, payload: bytes) -> ProtocolError:
    with pytest.raises(ProtocolError) as caught:
        decode(channel, DEVICE, payload)
    return caught.value


def test_every_uplink_channel_has_a_reader() -> None:
    assert set(CHANNELS) == set(UPLINK)


@pytest.mark.parametrize("channel", EVENTS)
def test_events_may_come_as_an_array_each_judged_alone(channel: Channel) -> None:
    payload = encoded([event(channel), event(channel, seq=-1), 7, event(channel)])
    elements = decode(channel, DEVICE, payload)
    assert isinstance(elements, list)
    first, second, third, last = elements
    assert isinstance(first, KINDS[channel])
    assert first == last
    assert isinstance(second, ProtocolError)
    assert (second.reason, second.event_id) == (Reason.SCHEMA, "event-0001")
    assert isinstance(third, ProtocolError)


@pytest.mark.parametrize("channel", EVENTS)
def test_an_empty_array_is_one_message_to_be_ignored(channel: Channel) -> None:
    assert decode(channel, DEVICE, b" [] ") == []


@pytest.mark.parametrize("channel", EVENTS)
def test_more_elements_than_allowed_refuse_the_payload(channel: Channel) -> None:
    payload = encoded([event(channel)] * (ELEMENTS_MAX + 1)).replace(b" ", b"")
    assert refusal(channel, payload).reason is Reason.TOO_LARGE


def test_an_array_of_sessions_is_the_same_plain_or_judged() -> None:
    sessions = [event(Channel.SESSION, seq=n, employee_id="007") for n in range(200)]
    payload = encoded(sessions)
    plain = decode(Channel.SESSION, DEVICE, payload)
    assert repr(plain) == repr(judge_payload(Channel.SESSION, DEVICE, payload))


@pytest.mark.parametrize("where", ["before", "after"])
def test_an_element_that_is_too_large_is_refused_alone(where: str) -> None:
    padded = encoded(event(Channel.SESSION))[:-1] + b" " * OBJECT_BYTES_MAX + b"}"
    good = encoded(event(Channel.SESSION))
    payload = b"[%s,%s]" % ((padded, good) if where == "before" else (good, padded))
    elements = decode(Channel.SESSION, DEVICE, payload)
    assert isinstance(elements, list)
    refused = elements[0 if where == "before" else 1]
    assert isinstance(refused, ProtocolError)
    assert refused.reason is Reason.TOO_LARGE
    assert sum(isinstance(one, Session) for one in elements) == 1


@pytest.mark.parametrize("channel", sorted(SINGLE))
def test_a_state_is_one_object(channel: Channel) -> None:
    assert refusal(channel, b"[]").reason is Reason.SCHEMA


@pytest.mark.parametrize("channel", [*EVENTS, Channel.HEARTBEAT])
def test_nothing_is_no_json(channel: Channel) -> None:
    assert refusal(channel, b"").reason is Reason.NOT_JSON


def test_a_byte_order_mark_and_white_space_are_borne() -> None:
    payload = b'\xef\xbb\xbf {"v":1,"uptime_s":5} \r\n'
    assert decode(Channel.HEARTBEAT, DEVICE, payload) == Heartbeat(uptime_s=5)


def test_the_event_id_of_a_heartbeat_is_looked_at_like_any_text() -> None:
    deep = b'{"v":1,"event_id":' + b"[" * 20 + b"]" * 20 + b"}"
    assert refusal(Channel.HEARTBEAT, deep).reason is Reason.TOO_DEEP
    assert decode(Channel.HEARTBEAT, DEVICE, b'{"v":1,"event_id":7}') == Heartbeat()


@pytest.mark.parametrize("channel", [Channel.RECEIPT, Channel.COMMAND, Channel.CONFIG])
def test_what_goes_down_never_comes_up(channel: Channel) -> None:
    assert refusal(channel, b"{}").reason is Reason.BAD_TOPIC


@pytest.mark.parametrize(
    ("fields", "detail"),
    [
        (
            {"action": "x"},
            "action: not one of cancelled, ended, invited, not_eligible, opened",
        ),
        ({"action": None}, "action: missing"),
        ({"session_id": ""}, "session_id: expected `str` of length >= 1"),
        ({"employee_id": 7}, "employee_id: expected `str | null`, got `int`"),
    ],
)
def test_a_detail_names_the_field_and_what_is_asked(
    fields: dict[str, object], detail: str
) -> None:
    error = refusal(Channel.SESSION, encoded(event(Channel.SESSION, **fields)))
    assert error.detail == detail
