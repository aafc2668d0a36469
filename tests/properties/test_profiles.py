"""Whatever a terminal says by a profile, it is the message it would be without."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_protocol.codec import decode
from device_protocol.errors import ProtocolError
from device_protocol.messages import Rating
from device_protocol.profiles import (
    ChannelMapping,
    Profile,
    Scale,
    TimeFormat,
    profile_reader,
)
from device_protocol.topics import Channel

NAMES = ("level", "key", "session_id", "comment", "mode", "occurred_at", "contact")
FOREIGN = {name: f"甲{name}" for name in (*NAMES, "event_id")}
TEXT = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20
)
VALUES = st.fixed_dictionaries(
    {"v": st.just(1), "event_id": st.just("ev-00000001"), "level": st.integers(1, 5)},
    optional={
        "key": st.integers(0, 15),
        "session_id": TEXT,
        "comment": TEXT,
        "mode": st.sampled_from(["live", "test"]),
        "occurred_at": st.sampled_from(
            [1_795_226_400, "20261121100000", "2026-11-21T10:00:00.5+08:00"]
        ),
        "contact": st.fixed_dictionaries({"kind": st.just("other"), "value": TEXT}),
    },
)
# Whatever maps values hashes by itself; these map none of the values above.
HASHING = Profile(
    charset="gb18030",
    channels={
        "rating": ChannelMapping(fields=dict(FOREIGN), values={"mode": {"x": "test"}})
    },
)


@given(VALUES)
def test_names_and_charset_change_neither_message_nor_hash(
    body: dict[str, object],
) -> None:
    foreign = {FOREIGN.get(name, name): value for name, value in body.items()}
    payload = json.dumps(foreign, ensure_ascii=False).encode("gb18030")

    message = profile_reader(HASHING, Channel.RATING)("d", payload)

    native = decode(Channel.RATING, "d", json.dumps(body, ensure_ascii=False).encode())
    assert message == native


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["g", "t", "b", "n", "d", "q", "a"]), inner)
    ),
    max_leaves=12,
)
ODD = Profile(
    event_ids="content",
    time=TimeFormat(formats=("%Y-%m-%d %H:%M:%S",), epoch="s", offset_min=480),
    scale=Scale(labels={"2": 5, "1": 3, "0": 1}),
    channels={
        "rating": ChannelMapping(
            own_names=False,
            fields={
                "level": "g",
                "occurred_at": "t",
                "boot_id": "b",
                "uptime_ms": "n",
                "contact.value": "d.q",
                "items": "q",
                "reasons": "a",
            },
            texts=("boot_id",),
            numbers=("uptime_ms",),
            splits={"reasons": ","},
            constants={"contact.kind": "phone"},
            values={"mode": {"1": "test"}},
        )
    },
)


@given(JSON)
def test_nothing_but_a_message_or_a_protocol_error_comes_out(value: object) -> None:
    try:
        message = profile_reader(ODD, Channel.RATING)("d", json.dumps(value).encode())
    except ProtocolError:
        return
    assert isinstance(message, Rating | list)


@given(st.binary(max_size=60), st.sampled_from(["gb18030", "utf-16-le", "latin-1"]))
def test_no_bytes_break_the_reader(payload: bytes, charset: str) -> None:
    try:
        profile_reader(Profile(charset=charset), Channel.RATING)("d", payload)
    except ProtocolError:
        return


# All that a profile may say without a word about payloads; and one that says the same
# as a mapping, so that it reads by it.
SILENT = Profile(heartbeat_interval_s=600, reporting="batch", session_mode="none")
MAPPED = Profile(
    channels={
        name: ChannelMapping(fields={"device_id": "device_id"})
        for name in ("rating", "heartbeat")
    }
)
OBJECTS = VALUES | st.fixed_dictionaries(
    {},
    optional={
        "v": st.sampled_from([1, 2]),
        "event_id": st.sampled_from(["ev-00000001", "x"]),
        "level": st.sampled_from([5, "5", 9, None]),
        "occurred_at": st.sampled_from([1_795_226_400_000, "x"]),
        "battery_pct": st.sampled_from([50, 50.5, 101]),
        "key_counts": st.just([1, 2]),
        "stranger": st.just(1),
    },
)


def _read(profile: Profile, channel: Channel, payload: bytes) -> object:
    try:
        found = profile_reader(profile, channel)("d", payload)
    except ProtocolError as error:
        return _told(error)
    return [_told(one) for one in found] if isinstance(found, list) else found


def _told(one: object) -> object:
    if isinstance(one, ProtocolError):
        return one.reason, one.detail, one.event_id
    return one


@given(
    OBJECTS | st.lists(OBJECTS, max_size=3) | JSON,
    st.sampled_from([Channel.RATING, Channel.HEARTBEAT]),
)
def test_a_profile_that_maps_nothing_reads_as_one_that_maps_to_the_same(
    value: object, channel: Channel
) -> None:
    payload = json.dumps(value).encode()
    assert _read(SILENT, channel, payload) == _read(MAPPED, channel, payload)
    assert SILENT.is_native(channel)
    assert not MAPPED.is_native(channel)


@pytest.mark.parametrize(
    "profile",
    [
        HASHING,
        ODD,
        Profile(charset="gb18030"),
        Profile(event_ids="boot_seq"),
        Profile(time=TimeFormat(epoch="s")),
        Profile(scale=Scale(labels={"1": 5})),
        Profile(channels={"rating": ChannelMapping(own_names=False)}),
    ],
)
def test_a_profile_that_maps_anything_is_asked(profile: Profile) -> None:
    assert not profile.is_native(Channel.RATING)
