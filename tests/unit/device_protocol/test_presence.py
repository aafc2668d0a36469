import json

import pytest

from device_protocol.codec import CHANNELS, decode
from device_protocol.errors import ProtocolError, Reason
from device_protocol.messages import Cleared, Presence
from device_protocol.topics import Channel

DEVICE = "eval-0001"


def read(**fields: object) -> Presence:
    payload = json.dumps({"v": 1, "state": "online", **fields}).encode()
    message = decode(Channel.PRESENCE, DEVICE, payload)
    assert isinstance(message, Presence)
    return message


def refusal(payload: bytes, channel: Channel = Channel.PRESENCE) -> Reason:
    with pytest.raises(ProtocolError) as caught:
        decode(channel, DEVICE, payload)
    return caught.value.reason


def test_an_empty_payload_clears_a_presence_and_nothing_else() -> None:
    assert decode(Channel.PRESENCE, DEVICE, b"") == Cleared()
    assert refusal(b"", Channel.RATING) is Reason.NOT_JSON


def test_white_space_alone_clears_nothing() -> None:
    assert refusal(b" ") is Reason.NOT_JSON


def test_receipts_are_wanted_only_when_that_is_said() -> None:
    assert read(capabilities={"receipts": True}).receipts
    assert not read(capabilities={"receipts": 1}).receipts
    assert not read(capabilities=None).receipts
    assert not read().receipts


@pytest.mark.parametrize(
    "fields",
    [
        {"state": None},
        {"state": "away"},
        {"conn_id": 7},
        {"conn_id": "c" * 65},
        {"last_seq": -1},
        {"seq": -1},
        {"uptime_ms": "5"},
        {"capabilities": []},
        {"mode": "demo"},
    ],
)
def test_a_field_out_of_bounds_refuses_the_presence(fields: dict[str, object]) -> None:
    payload = json.dumps({"v": 1, "state": "online", **fields}).encode()
    assert refusal(payload) is Reason.SCHEMA


def test_a_presence_is_one_object() -> None:
    assert refusal(b'[{"v":1,"state":"online"}]') is Reason.SCHEMA


def test_empty_facts_are_absent() -> None:
    assert read(conn_id="", firmware="").conn_id is None


def test_a_name_of_the_decoded_message_is_no_field_of_the_wire() -> None:
    presence = read(claimed_ms=1, unknown_fields=9)
    assert presence.claimed_ms is None
    assert presence.unknown_fields == 2


def test_a_channel_without_a_reader_is_refused() -> None:
    assert Channel.COMMAND not in CHANNELS
    assert refusal(b"{}", Channel.COMMAND) is Reason.BAD_TOPIC
