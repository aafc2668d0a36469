"""One contract for brokers: mosquitto and the pretend one, the same cases, MQTT 5."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from mqtt5 import (
    DisconnectPacket,
    DisconnectReasonCode,
    PingReqPacket,
    PingRespPacket,
    PubAckPacket,
    PubCompPacket,
    PublishPacket,
    PubRecPacket,
    PubRelPacket,
    QoS,
    RetainHandling,
    SubAckPacket,
    SubscribePacket,
    TopicFilter,
    UnsubAckPacket,
    UnsubscribePacket,
    Will,
)

from simulators.services import PretendMosquitto, Service
from tests.support.broker import TunedMosquitto
from tests.support.mqtt_client import BareClient, ClosedError
from tests.support.services import require

QUEUED_MAX = 10
SILENT = {None}  # mosquitto 2.0.11 closes without a word where later ones tell why

real = pytest.param("mosquitto", marks=pytest.mark.service)


@pytest.fixture(scope="module", params=["pretend", real])
def broker(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    directory: Path = tmp_path_factory.mktemp("broker")
    chosen: Service
    if request.param == "mosquitto":
        require("mosquitto")
        lines = [f"max_queued_messages {QUEUED_MAX}", "max_keepalive 600"]
        chosen = TunedMosquitto(directory, lines, persistence=False)
    else:
        bounds = {"queued-max": QUEUED_MAX, "keep-alive-s-max": 600}
        options = [f"--{name}={bound}" for name, bound in bounds.items()]
        chosen = PretendMosquitto(directory, options)
    with chosen as running:
        yield running


@pytest.fixture
def other(broker: Service) -> Iterator[BareClient]:
    """Another client, which publishes."""
    with BareClient(broker.port) as client:
        client.connect("other", clean_start=True, keep_alive=60)
        yield client


def acknowledged(client: BareClient, topic: str, payload: bytes = b"x") -> int:
    """Publish with QoS 1; the code of its PUBACK."""
    client.publish(topic, payload, 1)
    return int(client.hear(PubAckPacket).reason_code)


# ----- CONNECT


def test_a_session_is_present_only_when_it_was_kept(broker: Service) -> None:
    for present in (False, True):
        with BareClient(broker.port) as client:
            answer = client.connect("kept", session_expiry_interval=60)
            assert answer.session_present is present
    for _ in range(2):
        with BareClient(broker.port) as client:
            assert not client.connect("brief").session_present
            client.depart()


def test_clean_start_forgets_the_session(broker: Service) -> None:
    for clean in (False, True):
        with BareClient(broker.port) as client:
            asked = client.connect(
                "forgotten", clean_start=clean, session_expiry_interval=60
            )
            assert not asked.session_present
            client.subscribe("forgotten/#")


def test_a_client_without_an_id_is_given_one(broker: Service) -> None:
    with BareClient(broker.port) as client:
        assert client.connect("", clean_start=True).assigned_client_id


def test_a_keep_alive_beyond_the_bound_is_shortened(broker: Service) -> None:
    with BareClient(broker.port) as client:
        assert client.connect("k", keep_alive=900).server_keep_alive == 600
    with BareClient(broker.port) as client:
        assert client.connect("k", keep_alive=30).server_keep_alive is None


def test_a_ping_is_answered(broker: Service) -> None:
    with BareClient(broker.port) as client:
        client.connect("p", keep_alive=60)
        client.say(PingReqPacket())
        client.hear(PingRespPacket)


def test_a_client_id_used_again_takes_the_session_over(broker: Service) -> None:
    with BareClient(broker.port) as old, BareClient(broker.port) as new:
        old.connect("same", session_expiry_interval=60)
        assert new.connect("same", session_expiry_interval=60).session_present
        words = old.last_words()
        assert words in SILENT | {int(DisconnectReasonCode.SESSION_TAKEN_OVER)}


@pytest.mark.parametrize(
    "words",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"\xc0\x00",  # a ping before CONNECT
        b"\x10\x0c\x00\x04MQTT\x05",  # and then nothing that was promised
    ],
    ids=["http", "ping", "cut"],
)
def test_what_does_not_begin_with_connect_is_closed(
    broker: Service, words: bytes
) -> None:
    with BareClient(broker.port) as client:
        client.say_bytes(words + bytes(20))
        assert client.is_closed()


def test_a_second_connect_ends_the_connection(broker: Service) -> None:
    with BareClient(broker.port) as client:
        client.connect("twice")
        with pytest.raises((AssertionError, ClosedError)):
            client.connect("twice")
        assert client.is_closed()


# ----- PUBLISH


@pytest.mark.parametrize("qos", [0, 1, 2])
@pytest.mark.parametrize("granted", [0, 1, 2])
def test_the_lower_qos_of_both_sides_is_used(
    broker: Service, other: BareClient, qos: int, granted: int
) -> None:
    with BareClient(broker.port) as client:
        client.connect("q", clean_start=True)
        assert client.subscribe("q/t", granted) == granted
        other.publish("q/t", b"%d" % qos, qos)
        if qos == 2:
            other.hear(PubRecPacket)
            other.say(PubRelPacket(1))
        packet = client.hear(PublishPacket)
        assert int(packet.qos) == min(qos, granted)
        assert packet.payload == b"%d" % qos


def test_exactly_once_takes_four_packets_in_both_directions(
    broker: Service, other: BareClient
) -> None:
    with BareClient(broker.port) as client:
        client.connect("two", clean_start=True)
        client.subscribe("two/t", 2)
        for again in (False, True):
            other.publish("two/t", b"x", 2, packet_id=7, duplicate=again)
            assert other.hear(PubRecPacket).packet_id == 7
        other.say(PubRelPacket(7))
        assert other.hear(PubCompPacket).packet_id == 7
        number = client.hear(PublishPacket).packet_id
        assert number is not None
        client.say(PubRecPacket(number))
        assert client.hear(PubRelPacket).packet_id == number
        client.say(PubCompPacket(number))
        assert client.hears_nothing()


def test_a_publish_that_nobody_takes_is_told_so(
    broker: Service, other: BareClient
) -> None:
    assert acknowledged(other, "nobody/here") == 0x10
    with BareClient(broker.port) as client:
        client.connect("somebody", clean_start=True)
        client.subscribe("somebody/here")
        assert acknowledged(other, "somebody/here") == 0


def test_what_was_not_acknowledged_comes_again_marked(
    broker: Service, other: BareClient
) -> None:
    with BareClient(broker.port) as client:
        client.connect("again", clean_start=True, session_expiry_interval=60)
        client.subscribe("again/t")
        for payload in (b"a", b"b"):
            acknowledged(other, "again/t", payload)
        first, second = client.hear(PublishPacket), client.hear(PublishPacket)
        assert first.packet_id is not None
        client.say(PubAckPacket(first.packet_id))
        client.depart()
    with BareClient(broker.port) as client:
        client.connect("again", session_expiry_interval=60)
        packet = client.hear(PublishPacket)
        assert (packet.payload, packet.duplicate) == (b"b", True)
        assert packet.packet_id == second.packet_id
        assert client.hears_nothing()


def test_a_session_away_keeps_the_oldest_and_says_success(
    broker: Service, other: BareClient
) -> None:
    with BareClient(broker.port) as client:
        client.connect("away", clean_start=True, session_expiry_interval=60)
        client.subscribe("away/t")
        client.depart()
    codes = {acknowledged(other, "away/t", b"%d" % n) for n in range(QUEUED_MAX + 5)}
    assert codes == {0}
    with BareClient(broker.port) as client:
        client.connect("away", session_expiry_interval=60)
        kept = [client.hear(PublishPacket).payload for _ in range(QUEUED_MAX)]
        assert kept == [b"%d" % n for n in range(QUEUED_MAX)]
        assert client.hears_nothing()


def test_qos_0_does_not_wait_for_a_session_away(
    broker: Service, other: BareClient
) -> None:
    with BareClient(broker.port) as client:
        client.connect("zero", clean_start=True, session_expiry_interval=60)
        client.subscribe("zero/t")
        client.depart()
    other.publish("zero/t")
    acknowledged(other, "zero/other")  # what came before has been dealt with
    with BareClient(broker.port) as client:
        client.connect("zero", session_expiry_interval=60)
        assert client.hears_nothing()


def test_no_more_is_under_way_than_receive_maximum(
    broker: Service, other: BareClient
) -> None:
    with BareClient(broker.port) as client:
        client.connect("window", clean_start=True, receive_max=2)
        client.subscribe("window/t")
        for number in range(4):
            acknowledged(other, "window/t", b"%d" % number)
        first = client.hear(PublishPacket)
        assert client.hear(PublishPacket).payload == b"1"
        assert client.hears_nothing()
        assert first.packet_id is not None
        client.say(PubAckPacket(first.packet_id))
        assert client.hear(PublishPacket).payload == b"2"


def test_a_topic_alias_stands_for_its_topic(broker: Service, other: BareClient) -> None:
    with BareClient(broker.port) as client:
        client.connect("alias", clean_start=True)
        client.subscribe("alias/t")
        other.publish("alias/t", b"1", topic_alias=1)
        other.publish("", b"2", topic_alias=1)
        heard = [client.hear(PublishPacket) for _ in range(2)]
        assert [(it.topic, it.payload) for it in heard] == [
            ("alias/t", b"1"),
            ("alias/t", b"2"),
        ]


def test_an_unknown_topic_alias_ends_the_connection(other: BareClient) -> None:
    other.publish("wrong/alias", topic_alias=60_000)
    assert other.is_closed()


def test_a_wildcard_in_a_topic_ends_the_connection(other: BareClient) -> None:
    other.say_bytes(b"\x30\x06\x00\x03a/+\x00")
    assert other.is_closed()


def test_properties_of_the_sender_travel_with_the_message(
    broker: Service, other: BareClient
) -> None:
    properties: dict[str, Any] = {
        "user_properties": [("a", "1"), ("a", "2")],
        "content_type": "application/json",
        "response_topic": "r",
        "correlation_data": b"\xff\x00",
        "payload_format_indicator": 1,
    }
    with BareClient(broker.port) as client:
        client.connect("properties", clean_start=True)
        client.subscribe("properties/t")
        other.publish("properties/t", **properties)
        packet = client.hear(PublishPacket)
        assert {name: getattr(packet, name) for name in properties} == properties


def test_a_message_that_has_expired_is_not_delivered(
    broker: Service, other: BareClient
) -> None:
    with BareClient(broker.port) as client:
        client.connect("expiry", clean_start=True, session_expiry_interval=60)
        client.subscribe("expiry/t")
        client.depart()
    other.publish("expiry/t", b"old", 1, message_expiry_interval=1)
    other.publish("expiry/t", b"new", 1, message_expiry_interval=60)
    for _ in range(2):
        other.hear(PubAckPacket)
    assert other.hears_nothing(2.2)  # mosquitto counts whole seconds
    with BareClient(broker.port) as client:
        client.connect("expiry", session_expiry_interval=60)
        packet = client.hear(PublishPacket)
        assert packet.payload == b"new"
        assert packet.message_expiry_interval is not None
        assert 50 <= packet.message_expiry_interval < 60


# ----- SUBSCRIBE


@pytest.mark.parametrize(
    ("pattern", "name", "taken"),
    [
        ("f/+/c", "f/b/c", True),
        ("f/+/c", "f/b/b/c", False),
        ("f/#", "f", True),
        ("f/#", "f/b/c", True),
        ("f/+", "f", False),
        ("f/+", "f/", True),
        ("+/f", "/f", True),
        ("#", "$own/f", False),
        ("+/f", "$own/f", False),
        ("$own/#", "$own/f", True),
    ],
)
def test_filters_take_what_the_standard_says(
    broker: Service, other: BareClient, pattern: str, name: str, *, taken: bool
) -> None:
    with BareClient(broker.port) as client:
        client.connect("f", clean_start=True)
        client.subscribe(pattern)
        acknowledged(other, name, b"retained-not")
        assert client.hears_nothing() is not taken


def test_no_local_spares_the_sender(broker: Service) -> None:
    with BareClient(broker.port) as client:
        client.connect("own", clean_start=True)
        client.subscribe("own/t", no_local=True)
        client.publish("own/t")
        assert client.hears_nothing()
        client.subscribe("own/+", no_local=False)
        client.publish("own/u")
        client.hear(PublishPacket)


def test_subscription_identifiers_come_with_the_message(
    broker: Service, other: BareClient
) -> None:
    with BareClient(broker.port) as client:
        client.connect("ids", clean_start=True)
        client.subscribe("ids/t", identifier=17)
        other.publish("ids/t")
        assert client.hear(PublishPacket).subscription_ids == [17]


def test_what_is_unsubscribed_comes_no_more(broker: Service, other: BareClient) -> None:
    with BareClient(broker.port) as client:
        client.connect("leaving", clean_start=True)
        client.subscribe("leaving/t")
        client.say(UnsubscribePacket(5, ["leaving/t", "never/t"]))
        codes = client.hear(UnsubAckPacket).reason_codes
        assert [int(code) for code in codes] == [0, 0x11]
        other.publish("leaving/t")
        assert client.hears_nothing()


def test_one_subscribe_may_name_many_filters(broker: Service) -> None:
    with BareClient(broker.port) as client:
        client.connect("many", clean_start=True)
        filters = [TopicFilter(f"many/{n}", max_qos=QoS(n)) for n in range(3)]
        client.say(SubscribePacket(3, filters))
        codes = client.hear(SubAckPacket).reason_codes
        assert [int(code) for code in codes] == [0, 1, 2]


# ----- retained


def test_retained_comes_at_the_subscription_marked(
    broker: Service, other: BareClient
) -> None:
    other.publish("kept/t", b"old", 1, retain=True)
    other.publish("kept/t", b"new", 1, retain=True)
    for _ in range(2):
        other.hear(PubAckPacket)
    with BareClient(broker.port) as client:
        client.connect("taker", clean_start=True)
        client.subscribe("kept/+")
        packet = client.hear(PublishPacket)
        assert (packet.payload, packet.retain) == (b"new", True)
        assert client.hears_nothing()
    other.publish("kept/t", b"", retain=True)
    acknowledged(other, "kept/over")
    with BareClient(broker.port) as client:
        client.connect("taker", clean_start=True)
        client.subscribe("kept/+")
        assert client.hears_nothing()


@pytest.mark.parametrize("as_published", [False, True])
def test_retain_as_published_keeps_the_flag_for_a_subscriber(
    broker: Service, other: BareClient, *, as_published: bool
) -> None:
    with BareClient(broker.port) as client:
        client.connect("flag", clean_start=True)
        client.subscribe(f"flag/{as_published}", retain_as_published=as_published)
        other.publish(f"flag/{as_published}", retain=True)
        assert client.hear(PublishPacket).retain is as_published


@pytest.mark.parametrize(("handling", "heard"), [(0, [1, 1]), (1, [1, 0]), (2, [0, 0])])
def test_retain_handling_says_which_subscription_gets_it(
    broker: Service, other: BareClient, handling: int, heard: list[int]
) -> None:
    other.publish("handling/t", b"x", 1, retain=True)
    other.hear(PubAckPacket)
    with BareClient(broker.port) as client:
        client.connect("handling", clean_start=True)
        found = []
        for _ in heard:
            how = RetainHandling(handling)
            client.subscribe("handling/t", 0, retain_handling=how)
            found.append(int(not client.hears_nothing()))
        assert found == heard


# ----- wills


def test_a_will_is_published_when_its_client_breaks_off(
    broker: Service, other: BareClient
) -> None:
    other.subscribe("will/t")
    with BareClient(broker.port) as client:
        will = Will("will/t", payload=b"gone", qos=QoS(1))
        client.connect("mortal", clean_start=True, will=will)
    packet = other.hear(PublishPacket)
    assert (packet.payload, int(packet.qos)) == (b"gone", 1)


@pytest.mark.parametrize(("code", "published"), [(0, False), (4, True)])
def test_a_goodbye_decides_about_the_will(
    broker: Service, other: BareClient, code: int, *, published: bool
) -> None:
    other.subscribe("goodbye/t")
    with BareClient(broker.port) as client:
        client.connect("polite", clean_start=True, will=Will("goodbye/t"))
        client.say(DisconnectPacket(reason_code=DisconnectReasonCode(code)))
        assert client.is_closed()
    assert other.hears_nothing() is not published


def test_a_delayed_will_is_forgotten_when_the_client_comes_back(
    broker: Service, other: BareClient
) -> None:
    other.subscribe("late/t")
    for _ in range(2):
        with BareClient(broker.port) as client:
            will = Will("late/t", will_delay_interval=1)
            client.connect("late", will=will, session_expiry_interval=60)
    assert other.hears_nothing()
    other.hear(PublishPacket)  # and published when it stays away
    assert other.hears_nothing()
