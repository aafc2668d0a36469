"""JSON Schemas (2020-12) of every message, made from the shapes that judge them.

A schema says less than the gateway judges; `docs/device-protocol.md` lists what no
schema can say. It refuses no message that the gateway accepts with the default scale.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from device_protocol import wire, wire_downlink
from device_protocol.codec import SINGLE
from device_protocol.limits import ELEMENTS_MAX
from device_protocol.topics import UPLINK, Channel

Schema = dict[str, Any]

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_DEFS: Final = "#/$defs/"

SHAPES: Final[Mapping[Channel, type[msgspec.Struct]]] = {
    **wire.SHAPES,
    **wire_downlink.SHAPES,
}


def _needs(name: str) -> Schema:
    return {"required": [name], "properties": {name: {"not": {"type": "null"}}}}


# What holds between fields.
_COMMENT_ALONE: Final[Schema] = {
    "if": _needs("comment_for"),
    "then": {
        "required": ["comment"],
        "properties": {
            "comment": {"type": "string", "minLength": 1},
            "level": {"type": "null"},
            "key": {"type": "null"},
        },
    },
    "else": {"anyOf": [_needs("level"), _needs("key")]},
}
_NAMED_ONCE: Final[Schema] = {
    "oneOf": [_needs("event_id"), _needs("payload_sha256")],
}
_BETWEEN: Final[Mapping[str, Schema]] = {
    "Rating": _COMMENT_ALONE,
    "Rejected": _NAMED_ONCE,
}


def payload_schema(channel: Channel) -> Schema:
    """The schema of a payload: one message or, of events, an array of them, too."""
    head = {
        "$schema": DIALECT,
        "$id": f"urn:evalgate:device-protocol:v1:{channel}",
        "title": channel.value,
        "description": about(channel),
    }
    return head | body(channel) | {"$defs": definitions(channel)}


def body(channel: Channel, prefix: str = _DEFS) -> Schema:
    """One message or, of events, an array of them, too, by references."""
    message = {"$ref": f"{prefix}{SHAPES[channel].__name__}"}
    if channel not in UPLINK or channel in SINGLE:
        return message
    array = {"type": "array", "items": message, "maxItems": ELEMENTS_MAX}
    return {"anyOf": [message, array]}


def definitions(channel: Channel, prefix: str = _DEFS) -> dict[str, Schema]:
    """The message and its parts by name; references among them begin with `prefix`."""
    _, found = msgspec.json.schema_components(
        [SHAPES[channel]], ref_template=f"{prefix}{{name}}"
    )
    return {
        name: _tidied(part) | _BETWEEN.get(name, {}) for name, part in found.items()
    }


def about(channel: Channel) -> str:
    """What a message says, in a line."""
    return str(SHAPES[channel].__doc__).strip().splitlines()[0]


def _tidied(part: Schema) -> Schema:
    """Without defaults of null, which say only that a field may be absent."""
    properties = {
        name: {key: value for key, value in field.items() if key != "default"}
        for name, field in part.get("properties", {}).items()
    }
    return part | {"properties": properties}
