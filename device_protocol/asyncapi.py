"""The AsyncAPI 3.0 document of all channels, as the gateway uses them."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from device_protocol.schema import about, body, definitions
from device_protocol.topics import DEVICE_ID, UPLINK, VERSION, Channel

Document = dict[str, Any]
Examples = Mapping[Channel, Sequence[tuple[str, object]]]
"""Of each channel: a name, and the payload as a JSON value."""

_SCHEMAS: Final = "#/components/schemas/"
_BINDING_VERSION: Final = "0.2.0"
_DESCRIPTION: Final = (
    "What evaluator terminals and the gateway say to each other over MQTT 3.1.1 or 5. "
    "A terminal that keeps an event until its receipt loses nothing."
)


class Passage(NamedTuple):
    """How a channel is published."""

    qos: int
    retain: bool


# A heartbeat may also be published with QoS 0.
PASSAGES: Final[Mapping[Channel, Passage]] = {
    channel: Passage(1, channel in {Channel.PRESENCE, Channel.CONFIG})
    for channel in Channel
}


def asyncapi(examples: Examples) -> Document:
    """The document; it describes the gateway, so that it receives what goes up."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Evaluator terminals: device protocol",
            "version": "1.0.0",
            "description": _DESCRIPTION,
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {channel.value: _channel(channel) for channel in Channel},
        "operations": {_verb(channel): _operation(channel) for channel in Channel},
        "components": {
            "schemas": _schemas(),
            "messages": {
                channel.value: _message(channel, examples.get(channel, ()))
                for channel in Channel
            },
        },
    }


def _channel(channel: Channel) -> Document:
    reference = {"$ref": f"#/components/messages/{channel}"}
    return {
        "address": f"{{root}}/{VERSION}/{{device_id}}/{channel}",
        "description": about(channel),
        "parameters": {
            "root": {
                "description": "may hold several levels",
                "default": "evaluators",
            },
            "device_id": {"description": DEVICE_ID},
        },
        "messages": {channel.value: reference},
    }


def _verb(channel: Channel) -> str:
    return f"{'receive' if channel in UPLINK else 'send'}_{channel}"


def _operation(channel: Channel) -> Document:
    passage = PASSAGES[channel]
    return {
        "action": "receive" if channel in UPLINK else "send",
        "channel": {"$ref": f"#/channels/{channel}"},
        "messages": [{"$ref": f"#/channels/{channel}/messages/{channel}"}],
        "bindings": {
            "mqtt": {
                "qos": passage.qos,
                "retain": passage.retain,
                "bindingVersion": _BINDING_VERSION,
            }
        },
    }


def _schemas() -> Document:
    found: Document = {}
    for channel in Channel:
        found |= definitions(channel, _SCHEMAS)
    return found


def _message(channel: Channel, examples: Sequence[tuple[str, object]]) -> Document:
    return {
        "name": channel.value,
        "title": about(channel),
        "contentType": "application/json",
        "payload": body(channel, _SCHEMAS),
        "examples": [{"name": name, "payload": example} for name, example in examples],
    }
