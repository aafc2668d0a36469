import json
from typing import Any

import jsonschema_rs
import pytest

from device_protocol.asyncapi import asyncapi
from device_protocol.schema import SHAPES
from device_protocol.topics import UPLINK, Channel, topic

EXAMPLES = {Channel.CONFIG: [("nothing", {"revision": 0, "desired": {}})]}
DOCUMENT = asyncapi(EXAMPLES)


def resolved(reference: str) -> Any:  # noqa: ANN401 -- any part of a document
    found: Any = DOCUMENT
    for name in reference.removeprefix("#/").split("/"):
        found = found[name]
    return found


def references(value: object) -> list[str]:
    if isinstance(value, list):
        return [ref for one in value for ref in references(one)]
    if not isinstance(value, dict):
        return []
    own = [value["$ref"]] if "$ref" in value else []
    return own + [ref for one in value.values() for ref in references(one)]


def test_every_reference_leads_somewhere() -> None:
    found = references(DOCUMENT)
    assert len(found) > len(SHAPES)
    for reference in found:
        assert resolved(reference)


@pytest.mark.parametrize("channel", list(Channel))
def test_a_channel_has_the_topic_of_the_protocol(channel: Channel) -> None:
    address = DOCUMENT["channels"][channel]["address"]
    named = address.replace("{root}", "a/b").replace("{device_id}", "eval-0001")
    assert named == topic("a/b", "eval-0001", channel)


@pytest.mark.parametrize("channel", list(Channel))
def test_the_gateway_receives_what_goes_up_and_sends_what_goes_down(
    channel: Channel,
) -> None:
    action = "receive" if channel in UPLINK else "send"
    operation = DOCUMENT["operations"][f"{action}_{channel}"]
    assert operation["action"] == action
    retained = channel in {Channel.PRESENCE, Channel.CONFIG}
    assert operation["bindings"]["mqtt"]["retain"] is retained


@pytest.mark.parametrize("channel", list(Channel))
def test_the_schema_of_a_payload_holds_inside_the_document(channel: Channel) -> None:
    payload = DOCUMENT["components"]["messages"][channel]["payload"]
    schema = {**payload, "components": DOCUMENT["components"]}
    assert not jsonschema_rs.Draft202012Validator(schema).is_valid(7)


def test_examples_stand_with_their_message() -> None:
    message = DOCUMENT["components"]["messages"]["config"]
    assert message["examples"] == [
        {"name": "nothing", "payload": {"revision": 0, "desired": {}}}
    ]
    assert DOCUMENT["components"]["messages"]["rating"]["examples"] == []


def test_the_document_is_json() -> None:
    assert json.loads(json.dumps(DOCUMENT)) == DOCUMENT
