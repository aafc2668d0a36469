import struct
from typing import Final

import pytest
from mqtt5 import (
    ConnAckPacket,
    ConnAckReasonCode,
    ConnectPacket,
    DisconnectPacket,
    DisconnectReasonCode,
    PingReqPacket,
    PingRespPacket,
    PubAckPacket,
    PubAckReasonCode,
    PublishPacket,
    QoS,
    SubAckPacket,
    SubAckReasonCode,
    SubscribePacket,
    TopicFilter,
    read,
)

from device_protocol.mqtt_session import (
    LIFECYCLE,
    TAKEN_OVER,
    Confirmed,
    Connected,
    ConnectOptions,
    Disconnected,
    LocalProtocolError,
    Ponged,
    Published,
    Refused,
    RemoteProtocolError,
    Session,
    State,
    Subscribed,
    pubacks,
)

RATING: Final = PublishPacket(
    "evaluators/v1/d1/rating", b"{}", qos=QoS.AT_LEAST_ONCE, packet_id=7
)


def connected(
    options: ConnectOptions | None = None, answer: ConnAckPacket | None = None
) -> Session:
    session = Session(options or ConnectOptions("gw", keep_alive_s=30))
    session.connect(0)
    session.receive((answer or ConnAckPacket()).write(), 0)
    return session


def test_connect_keeps_the_session_and_sets_no_maximum_packet_size() -> None:
    options = ConnectOptions(
        "gw", "user", b"secret", session_expiry_s=604_800, receive_max=2000
    )
    packet, _ = read(memoryview(Session(options).connect(0)))
    assert isinstance(packet, ConnectPacket)
    assert (packet.client_id, packet.username, packet.password) == (
        "gw",
        "user",
        b"secret",
    )
    assert not packet.clean_start
    assert packet.session_expiry_interval == 604_800
    assert packet.receive_max == 2000
    assert packet.max_packet_size is None
    assert packet.topic_alias_max == 0


def test_connack_opens_the_session() -> None:
    session = Session(ConnectOptions("gw", keep_alive_s=30))
    session.connect(0)
    answer = ConnAckPacket(session_present=True, receive_max=20, server_keep_alive=10)
    assert session.receive(answer.write(), 0) == [Connected(True, 20, 10)]  # noqa: FBT003 - a named tuple
    assert session.state is State.CONNECTED


def test_connack_with_a_failure_closes_the_session() -> None:
    session = Session(ConnectOptions("gw"))
    session.connect(0)
    answer = ConnAckPacket(reason_code=ConnAckReasonCode.NOT_AUTHORIZED)
    assert session.receive(answer.write(), 0) == [Refused(0x87, "NOT_AUTHORIZED")]
    assert session.state is State.CLOSED


def test_publishes_in_a_row_are_one_event() -> None:
    session = connected()
    data = RATING.write() * 3 + PingRespPacket().write() + RATING.write()
    session.ping(0)
    first, pong, last = session.receive(data, 0)
    assert isinstance(first, Published)
    assert [packet.packet_id for packet in first.packets] == [7, 7, 7]
    assert pong == Ponged(1)
    assert isinstance(last, Published)
    assert len(last.packets) == 1


def test_a_packet_in_many_portions_is_found_when_it_is_whole() -> None:
    session = connected()
    large = PublishPacket("evaluators/v1/d1/rating", bytes(300_000)).write()
    portions = [large[at : at + 1000] for at in range(0, len(large), 1000)]
    events = [event for portion in portions for event in session.receive(portion, 0)]
    (published,) = events
    assert isinstance(published, Published)
    assert published.packets[0].payload == bytes(300_000)


def test_pubacks_name_the_ids_in_the_order_given() -> None:
    session = connected()
    expected = b"".join(PubAckPacket(i).write() for i in (3, 65_535, 1))
    assert session.acknowledge([3, 65_535, 1], 0) == expected
    assert pubacks([]) == b""


# The codec reports text that is not UTF-8 a second time, as unraisable.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"\x36" + RATING.write()[1:], id="quality of service 3"),
        pytest.param(b"\x34" + RATING.write()[1:], id="quality of service 2"),
        pytest.param(b"\x32\x05\x00\x02\xff\xff\x00\x01", id="topic not UTF-8"),
        pytest.param(b"\x30\x04\x00\x09ab", id="field beyond its packet"),
        pytest.param(b"\x30\xff\xff\xff\xff\xff", id="length beyond four bytes"),
        pytest.param(b"\x00\x00", id="reserved type"),
        pytest.param(PingRespPacket().write(), id="answer without a ping"),
        pytest.param(PubAckPacket(5).write(), id="PUBACK for nothing"),
        pytest.param(
            SubAckPacket(5, [SubAckReasonCode.GRANTED_QOS_AT_LEAST_ONCE]).write(),
            id="SUBACK for nothing",
        ),
        pytest.param(ConnAckPacket().write(), id="CONNACK again"),
        pytest.param(ConnectPacket("x").write(), id="what a client says"),
        pytest.param(PingReqPacket().write(), id="what a client asks"),
    ],
)
def test_what_a_server_must_not_send_is_its_fault(data: bytes) -> None:
    session = connected()
    with pytest.raises(RemoteProtocolError):
        session.receive(data, 0)
    assert session.state is State.CLOSED


