"""What holds of decoding, whatever is sent."""

import contextlib
import json
import random
from collections import Counter
from datetime import datetime
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from device_protocol import rating_plain
from device_protocol.codec import CHANNELS, decode, judge_rating
from device_protocol.errors import ProtocolError
from device_protocol.json_text import split
from device_protocol.messages import Rating
from device_protocol.topics import Channel
from tests.properties.mutate import (
    DEVICE,
    assert_shortcut_agrees,
    mutants,
    outcomes,
)

TRANSPORT = ("boot_id", "seq", "uptime_ms", "sent_uptime_ms", "buffered", "retry")

RARE = {"mode", "key", "items", "stage", "attributions", "reasons", "comment"} | {
    *("round", "origin", "presses", "amends", "contact", "comment_for")
}

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
ids = st.text("ABCabc019._:-", min_size=8, max_size=64)
counters = st.integers(0, 2**53 - 1)
levels = st.integers(1, 5) | st.sampled_from(["1", " 5 ", "\uff13", "满意"])
# Offsets of 1980 and later are whole minutes everywhere, as RFC 3339 wants them.
moments = st.datetimes(datetime(1980, 1, 1), timezones=st.timezones())  # noqa: DTZ001 - the strategy adds zones
times = moments.map(datetime.isoformat) | (
    st.integers(10**9, 10**10 - 1) | st.integers(10**12, 10**13 - 1)
)
items = st.fixed_dictionaries({"code": texts.map(lambda t: t[:32]), "level": levels})


def optional(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | values


ratings = st.fixed_dictionaries(
    {"v": st.just(1), "event_id": ids, "level": levels},
    optional={
        "device_id": st.just(DEVICE),
        "boot_id": texts.map(lambda t: t[:64]),
        "seq": optional(counters),
        "occurred_at": optional(times),
        "uptime_ms": counters,
        "sent_uptime_ms": counters,
        "mode": st.sampled_from(["live", "test", "training", "maintenance"]),
        "buffered": st.booleans(),
        "retry": counters,
        "key": st.integers(0, 15),
        "items": st.lists(items, max_size=3),
        "session_id": texts.map(lambda t: t[:64]),
        "stage": st.sampled_from([1, 2]),
        "employee_id": texts.map(lambda t: t[:32]),
        "attributions": st.lists(texts.map(lambda t: t[:32]), max_size=8),
        "reasons": st.lists(texts.map(lambda t: t[:32]), max_size=16),
        "comment": texts.map(lambda t: t[:160]),
        "round": st.sampled_from(["initial", "followup"]),
        "origin": st.sampled_from(["customer", "device_timeout", "staff_proxy"]),
        "presses": st.integers(-5, 5),
    },
)


def to_json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def decoded(payload: bytes) -> Rating:
    message = decode(Channel.RATING, DEVICE, payload)
    assert isinstance(message, Rating)
    return message


def plainly(rating: Rating | ProtocolError) -> Rating:
    """Without the mark of the shortcut, which the judge does not set."""
    assert isinstance(rating, Rating)
    return msgspec.structs.replace(rating, usual=False)


@given(ratings)
@settings(max_examples=200, deadline=None)
def test_shortcut_reads_what_the_judge_reads(rating: dict[str, Any]) -> None:
    payload = to_json(rating)
    plain = rating_plain.read_one(DEVICE, payload)
    judged = judge_rating(DEVICE, payload)
    assert plain is None or repr(plainly(plain)) == repr(judged)
    if plain is not None and plain.usual:
        assert not rating.keys() & RARE
        assert plain.session_id is not None
        assert plain.level is not None
    if b"\\" not in payload:
        assert plain is not None, "a good rating without escapes is plain"


@given(st.lists(ratings, max_size=4))
@settings(max_examples=60, deadline=None)
def test_array_is_its_elements(elements: list[dict[str, Any]]) -> None:
    payload = to_json(elements)
    message = decode(Channel.RATING, DEVICE, payload)
    assert isinstance(message, list)
    assert [plainly(one) for one in message] == [
        plainly(decoded(to_json(element))) for element in elements
    ]
    assert [json.loads(source) for source in split(payload)] == elements


@given(ratings, st.randoms(use_true_random=False))
@settings(max_examples=100, deadline=None)
def test_hash_depends_on_content_alone(
    rating: dict[str, Any], dice: random.Random
) -> None:
    shuffled = [(k, v) for k, v in rating.items() if k not in TRANSPORT]
    dice.shuffle(shuffled)
    other = {**dict(shuffled), "retry": 7, "unread": [1], "amends": None}
    resent = json.dumps(other, ensure_ascii=True, indent=1).encode()
    assert decoded(resent).content_hash == decoded(to_json(rating)).content_hash


@given(ratings)
@settings(max_examples=60, deadline=None)
def test_hash_tells_other_content_apart(rating: dict[str, Any]) -> None:
    other = {**rating, "amends": "another-event"}
    assert decoded(to_json(other)).content_hash != decoded(to_json(rating)).content_hash


def test_mutated_payloads_give_a_message_or_a_protocol_error() -> None:
    counts: Counter[str] = Counter()
    for channel, payload in mutants(4_000, seed=20261121):
        counts.update(outcomes(channel, payload))
        assert_shortcut_agrees(channel, payload)
    kinds = ("Rating", "Session", "Complaint", "Heartbeat", "SelfTest", "Reply")
    assert min(counts[kind] for kind in kinds) > 40
    assert len(counts) >= 9, "the mutations reach nearly every reason"


@given(st.binary(max_size=200), st.sampled_from(CHANNELS))
@settings(max_examples=200, deadline=None)
def test_arbitrary_bytes_are_refused_or_read(payload: bytes, channel: Channel) -> None:
    with contextlib.suppress(ProtocolError):
        assert decode(channel, DEVICE, payload) is not None
