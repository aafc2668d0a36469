"""What holds of every message but a rating: its hash, its schema, the way down."""

import contextlib
import hashlib
import json
import random
import string
from collections import Counter
from functools import cache
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from device_protocol import downlink
from device_protocol.codec import decode, judge_payload
from device_protocol.errors import ProtocolError, Reason
from device_protocol.limits import OBJECT_BYTES_MAX
from device_protocol.messages import (
    Command,
    Complaint,
    Config,
    Heartbeat,
    Receipt,
    Rejected,
    Reply,
    SelfTest,
    Session,
)
from device_protocol.schema import payload_schema
from device_protocol.topics import Channel
from tests.properties.mutate import DEVICE, mutants

TRANSPORT: dict[str, object] = {
    "device_id": DEVICE,
    "boot_id": "b-1",
    "seq": 7,
    "uptime_ms": 5,
    "sent_uptime_ms": 9,
    "buffered": True,
    "retry": 3,
}

texts = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30
)
ids = st.text("ABCabc019._:-", min_size=8, max_size=64)
numbers = st.integers(-(2**53), 2**53) | st.floats(-(2.0**53), 2.0**53)
values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner),
    max_leaves=6,
)
times = st.sampled_from(
    ["2026-11-21T10:00:00+08:00", "20261121100000", 1795226400, 1795226400123]
)
modes = st.sampled_from(["live", "test", "training", "maintenance"])
contacts = st.fixed_dictionaries(
    {"kind": st.sampled_from(["phone", "email", "wechat", "other"]), "value": texts}
)
checks = st.fixed_dictionaries(
    {"code": texts, "result": st.sampled_from(["pass", "fail", "skip"])},
    optional={"value": st.none() | st.booleans() | numbers | texts, "unit": texts},
)
Strategies = dict[str, st.SearchStrategy[Any]]


def event(required: Strategies, optional: Strategies) -> st.SearchStrategy[Any]:
    return st.fixed_dictionaries(
        {"v": st.just(1), "event_id": ids, **required},
        optional={"occurred_at": times, "mode": modes, **optional},
    )


EVENTS: dict[Channel, st.SearchStrategy[Any]] = {
    Channel.SESSION: event(
        {
            "session_id": texts.filter(bool),
            "action": st.sampled_from(["opened", "invited", "ended", "cancelled"]),
        },
        {
            "stage": st.sampled_from([1, 2]),
            "employee_id": texts,
            "service_code": texts,
            "reason": st.sampled_from(["left", "exempt", "timeout"]),
        },
    ),
    Channel.COMPLAINT: event(
        {},
        {
            "session_id": texts,
            "employee_id": texts,
            "category": st.sampled_from(["service", "guided_rating", "other"]),
            "comment": texts,
            "contact": contacts,
        },
    ),
    Channel.SELFTEST: event(
        {"trigger": st.sampled_from(["boot", "schedule", "command", "inspection"])},
        {
            "items": st.lists(checks, max_size=3),
            "keys_pressed": st.lists(st.integers(0, 15), max_size=5),
        },
    ),
    Channel.REPLY: event(
        {
            "command_id": texts.filter(bool),
            "status": st.sampled_from(["accepted", "done", "failed", "rejected"]),
        },
        {"result": values, "error": texts},
    ),
}
events = st.sampled_from(sorted(EVENTS)).flatmap(
    lambda channel: st.tuples(st.just(channel), EVENTS[channel])
)
EventMessage = Session | Complaint | SelfTest | Reply


def to_json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def decoded(channel: Channel, payload: bytes) -> EventMessage:
    message = decode(channel, DEVICE, payload)
    assert isinstance(message, EventMessage)
    return message


def respelled(value: object) -> object:
    """The same JSON with other spellings: integers as decimals, keys turned round."""
    match value:
        case bool() | str() | None:
            return value
        case int():
            return float(value) if abs(value) < 2**53 else value
        case list():
            return [respelled(one) for one in value]
        case dict():
            return {name: respelled(one) for name, one in reversed(value.items())}
        case _:
            return value


