"""The byte-exact examples that firmware teams build on."""

import json
from pathlib import Path
from typing import Any, Final

import device_protocol
from device_protocol.topics import UPLINK, Channel

VECTORS: Final = Path(device_protocol.__file__).parent / "vectors"
DOWNLINK: Final = (Channel.RECEIPT, Channel.COMMAND, Channel.CONFIG)

Vector = dict[str, Any]


def load(channel: Channel, part: str = "vectors") -> list[Vector]:
    text = (VECTORS / f"{channel}.json").read_text("utf-8")
    vectors: list[Vector] = json.loads(text).get(part, [])
    return vectors


def uplink(part: str = "vectors") -> list[tuple[Channel, Vector]]:
    return [(channel, one) for channel in UPLINK for one in load(channel, part)]


def downlink(part: str = "vectors") -> list[tuple[Channel, Vector]]:
    return [(channel, one) for channel in DOWNLINK for one in load(channel, part)]


def name_of(value: object) -> str:
    return value["name"] if isinstance(value, dict) else str(value)


def payload_of(vector: Vector) -> bytes:
    if "payload_hex" in vector:
        return bytes.fromhex(vector["payload_hex"])
    text: str = vector["payload"]
    return text.encode()
