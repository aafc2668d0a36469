"""The tap knows what is in flight, and whose acknowledgements are foreign."""

from mqtt5 import ConnectPacket, PubAckPacket, PublishPacket, QoS

from simulators.mqtt_tap import PacketSplitter, Seen


def publish(number: int, *, size: int = 10, duplicate: bool = False) -> bytes:
    return PublishPacket(
        "a/topic",
        b"x" * size,
        qos=QoS.AT_LEAST_ONCE,
        packet_id=number,
        duplicate=duplicate,
    ).write()


def test_packets_are_whole_however_the_bytes_come() -> None:
    packets = [publish(1), publish(2, size=300), publish(3, size=20_000)]
    stream = b"".join(packets)
    for chunk in (1, 7, 1000, len(stream)):
        splitter = PacketSplitter()
        found = [
            packet
            for start in range(0, len(stream), chunk)
            for packet in splitter.feed(stream[start : start + chunk])
        ]
        assert found == packets


def test_what_is_not_acknowledged_is_in_flight() -> None:
    seen = Seen()
    for number in (1, 2, 300):
        seen.from_broker(publish(number, size=500))
    seen.from_gateway(PubAckPacket(2).write())
    told = seen.report()
    assert (told["delivered"], told["acknowledged"]) == (3, 1)
    assert told["unacknowledged"] == 2
    assert seen.outstanding == {1, 300}


def test_an_acknowledgement_of_something_else_is_foreign() -> None:
    seen = Seen()
    seen.from_broker(publish(1))
    seen.from_gateway(PubAckPacket(9).write())
    assert seen.foreign_acks == 1


def test_redeliveries_and_the_client_are_told() -> None:
    seen = Seen()
    seen.from_gateway(ConnectPacket("gateway-1").write())
    seen.from_broker(publish(1, duplicate=True))
    assert (seen.client_id, seen.redelivered) == ("gateway-1", 1)


def test_messages_that_need_no_acknowledgement_are_not_in_flight() -> None:
    seen = Seen()
    seen.from_broker(PublishPacket("a", b"x").write())
    assert seen.report()["unacknowledged"] == 0
