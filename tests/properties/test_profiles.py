"""Whatever a terminal says by a profile, it is the message it would be without."""

import json

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