@given(events)
@settings(max_examples=300, deadline=None)
def test_an_event_is_read_the_same_plain_or_judged(
    given_event: tuple[Channel, dict[str, Any]],
) -> None:
    channel, fields = given_event
    payload = to_json(fields)
    message = decoded(channel, payload)
    assert repr(message) == repr(judge_payload(channel, DEVICE, payload))
    assert decode(channel, DEVICE, b"[%s]" % payload) == [message]


@given(events, st.randoms(use_true_random=False))
@settings(max_examples=200, deadline=None)
def test_hash_depends_on_content_alone(
    given_event: tuple[Channel, dict[str, Any]], dice: random.Random
) -> None:
    channel, fields = given_event
    shuffled = list({**fields, **TRANSPORT, "unread": [1], "mood": None}.items())
    dice.shuffle(shuffled)
    resent = json.dumps(respelled(dict(shuffled)), ensure_ascii=True, indent=1)
    original = decoded(channel, to_json(fields))
    assert decoded(channel, resent.encode()).content_hash == original.content_hash


@given(events, st.data())
@settings(max_examples=200, deadline=None)
def test_hash_tells_other_content_apart(
    given_event: tuple[Channel, dict[str, Any]], data: st.DataObject
) -> None:
    channel, fields = given_event
    other = data.draw(EVENTS[channel])
    own = [name for name in {**fields, **other} if name not in {"v", "event_id"}]
    name = data.draw(st.sampled_from(own)) if own else "mode"
    changed = {**fields, name: other.get(name)}
    try:
        message = decoded(channel, to_json(changed))
    except ProtocolError:  # a field that it needs was taken away
        return
    same = canonical(fields) == canonical(changed)
    original = decoded(channel, to_json(fields))
    assert (message.content_hash == original.content_hash) is same


def canonical(fields: dict[str, Any]) -> str:
    """The content in a form of its own: what is equal here is one content."""
    content = {
        name: value
        for name, value in fields.items()
        if value is not None and name not in {"v", "event_id"}
    }
    if "items" in content:
        content["items"] = [
            {k: v for k, v in one.items() if v is not None} for one in content["items"]
        ]
    instants = {
        "2026-11-21T10:00:00+08:00": 1795226400000,
        1795226400: 1795226400000,
    }
    if "occurred_at" in content:
        content["occurred_at"] = instants.get(
            content["occurred_at"], content["occurred_at"]
        )
    return json.dumps(respelled(content), sort_keys=True).replace("-0.0", "0.0")


@given(EVENTS[Channel.SESSION])
@settings(max_examples=100, deadline=None)
def test_hash_of_a_session_is_that_of_sorted_compact_json(
    fields: dict[str, Any],
) -> None:
    content = {k: v for k, v in fields.items() if k not in {"v", "event_id"}}
    if isinstance(content.get("occurred_at"), int) or "T" in content.get(
        "occurred_at", ""
    ):
        content["occurred_at"] = decoded(Channel.SESSION, to_json(fields)).claimed_ms
    text = json.dumps(content, sort_keys=True, ensure_ascii=False)
    compact = json.dumps(
        json.loads(text), ensure_ascii=False, separators=(",", ":"), sort_keys=True
    )
    digest = hashlib.sha256(compact.encode()).digest()[:16]
    assert decoded(Channel.SESSION, to_json(fields)).content_hash == digest


heartbeats = st.fixed_dictionaries(
    {"v": st.just(1)},
    optional={
        "conn_id": texts,
        "occurred_at": times,
        "uptime_s": st.integers(0, 2**53 - 1),
        "key_counts": st.lists(st.integers(0, 2**32 - 1), max_size=16),
        "battery_pct": st.none() | st.integers(0, 100) | st.floats(0, 100),
        "rssi_dbm": st.integers(-130, 0),
        "temperature_c": st.floats(-40, 85) | st.integers(-40, 85),
        "clock_synced": st.booleans(),
        "faults": st.lists(st.sampled_from(["rtc", "tamper", "network"]), max_size=3),
        "mood": values,
    },
)


