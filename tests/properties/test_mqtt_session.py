import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mqtt5 import ConnAckPacket, PubAckPacket, PublishPacket, QoS

from device_protocol.mqtt_session import (
    ConnectOptions,
    Event,
    Published,
    RemoteProtocolError,
    Session,
)

# The codec reports text that is not UTF-8 a second time, as unraisable.
pytestmark = pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning"
)

Flat = tuple[object, ...]

publishes = st.builds(
    lambda topic, payload, packet_id, retain: PublishPacket(
        topic,
        payload,
        qos=QoS.AT_LEAST_ONCE if packet_id else QoS.AT_MOST_ONCE,
        packet_id=packet_id,
        retain=retain,
    ).write(),
    st.text("abc/é", min_size=1, max_size=20),
    st.binary(max_size=300),
    st.none() | st.integers(1, 65_535),
    st.booleans(),
)
packets = st.one_of(
    publishes, st.integers(1, 20).map(lambda i: PubAckPacket(i).write())
)
cuts = st.lists(st.integers(0, 3000), max_size=20)


def opened() -> Session:
    session = Session(ConnectOptions("gw"))
    session.connect(0)
    session.receive(ConnAckPacket().write(), 0)
    for _ in range(20):
        session.publish("t", b"", 0)
    return session


def heard(session: Session, portions: list[bytes]) -> list[Flat]:
    """What a session understood, whatever the portions; an error is the last word."""
    found: list[Flat] = []
    try:
        for portion in portions:
            for event in session.receive(portion, 0):
                found += flat(event)
    except RemoteProtocolError as error:
        found.append(("error", str(error)))
    return found


def flat(event: Event) -> list[Flat]:
    if isinstance(event, Published):
        return [(p.topic, p.payload, p.packet_id, p.retain) for p in event.packets]
    return [tuple(event)]


def cut(data: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted(at for at in places if at < len(data)), len(data)]
    return [data[a:b] for a, b in itertools.pairwise(edges) if b > a]


@given(st.lists(packets, max_size=12, unique=True), cuts)
def test_any_portions_of_the_stream_mean_the_same(
    stream: list[bytes], places: list[int]
) -> None:
    data = b"".join(stream)
    assert heard(opened(), cut(data, places)) == heard(opened(), [data])


@given(st.binary(max_size=200), st.integers(1, 50))
def test_any_bytes_are_events_or_the_servers_fault(data: bytes, size: int) -> None:
    heard(opened(), [data[at : at + size] for at in range(0, len(data), size)])


@given(publishes, st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255))))
def test_a_damaged_publish_is_an_event_or_the_servers_fault(
    data: bytes, damages: list[tuple[int, int]]
) -> None:
    damaged = bytearray(data)
    for at, byte in damages:
        damaged[at % len(damaged)] = byte
    heard(opened(), [bytes(damaged)])
