"""The byte-exact examples that firmware teams build on."""

import hashlib
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

import device_protocol
from device_protocol.codec import decode
from device_protocol.messages import Rating
from device_protocol.topics import Channel

VECTORS = Path(device_protocol.__file__).parent / "vectors"


def load(name: str) -> list[dict[str, Any]]:
    vectors: list[dict[str, Any]] = json.loads((VECTORS / name).read_text())["vectors"]
    return vectors


def payload_of(vector: dict[str, Any]) -> bytes:
    if "payload_hex" in vector:
        return bytes.fromhex(vector["payload_hex"])
    text: str = vector["payload"]
    return text.encode()


@pytest.mark.parametrize("vector", load("rating.json"), ids=lambda v: v["name"])
def test_rating_decodes_to_the_expected_fields_and_hash(vector: dict[str, Any]) -> None:
    message = decode(Channel.RATING, vector["device_id"], payload_of(vector))

    assert isinstance(message, Rating)
    assert message.content_hash.hex() == vector["content_hash"]
    digest = hashlib.sha256(vector["canonical"].encode()).digest()
    assert message.content_hash == digest[:16]
    fields = json.loads(msgspec.json.encode(message))
    assert {name: fields[name] for name in vector["expect"]} == vector["expect"]


@pytest.mark.parametrize("vector", load("rating.json"), ids=lambda v: v["name"])
def test_canonical_bytes_are_sorted_compact_json(vector: dict[str, Any]) -> None:
    canonical = vector["canonical"]
    assert (
        json.dumps(
            json.loads(canonical),
            ensure_ascii=False,
            sort_keys=True,
            separators=(",", ":"),
        )
        == canonical
    )


@pytest.mark.parametrize("vector", load("presence.json"), ids=lambda v: v["name"])
def test_presence_decodes_to_the_expected_fields(vector: dict[str, Any]) -> None:
    message = decode(Channel.PRESENCE, vector["device_id"], payload_of(vector))

    fields = json.loads(msgspec.json.encode(message))
    assert {name: fields[name] for name in vector["expect"]} == vector["expect"]
