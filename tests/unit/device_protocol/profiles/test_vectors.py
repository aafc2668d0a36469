"""The byte-exact examples of terminals that speak otherwise."""

import hashlib
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

import device_protocol
from device_protocol.messages import Rating
from device_protocol.profiles import profile_reader
from device_protocol.topics import Channel
from gateway.settings.profiles import load_profiles

ROOT = Path(device_protocol.__file__).parents[1]
PROFILES = load_profiles(ROOT / "config" / "profiles")
VECTORS: list[dict[str, Any]] = json.loads(
    (ROOT / "device_protocol" / "vectors" / "profiles.json").read_text("utf-8")
)["vectors"]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: v["name"])
def test_a_foreign_message_decodes_to_the_expected_fields_and_hash(
    vector: dict[str, Any],
) -> None:
    profile = PROFILES[vector["profile"]]
    payload = bytes.fromhex(vector["payload_hex"])
    read = profile_reader(profile, Channel(vector["channel"]))

    message = read(vector["device_id"], payload)

    assert payload.decode(profile.charset) == vector["text"]
    fields = json.loads(msgspec.json.encode(message))
    assert {name: fields[name] for name in vector["expect"]} == vector["expect"]
    if "canonical" in vector:
        assert isinstance(message, Rating)
        digest = hashlib.sha256(vector["canonical"].encode()).digest()[:16]
        assert message.content_hash == digest
        assert digest.hex() == vector["content_hash"]


def test_every_shipped_profile_has_examples() -> None:
    assert {vector["profile"] for vector in VECTORS} == set(PROFILES)
