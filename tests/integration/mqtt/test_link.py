"""The link against a real mosquitto."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from mqtt5 import PublishPacket, QoS

from device_protocol.topics import UPLINK, Channel, topic
from gateway.mqtt import MqttLink, TlsFiles
from gateway.mqtt.reconnecting import EVICTIONS_MAX
from simulators.services import Mosquitto
from tests.support.broker import (
    Certificates,
    TunedMosquitto,
    feed,
    feed_raw,
    make_certificates,
    refusing_subscriptions,
)
from tests.support.listening import link_options, linked, until
from tests.support.services import require

pytestmark = pytest.mark.service

TOPIC = "evaluators/v1/d1/rating"


def messages(count: int, start: int = 0) -> list[tuple[str, bytes]]:
    return [(TOPIC, b"%d" % number) for number in range(start, start + count)]


async def test_every_uplink_channel_is_received_and_nothing_else(
    mosquitto: Mosquitto,
) -> None:
    channels = [*UPLINK, Channel.RECEIPT, Channel.COMMAND]
    async with linked(link_options(mosquitto.port)) as (_, listener):
        assert listener.refused == [{}]
        sent = [(topic("evaluators", "d1", channel), b"x") for channel in channels]
        await asyncio.to_thread(feed, mosquitto.port, sent)
        await until(lambda: len(listener.packets) >= 7)
    assert [packet.topic for _, packet in listener.packets] == [t for t, _ in sent[:7]]


async def test_retained_presence_comes_at_every_subscription_and_no_other_channel(
    mosquitto: Mosquitto,
) -> None:
    sent = [("evaluators/v1/d1/presence", b"p"), (TOPIC, b"r")]
    await asyncio.to_thread(feed, mosquitto.port, sent, retain=True)
    for _ in range(2):
        async with linked(link_options(mosquitto.port)) as (link, listener):
            link.barrier()
            await until(lambda: bool(listener.passed))
            ((_, packet),) = listener.packets
            assert (packet.payload, packet.retain) == (b"p", True)
            link.acknowledge(link.epoch, listener.ids)


async def test_a_message_published_with_retain_is_new_to_a_subscriber(
    mosquitto: Mosquitto,
) -> None:
    async with linked(link_options(mosquitto.port)) as (_, listener):
        sent = [("evaluators/v1/d1/presence", b"p")]
        await asyncio.to_thread(feed, mosquitto.port, sent, retain=True)
        await until(lambda: bool(listener.packets))
        assert not listener.packets[0][1].retain


async def test_what_was_not_acknowledged_comes_again(mosquitto: Mosquitto) -> None:
    async with linked(link_options(mosquitto.port)) as (link, listener):
        await asyncio.to_thread(feed, mosquitto.port, messages(10))
        await until(lambda: len(listener.packets) == 10)
        link.acknowledge(link.epoch, listener.ids[:4])
    async with linked(link_options(mosquitto.port)) as (_, listener):
        assert listener.opened == [(1, True)]
        await until(lambda: len(listener.packets) == 6)
        assert listener.payloads == [b"%d" % number for number in range(4, 10)]
        assert all(packet.duplicate for _, packet in listener.packets)


async def test_the_brokers_restart_ends_in_a_new_epoch_and_redelivery(
    mosquitto: Mosquitto,
) -> None:
    async with linked(link_options(mosquitto.port)) as (_, listener):
        await asyncio.to_thread(feed, mosquitto.port, messages(5))
        await until(lambda: len(listener.packets) == 5)
        await asyncio.to_thread(mosquitto.stop)
        await until(lambda: len(listener.closed) == 1)
        await asyncio.to_thread(mosquitto.start)
        await until(lambda: len(listener.packets) == 10)
        assert listener.opened == [(1, False), (listener.opened[1][0], True)]
        assert listener.opened[1][0] > 1
        assert listener.payloads[5:] == listener.payloads[:5]


async def acknowledged_late(broker: Mosquitto) -> Sequence[bytes]:
    """What is redelivered after an acknowledgement of an earlier connection.

    A is received in epoch 1 and not acknowledged. The broker forgets the session, so
    that B gets A's packet id in epoch 2. Then A is acknowledged.
    """
    options = link_options(broker.port)
    async with linked(options) as (link, listener):
        await asyncio.to_thread(feed, broker.port, [(TOPIC, b"A")])
        await until(lambda: len(listener.packets) == 1)
        await asyncio.to_thread(broker.kill)
        await asyncio.to_thread(broker.start)
        await until(lambda: len(listener.refused) == 2)
        await asyncio.to_thread(feed, broker.port, [(TOPIC, b"B")])
        await until(lambda: len(listener.packets) == 2)
        assert listener.ids[0] == listener.ids[1]
        link.acknowledge(1, listener.ids[:1])
        link.barrier()
        await until(lambda: bool(listener.passed))
    async with linked(options) as (link, listener):
        link.barrier()
        await until(lambda: bool(listener.passed))
        return listener.payloads


async def test_packet_ids_of_an_earlier_connection_are_never_acknowledged(
    tmp_path: Path,
) -> None:
    require("mosquitto")
    with Mosquitto(tmp_path / "m", persistence=False) as broker:
        assert await acknowledged_late(broker) == [b"B"]


async def test_acknowledging_them_would_destroy_a_new_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    require("mosquitto")
    safe = MqttLink.acknowledge

    def unsafe(link: MqttLink, _epoch: int, packet_ids: Sequence[int]) -> bool:
        return safe(link, link.epoch, packet_ids)

    monkeypatch.setattr(MqttLink, "acknowledge", unsafe)
    with Mosquitto(tmp_path / "m", persistence=False) as broker:
        assert await acknowledged_late(broker) == []


async def test_the_broker_sends_no_more_than_receive_maximum(
    mosquitto: Mosquitto,
) -> None:
    options = link_options(mosquitto.port, receive_max=10)
    async with linked(options) as (link, listener):
        await asyncio.to_thread(feed, mosquitto.port, messages(50))
        link.barrier()
        await until(lambda: bool(listener.passed))
        assert len(listener.packets) == 10
        link.acknowledge(link.epoch, listener.ids)
        await until(lambda: len(listener.packets) == 50)
        assert listener.payloads == [payload for _, payload in messages(50)]


async def test_two_gateways_with_one_client_id_do_not_fight(
    mosquitto: Mosquitto,
) -> None:
    options = link_options(mosquitto.port)
    async with (
        linked(replace(options, taken_over_delay_ms=60_000)) as (_, first),
        linked(replace(options, taken_over_delay_ms=60_000)) as (_, second),
    ):
        await until(lambda: any(taken for *_, taken in first.closed + second.closed))
        await asyncio.sleep(0.3)
        assert len(first.opened) <= EVICTIONS_MAX + 1
        assert len(second.opened) <= EVICTIONS_MAX + 1


async def test_after_a_take_over_it_tries_again_once_in_a_while(
    mosquitto: Mosquitto,
) -> None:
    options = replace(link_options(mosquitto.port), taken_over_delay_ms=200)
    async with linked(options) as (_, ours):
        async with linked(options):
            await until(lambda: any(taken for *_, taken in ours.closed))
        tried = len(ours.opened)
        await until(lambda: len(ours.opened) > tried)
        assert len(ours.closed) < len(ours.opened)


async def test_a_refused_subscription_is_told_and_the_others_serve(
    tmp_path: Path,
) -> None:
    require("mosquitto")
    allowed = ["evaluators/v1/+/rating", "evaluators/v1/+/presence"]
    with refusing_subscriptions(tmp_path / "m", allowed) as broker:
        options = replace(link_options(broker.port), resubscribe_delay_ms=100)
        async with linked(options) as (_, listener):
            assert set(listener.refused[0].values()) == {0x87}
            assert len(listener.refused[0]) == 5
            assert not set(allowed) & set(listener.refused[0])
            await asyncio.to_thread(feed, broker.port, messages(1))
            await until(lambda: len(listener.packets) == 1)
            await until(lambda: len(listener.refused) > 1)
            assert listener.refused[1] == listener.refused[0]


async def test_a_held_link_reads_nothing_and_stays_connected(
    mosquitto: Mosquitto,
) -> None:
    options = link_options(mosquitto.port, keep_alive_s=1)
    async with linked(options) as (link, listener):
        link.hold_reading(held=True)
        await asyncio.to_thread(feed, mosquitto.port, messages(5))
        await asyncio.sleep(2.5)  # a broker waits one and a half keep-alives
        assert listener.packets == []
        link.hold_reading(held=False)
        await until(lambda: len(listener.packets) == 5)
        assert listener.closed == []


async def test_a_clean_stop_keeps_the_session(mosquitto: Mosquitto) -> None:
    async with linked(link_options(mosquitto.port)) as (link, listener):
        pass
    assert listener.closed == [(1, "stopped", False)]
    assert link.epoch == 0
    await asyncio.to_thread(feed, mosquitto.port, messages(3))
    async with linked(link_options(mosquitto.port)) as (_, listener):
        await until(lambda: len(listener.packets) == 3)


async def test_publishes_are_confirmed(mosquitto: Mosquitto) -> None:
    options = replace(link_options(mosquitto.port), filters=())
    async with linked(options) as (link, listener):
        ids = link.publish([("evaluators/v1/d1/receipt", b"x")] * 3)
        await until(lambda: len(listener.confirmed) == 3)
        assert [packet_id for packet_id, _ in listener.confirmed] == ids
        assert {code for _, code in listener.confirmed} == {0x10}


ODD: Mapping[str, Mapping[str, Any]] = {
    "user properties": {"user_properties": [("a", "b")] * 100},
    "correlation data": {"correlation_data": b"\xff\x00"},
    "text that is none": {"payload_format_indicator": 1},
    "expiry": {"message_expiry_interval": 9},
}


async def test_no_terminal_can_end_the_link_by_what_a_broker_forwards(
    mosquitto: Mosquitto,
) -> None:
    packets = [
        PublishPacket(
            topic, b"\xff", qos=QoS.AT_LEAST_ONCE, packet_id=1, **properties
        ).write()
        for topic in (TOPIC, "evaluators/v1/😀/rating")
        for properties in ODD.values()
    ]
    async with linked(link_options(mosquitto.port)) as (_, listener):
        await asyncio.to_thread(feed_raw, mosquitto.port, packets)
        await until(lambda: len(listener.packets) == len(packets))
        assert listener.closed == []


def tls_broker(directory: Path, files: Certificates, *, mutual: bool) -> TunedMosquitto:
    certificate, key = files.server
    lines = [f"cafile {files.ca}", f"certfile {certificate}", f"keyfile {key}"]
    if mutual:
        lines.append("require_certificate true")
    return TunedMosquitto(directory, lines)


@pytest.mark.parametrize("mutual", [False, True])
async def test_tls_with_and_without_our_own_certificate(
    tmp_path: Path, *, mutual: bool
) -> None:
    require("mosquitto")
    files = make_certificates(tmp_path / "pem")
    ours = files.client if mutual else (None, None)
    with tls_broker(tmp_path / "m", files, mutual=mutual) as broker:
        options = replace(
            link_options(broker.port),
            host="localhost",
            tls=TlsFiles(files.ca, *ours),
        )
        async with linked(options) as (link, listener):
            assert listener.opened == [(1, False)]
            link.publish([(TOPIC, bytes(50_000))] * 20)
            await until(lambda: len(listener.packets) == 20)
            link.acknowledge(link.epoch, listener.ids)


@pytest.mark.parametrize("fault", ["stranger", "no certificate", "other name"])
async def test_tls_refuses_what_it_cannot_trust(tmp_path: Path, fault: str) -> None:
    require("mosquitto")
    files = make_certificates(tmp_path / "pem")
    trusted = files.stranger if fault == "stranger" else files.ca
    with tls_broker(tmp_path / "m", files, mutual=fault == "no certificate") as broker:
        options = replace(
            link_options(broker.port),
            host="127.0.0.1" if fault == "other name" else "localhost",
            tls=TlsFiles(trusted),
        )
        async with linked(options, subscribed=False) as (link, listener):
            await asyncio.sleep(0.5)
            assert link.epoch == 0
            assert listener.opened == []