def test_nothing_but_connack_may_come_first() -> None:
    session = Session(ConnectOptions("gw"))
    session.connect(0)
    with pytest.raises(RemoteProtocolError, match="PublishPacket while CONNECTING"):
        session.receive(RATING.write(), 0)


def test_nothing_may_come_after_disconnect() -> None:
    session = connected()
    ended = DisconnectPacket(reason_code=DisconnectReasonCode.SESSION_TAKEN_OVER)
    assert session.receive(ended.write(), 0) == [
        Disconnected(TAKEN_OVER, "SESSION_TAKEN_OVER")
    ]
    with pytest.raises(RemoteProtocolError, match="while CLOSED"):
        session.receive(RATING.write(), 0)


def test_every_state_says_what_may_come() -> None:
    assert set(LIFECYCLE) == set(State)


@pytest.mark.parametrize(
    "call",
    [
        lambda session: session.subscribe([], 0),
        lambda session: session.acknowledge([1], 0),
        lambda session: session.publish("t", b"", 0),
        lambda session: session.ping(0),
        lambda session: session.disconnect(),
    ],
)
def test_calls_before_connack_are_our_fault(call: object) -> None:
    session = Session(ConnectOptions("gw"))
    session.connect(0)
    assert callable(call)
    with pytest.raises(LocalProtocolError):
        call(session)


def test_connecting_twice_is_our_fault() -> None:
    with pytest.raises(LocalProtocolError):
        connected().connect(0)


def test_suback_carries_the_codes_in_the_order_asked() -> None:
    session = connected()
    filters = [TopicFilter("a/+", max_qos=QoS.AT_LEAST_ONCE), TopicFilter("b/+")]
    packet_id, data = session.subscribe(filters, 0)
    packet, _ = read(memoryview(data))
    assert isinstance(packet, SubscribePacket)
    assert [f.pattern for f in packet.topic_filters] == ["a/+", "b/+"]
    codes = [
        SubAckReasonCode.GRANTED_QOS_AT_LEAST_ONCE,
        SubAckReasonCode.NOT_AUTHORIZED,
    ]
    answer = SubAckPacket(packet_id, codes).write()
    assert session.receive(answer, 0) == [Subscribed(packet_id, (1, 0x87))]


def test_publishes_are_bounded_by_the_servers_receive_maximum() -> None:
    session = connected(answer=ConnAckPacket(receive_max=2))
    first, _ = session.publish("t", b"1", 0)
    session.publish("t", b"2", 0)
    assert session.quota == 0
    with pytest.raises(LocalProtocolError, match="Receive Maximum"):
        session.publish("t", b"3", 0)
    refused = PubAckPacket(first, reason_code=PubAckReasonCode.QUOTA_EXCEEDED)
    assert session.receive(refused.write(), 0) == [Confirmed(first, 0x97)]
    assert session.quota == 1


def test_packet_ids_go_round_and_skip_those_in_use() -> None:
    session = connected()
    held, _ = session.publish("t", b"", 0)
    for _ in range(65_534):
        packet_id, _ = session.publish("t", b"", 0)
        session.receive(PubAckPacket(packet_id).write(), 0)
    following, _ = session.publish("t", b"", 0)
    assert held == 1
    assert following == 2


def test_a_ping_goes_out_when_nothing_was_sent_for_half_the_keep_alive() -> None:
    session = connected()
    assert session.tick(14_999) == b""
    assert session.tick(15_000) == PingReqPacket().write()
    assert session.tick(16_000) == b""


def test_a_ping_goes_out_when_nothing_was_heard_even_if_we_talk() -> None:
    session = connected()
    session.acknowledge([1], 14_000)
    assert session.tick(15_000) == PingReqPacket().write()


def test_a_silent_server_is_given_up_after_the_keep_alive() -> None:
    session = connected()
    session.tick(15_000)
    with pytest.raises(RemoteProtocolError, match="silent for 30000 ms"):
        session.tick(30_000)


def test_silence_proves_nothing_while_nobody_listens() -> None:
    session = connected()
    for now in range(0, 300_000, 1000):
        session.tick(now, listening=False)
    assert session.state is State.CONNECTED
    session.tick(300_000)
    with pytest.raises(RemoteProtocolError, match="silent"):
        session.tick(329_000)


def test_the_servers_keep_alive_overrides_ours() -> None:
    session = connected(answer=ConnAckPacket(server_keep_alive=10))
    assert session.tick(5000) == PingReqPacket().write()


def test_no_keep_alive_means_no_pings() -> None:
    session = connected(ConnectOptions("gw", keep_alive_s=0))
    assert session.tick(10_000_000) == b""


def test_disconnect_is_the_last_word() -> None:
    session = connected()
    assert session.disconnect() == struct.pack(">BB", 0xE0, 0)
    assert session.state is State.CLOSED
