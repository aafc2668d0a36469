import json
from functools import cache
from typing import Any

import jsonschema_rs
import pytest

from device_protocol.codec import decode
from device_protocol.errors import ProtocolError, Reason
from device_protocol.schema import SHAPES, definitions, payload_schema
from device_protocol.topics import Channel, parse
from tests.support import vectors
from tests.support.bad_input import ROOT_TOPIC, BadInput
from tests.support.bad_input import load as bad_input
from tests.support.vectors import Vector, name_of, payload_of

# What no schema of one message can say, by the reason code or in the payload's text.
BEYOND = {
    Reason.NOT_JSON,
    Reason.NOT_UTF8,
    Reason.TOO_LARGE,
    Reason.TOO_DEEP,
    Reason.IDENTITY_MISMATCH,
}
BEYOND_NAMES = {
    "no time of the calendar",
    "an escaped NUL",
    "a comment that is too long",
    "a number beyond 2^53",
    "a deadline that is no time",
    "escaped NUL",
    "escaped NUL in an unknown key",
    "float overflow",
    "comment of 501 characters",
    "occurred_at no date",
    "local digits, month 13",
}


@cache
def validator(channel: Channel) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(payload_schema(channel))


def value_of(payload: bytes) -> Any:  # noqa: ANN401 -- any JSON
    return json.loads(payload.decode("utf-8-sig"))


GOOD = [*vectors.uplink(), *vectors.downlink()]
REFUSED = [
    (channel, vector)
    for channel, vector in [*vectors.uplink("refused"), *vectors.downlink("refused")]
    if vector["reason"] not in BEYOND and vector["name"] not in BEYOND_NAMES
]


@pytest.mark.parametrize("channel", list(Channel))
def test_every_channel_has_a_schema_that_is_one(channel: Channel) -> None:
    schema = payload_schema(channel)
    jsonschema_rs.meta.validate(schema)
    assert set(SHAPES) == set(Channel)
    assert schema["title"] == channel


@pytest.mark.parametrize(("channel", "vector"), GOOD, ids=name_of)
def test_what_is_accepted_fits_its_schema(channel: Channel, vector: Vector) -> None:
    validator(channel).validate(value_of(payload_of(vector)))


@pytest.mark.parametrize(("channel", "vector"), REFUSED, ids=name_of)
def test_what_is_refused_by_form_fits_no_schema(
    channel: Channel, vector: Vector
) -> None:
    assert not validator(channel).is_valid(value_of(payload_of(vector)))


def bad(case: BadInput) -> tuple[Channel, bool, Any] | None:
    """The channel, whether decoding accepts it, and the value; None: beyond schemas."""
    try:
        address = parse(ROOT_TOPIC, case.topic)
        value = value_of(case.payload)
    except (ProtocolError, ValueError, RecursionError):
        return None
    try:
        decoded = decode(address.channel, address.device_id, case.payload)
    except ProtocolError as error:
        return None if error.reason in BEYOND else (address.channel, False, value)
    elements = decoded if isinstance(decoded, list) else [decoded]
    errors = [one for one in elements if isinstance(one, ProtocolError)]
    if any(error.reason in BEYOND for error in errors):
        return None
    return address.channel, not errors, value


@pytest.mark.parametrize("case", bad_input(), ids=lambda case: case.name)
def test_bad_input_fits_its_schema_just_when_it_is_accepted(case: BadInput) -> None:
    judged = bad(case)
    if judged is None or case.name in BEYOND_NAMES:
        return
    channel, accepted, value = judged
    assert validator(channel).is_valid(value) is accepted


def test_fields_of_later_versions_are_borne() -> None:
    rating = {"v": 1, "event_id": "event-0001", "level": 5, "colour": "red"}
    assert validator(Channel.RATING).is_valid(rating)
    assert validator(Channel.RATING).is_valid([rating, rating])
    assert validator(Channel.RATING).is_valid([])


@pytest.mark.parametrize("channel", [Channel.PRESENCE, Channel.HEARTBEAT])
def test_a_state_is_one_object(channel: Channel) -> None:
    assert not validator(channel).is_valid([])


def test_references_may_lead_elsewhere() -> None:
    text = json.dumps(definitions(Channel.RATING, "#/components/schemas/"))
    assert "#/components/schemas/Item" in text
    assert "#/$defs/" not in text