@given(heartbeats)
@example({"v": 1, "temperature_c": -0.0, "rssi_dbm": -0.0})
@settings(max_examples=200, deadline=None)
def test_a_heartbeat_is_read_the_same_plain_or_judged(fields: dict[str, Any]) -> None:
    payload = to_json(fields)
    message = decode(Channel.HEARTBEAT, DEVICE, payload)
    assert isinstance(message, Heartbeat)
    assert repr(message) == repr(judge_payload(Channel.HEARTBEAT, DEVICE, payload))
    assert message.unknown_fields == ("mood" in fields)


instants = st.integers(0, 253_402_300_799_999)
digests = st.text(string.hexdigits[:16], min_size=64, max_size=64)
refusals = st.builds(Rejected, texts, ids) | st.builds(
    Rejected, texts, st.none(), digests
)
objects = st.dictionaries(texts, values, max_size=3)
receipts = st.builds(
    Receipt,
    instants,
    st.lists(ids, max_size=5).map(tuple),
    st.lists(refusals, max_size=3).map(tuple),
)
commands = st.builds(
    Command,
    texts.filter(bool),
    st.from_regex(r"[a-z][a-z0-9_]{0,31}", fullmatch=True),
    objects,
    instants,
)
configs = st.builds(Config, st.integers(0, 2**53 - 1), objects)


@pytest.mark.parametrize(
    ("channel", "messages"),
    [
        (Channel.RECEIPT, receipts),
        (Channel.COMMAND, commands),
        (Channel.CONFIG, configs),
    ],
)
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_what_goes_down_is_read_as_it_was_written(
    channel: Channel, messages: st.SearchStrategy[Any], data: st.DataObject
) -> None:
    message = data.draw(messages)
    payload = downlink.encode(message)
    assert downlink.decode(channel, payload) == message
    assert validator(channel).is_valid(json.loads(payload))


@given(instants, st.lists(ids, max_size=600), st.lists(refusals, max_size=20))
@settings(max_examples=30, deadline=None)
def test_receipts_name_everything_once_whatever_their_number(
    at_ms: int, event_ids: list[str], rejected: list[Rejected]
) -> None:
    payloads = list(downlink.encode_receipts(at_ms, event_ids, rejected))
    assert max(map(len, payloads)) <= OBJECT_BYTES_MAX
    read = [downlink.decode(Channel.RECEIPT, payload) for payload in payloads]
    parts = [one for one in read if isinstance(one, Receipt)]
    assert [i for one in parts for i in one.event_ids] == event_ids
    assert [r for one in parts for r in one.rejected] == rejected


@given(st.binary(max_size=200), st.sampled_from(list(Channel)))
@settings(max_examples=200, deadline=None)
def test_arbitrary_bytes_from_above_are_refused_or_read(
    payload: bytes, channel: Channel
) -> None:
    with contextlib.suppress(ProtocolError):
        assert downlink.decode(channel, payload) is not None


@cache
def validator(channel: Channel) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(payload_schema(channel))


FORM = {Reason.SCHEMA, Reason.UNKNOWN_LEVEL, Reason.UNSUPPORTED_VERSION}
BEYOND_SCHEMAS = (
    "a NUL character",
    "a number beyond 2^53",
    "comment: longer than",
    "occurred_at: ",
)


def test_a_schema_says_what_the_codec_says_but_for_what_no_schema_can() -> None:
    fates: Counter[bool] = Counter()
    for channel, payload in mutants(6_000, seed=20261122):
        fault = fault_of(channel, payload)
        value = value_of(payload)
        if fault is None or value is None or fault.startswith(BEYOND_SCHEMAS):
            continue
        assert validator(channel).is_valid(value) is not bool(fault), (channel, payload)
        fates[not fault] += 1
    assert min(fates.values()) > 600


def fault_of(channel: Channel, payload: bytes) -> str | None:
    """What is wrong with the form, if anything; None: it is not a matter of form."""
    try:
        message = decode(channel, DEVICE, payload)
    except ProtocolError as error:
        return error.detail if error.reason in FORM else None
    return None if isinstance(message, list) or not payload else ""


def value_of(payload: bytes) -> object:
    """The value of a payload; None: it is not one that a schema may be asked about."""
    try:
        value: object = json.loads(payload.decode("utf-8-sig"))
        to_json(value)
    except (ValueError, RecursionError):
        return None
    return value
