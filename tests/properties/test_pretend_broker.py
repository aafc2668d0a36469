"""Filters agree with their definition, and no bytes can break the pretend broker."""

import asyncio
from collections.abc import Iterable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from mqtt5 import (
    ConnectPacket,
    PublishPacket,
    QoS,
    SubscribePacket,
    TopicFilter,
    UnsubscribePacket,
    Will,
)

from simulators.pretend.broker.connection import Connection
from simulators.pretend.broker.core import Broker, Limits
from simulators.pretend.broker.topics import FilterTree, compiled, is_filter, is_name
from simulators.pretend.faults import FaultPlan

levels = st.sampled_from(["a", "b", "", "$x", "+", "#"])
filters = st.lists(levels, min_size=1, max_size=4).map("/".join).filter(is_filter)
names = st.lists(levels, min_size=1, max_size=4).map("/".join).filter(is_name)

CONNECT_311 = b"\x10\x0d\x00\x04MQTT\x04\x02\x00\x3c\x00\x01p"
PACKETS = (
    CONNECT_311,
    ConnectPacket("p", will=Will("w", payload=b"x", qos=QoS(1))).write(),
    PublishPacket("a/b", b"x", qos=QoS(1), packet_id=1).write(),
    PublishPacket("a/b", b"x", qos=QoS(2), packet_id=2, retain=True).write(),
    PublishPacket("a/b", b"x", topic_alias=3, message_expiry_interval=1).write(),
    SubscribePacket(3, [TopicFilter("a/#")], subscription_id=7).write(),
    UnsubscribePacket(4, ["a/#"]).write(),
    b"\x82\x06\x00\x05\x00\x01#\x01",  # SUBSCRIBE of 3.1.1
    b"\x62\x02\x00\x02",
    b"\xc0\x00",
    b"\xe0\x00",
)


@given(st.lists(filters, max_size=6), names)
def test_the_tree_finds_the_filters_that_take_a_name(
    patterns: list[str], name: str
) -> None:
    tree: FilterTree[str, int] = FilterTree()
    for pattern in patterns:
        tree.put(pattern, pattern, 1)
    found = sorted(owner for owner, _ in tree.taking(name))
    assert found == sorted(p for p in set(patterns) if compiled(p).match(name))


@given(st.lists(filters, max_size=6, unique=True), names)
def test_a_tree_that_was_emptied_takes_nothing(patterns: list[str], name: str) -> None:
    tree: FilterTree[str, int] = FilterTree()
    for pattern in patterns:
        assert tree.put(pattern, "me", 1)
    assert all(tree.remove(pattern, "me") for pattern in patterns)
    assert not any(tree.remove(pattern, "me") for pattern in patterns)
    assert list(tree.taking(name)) == []


class Wire(asyncio.Transport):
    """A network connection that takes everything."""

    def __init__(self) -> None:
        super().__init__()
        self.closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        assert data

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.closed = True


def converse(parts: Iterable[bytes]) -> Broker:
    """Two clients on one broker, each saying all this until it is closed."""
    broker = Broker(Limits(), lambda: 0)

    async def talk() -> None:
        for first in PACKETS[:2]:
            connection = Connection(broker, FaultPlan(), set())
            wire = Wire()
            connection.connection_made(wire)
            for part in (first, *parts):
                if not wire.closed:
                    connection.data_received(part)
            connection.connection_lost(None)

    asyncio.run(talk())
    return broker


mutated = st.tuples(
    st.sampled_from(PACKETS), st.integers(0, 40), st.integers(0, 255)
).map(lambda it: it[0][: it[1]] + bytes([it[2]]) + it[0][it[1] + 1 :])


# The codec reports text that is not UTF-8 a second time, as unraisable.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@settings(max_examples=100, deadline=None)
@given(st.lists(st.one_of(st.sampled_from(PACKETS), mutated, st.binary(max_size=20))))
@example([b"\x30\x04\x00\x01\xff\x00"])  # a topic that is not UTF-8
@example([b"\x80\x02\x00\x01"])
def test_no_bytes_can_break_the_broker(parts: list[bytes]) -> None:
    broker = converse(parts)
    assert not any(session.link for session in broker.sessions.values())


@given(st.lists(st.integers(1, 30), min_size=1))
@settings(max_examples=25, deadline=None)
def test_packets_are_understood_however_they_are_cut(cuts: list[int]) -> None:
    stream = b"".join(PACKETS[2:5])
    parts, place = [], 0
    for cut in cuts:
        parts.append(stream[place : place + cut])
        place += cut
    parts.append(stream[place:])
    broker = converse(parts)
    # The properties of MQTT 5 are payload, or nonsense, to a client of 3.1.1.
    assert broker.counts["received"] >= 3
