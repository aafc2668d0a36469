"""The byte-exact examples that firmware teams build on."""

import hashlib
import json
from typing import Any

import msgspec
import pytest

from device_protocol import downlink
from device_protocol.codec import decode, judge_payload
from device_protocol.errors import ProtocolError
from device_protocol.messages import Cleared
from device_protocol.topics import UPLINK, Channel
from tests.support import vectors
from tests.support.vectors import Vector, name_of, payload_of

HASHED = [(c, v) for c, v in vectors.uplink() if "canonical" in v]


def as_json(message: object) -> dict[str, Any]:
    fields: dict[str, Any] = json.loads(msgspec.json.encode(message))
    return fields


@pytest.mark.parametrize(("channel", "vector"), vectors.uplink(), ids=name_of)
def test_uplink_decodes_to_the_expected_fields(
    channel: Channel, vector: Vector
) -> None:
    fields = as_json(decode(channel, vector["device_id"], payload_of(vector)))
    assert {name: fields[name] for name in vector["expect"]} == vector["expect"]


@pytest.mark.parametrize(("channel", "vector"), HASHED, ids=name_of)
def test_uplink_has_the_hash_of_its_canonical_bytes(
    channel: Channel, vector: Vector
) -> None:
    message = decode(channel, vector["device_id"], payload_of(vector))
    digest = hashlib.sha256(vector["canonical"].encode()).digest()
    content_hash: bytes = getattr(message, "content_hash", b"")
    assert content_hash == digest[:16]
    assert content_hash.hex() == vector["content_hash"]


@pytest.mark.parametrize("vector", [v for _, v in HASHED], ids=name_of)
def test_canonical_bytes_are_sorted_compact_json(vector: Vector) -> None:
    canonical = vector["canonical"]
    numbers = {1.25e-6: "0.00000125", 1.25e-7: "1.25e-7"}  # as RFC 8785 writes them
    text = json.dumps(
        sorted_by_units(json.loads(canonical)),
        ensure_ascii=False,
        separators=(",", ":"),
    )
    for number, written in numbers.items():
        text = text.replace(repr(number), written)
    assert text == canonical


def sorted_by_units(value: object) -> object:
    if isinstance(value, list):
        return [sorted_by_units(one) for one in value]
    if not isinstance(value, dict):
        return value
    names = sorted(value, key=lambda name: name.encode("utf-16-be"))
    return {name: sorted_by_units(value[name]) for name in names}


@pytest.mark.parametrize(("channel", "vector"), vectors.uplink("refused"), ids=name_of)
def test_uplink_is_refused_with_its_reason(channel: Channel, vector: Vector) -> None:
    for read in (decode, judge_payload):
        with pytest.raises(ProtocolError) as caught:
            read(channel, vector["device_id"], payload_of(vector))
        assert caught.value.reason == vector["reason"]


@pytest.mark.parametrize(("channel", "vector"), vectors.downlink(), ids=name_of)
def test_downlink_decodes_to_the_expected_message(
    channel: Channel, vector: Vector
) -> None:
    message = downlink.decode(channel, payload_of(vector))
    fields = as_json(message)
    assert {name: fields[name] for name in vector["expect"]} == vector["expect"]
    assert not isinstance(message, Cleared)
    if not vector.get("reads_only"):
        assert downlink.encode(message) == payload_of(vector)


@pytest.mark.parametrize(
    ("channel", "vector"), vectors.downlink("refused"), ids=name_of
)
def test_downlink_is_refused_with_its_reason(channel: Channel, vector: Vector) -> None:
    with pytest.raises(ProtocolError) as caught:
        downlink.decode(channel, payload_of(vector))
    assert caught.value.reason == vector["reason"]


@pytest.mark.parametrize("channel", UPLINK)
def test_every_uplink_channel_has_vectors(channel: Channel) -> None:
    assert len(vectors.load(channel)) >= 4
