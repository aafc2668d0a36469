import json

import pytest

from device_protocol.downlink import decode, encode, encode_receipts
from device_protocol.errors import ProtocolError, Reason
from device_protocol.limits import OBJECT_BYTES_MAX
from device_protocol.messages import Cleared, Command, Config, Receipt, Rejected
from device_protocol.topics import Channel

NOW_MS = 1_795_226_400_123
COMMAND = Command("cmd-1", "identify", {"seconds": 10}, NOW_MS)


@pytest.mark.parametrize(
    ("channel", "message"),
    [
        (Channel.RECEIPT, Receipt(NOW_MS)),
        (Channel.RECEIPT, Receipt(NOW_MS, ("a" * 64,), (Rejected("schema", "b" * 8),))),
        (Channel.RECEIPT, Receipt(NOW_MS, (), (Rejected("x", None, "0" * 64),))),
        (Channel.COMMAND, COMMAND),
        (Channel.CONFIG, Config(0, {})),
        (Channel.CONFIG, Config(2**53 - 1, {"volume": [1, None, "响"]})),
    ],
)
def test_what_is_written_is_read_again(
    channel: Channel, message: Receipt | Command | Config
) -> None:
    assert decode(channel, encode(message)) == message


@pytest.mark.parametrize(
    "message",
    [
        Command("", "identify", {}, NOW_MS),
        Command("c" * 65, "identify", {}, NOW_MS),
        Command("c", "Re-boot", {}, NOW_MS),
        Command("c", "identify", {"x": "y" * OBJECT_BYTES_MAX}, NOW_MS),
        Command("c", "identify", {}, 10**18),
        Config(-1, {}),
        Config(1, {"x": 2**60}),
        Receipt(NOW_MS, (), (Rejected("schema"),)),
    ],
)
def test_a_message_out_of_its_bounds_is_never_written(
    message: Receipt | Command | Config,
) -> None:
    with pytest.raises(ValueError, match=r"."):
        encode(message)


def test_an_empty_config_takes_the_settings_back() -> None:
    assert decode(Channel.CONFIG, b"") == Cleared()


def test_only_downlink_channels_are_read() -> None:
    with pytest.raises(ProtocolError) as caught:
        decode(Channel.RATING, b"{}")
    assert caught.value.reason is Reason.BAD_TOPIC


def test_fields_of_a_later_version_are_ignored() -> None:
    payload = json.dumps({"revision": 1, "desired": {}, "signature": "x"}).encode()
    assert decode(Channel.CONFIG, payload) == Config(1, {})


def test_many_receipts_become_several_messages_none_too_large() -> None:
    event_ids = [f"{number:064}" for number in range(1_000)]
    rejected = [Rejected("schema", f"bad-{number:05}") for number in range(300)]
    payloads = list(encode_receipts(NOW_MS, event_ids, rejected))
    assert len(payloads) > 1
    assert max(map(len, payloads)) <= OBJECT_BYTES_MAX
    receipts = [decode(Channel.RECEIPT, payload) for payload in payloads]
    kept = [r for r in receipts if isinstance(r, Receipt)]
    assert sorted(i for r in kept for i in r.event_ids) == event_ids
    assert sorted(r.event_id or "" for one in kept for r in one.rejected) == [
        one.event_id for one in rejected
    ]


def test_one_receipt_is_one_message() -> None:
    assert list(encode_receipts(NOW_MS, ["event-0001"], [])) == [
        encode(Receipt(NOW_MS, ("event-0001",)))
    ]
