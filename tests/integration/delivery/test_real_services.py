"""The lanes against real services: InfluxDB 1.x, VictoriaMetrics, mosquitto."""

import asyncio
import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from mqtt5 import PublishPacket, TopicFilter

from device_protocol.mqtt_session import ConnectOptions
from gateway.clock import SystemClock
from gateway.delivery.lane import LaneLimits
from gateway.delivery.runner import Outlet
from gateway.downlink.receipts import ReceiptsSink
from gateway.mqtt import LinkOptions, MqttLink
from gateway.ports import Link, OutboxRow
from gateway.sinks.influx_v1 import InfluxV1
from gateway.sinks.influx_v2 import InfluxV2
from gateway.sinks.influxdb import InfluxdbSink
from simulators.services import Mosquitto, VictoriaMetrics
from tests.support.delivering import QUICK, delivering, outlet, since
from tests.support.events import outbox_row, receipt
from tests.support.listening import Listener
from tests.support.outbox import MemoryOutbox
from tests.support.services import Database

pytestmark = pytest.mark.service


def influx_outbox() -> MemoryOutbox:
    outbox = MemoryOutbox()
    outbox.apply(since("main", "influxdb"))
    return outbox


async def test_influxdb_1_holds_one_point_a_rating_and_rewrites_hit_theirs(
    tmp_path: Path, influx1: Database
) -> None:
    outbox = influx_outbox()
    sink = InfluxdbSink(InfluxV1(influx1.url, database=influx1.name), SystemClock())
    async with delivering(tmp_path, outbox, outlet("main", sink)) as running:
        running.add(outbox_row(1, range(1000)))
        rewritten = outbox_row(2, range(10))
        for event in rewritten.events:
            event.effective = False  # type: ignore[union-attr] # ratings only
            event.version = 2  # type: ignore[union-attr] # ratings only
        running.add(rewritten)
        assert (await running.settled("main")).delivered == 1010
    assert influx1.count("event_id") == 1000
    (result,) = influx1.query("SELECT sum(effective), max(version) FROM rating")
    assert result["series"][0]["values"][0][1:] == [990, 2]  # type: ignore[index] # JSON


async def test_influxdb_1_keeps_the_good_lines_and_the_bad_one_becomes_a_letter(
    tmp_path: Path, influx1: Database
) -> None:
    outbox = influx_outbox()
    sink = InfluxdbSink(InfluxV1(influx1.url, database=influx1.name), SystemClock())
    row = outbox_row(1, range(500))
    row.events[321].tags = "this is no tag"  # type: ignore[union-attr] # a rating
    async with delivering(tmp_path, outbox, outlet("main", sink)) as running:
        running.add(row)
        sink_row = await running.settled("main")
        assert (sink_row.delivered, sink_row.dead) == (499, 1)
        (letter,) = running.letters("main")
        assert (letter.subject, letter.status) == ("dev-1:event-00000321", 400)
        assert "unable to parse" in letter.answer
    assert influx1.count("event_id") == 499


async def test_influxdb_1_without_the_database_is_an_operators_fault(
    tmp_path: Path, influx1: Database
) -> None:
    outbox = influx_outbox()
    name = f"{influx1.name}later"
    sink = InfluxdbSink(InfluxV1(influx1.url, database=name), SystemClock())
    async with delivering(tmp_path, outbox, outlet("main", sink)) as running:
        running.add(outbox_row(1, range(10)))
        await running.until(lambda: running.sink("main").state == "held")
        assert "database not found" in str(running.sink("main").last_error)
        await asyncio.to_thread(influx1.server.create, name)
        assert (await running.settled("main")).delivered == 10


async def test_another_makers_v2_endpoint_takes_our_bytes(
    tmp_path: Path, victoria: VictoriaMetrics
) -> None:
    outbox = influx_outbox()
    writer = InfluxV2(victoria.url, org="o", bucket="b", token="t")
    made = outlet("main", InfluxdbSink(writer, SystemClock()))
    async with delivering(tmp_path, outbox, made) as running:
        running.add(outbox_row(1, range(500)))
        assert (await running.settled("main")).delivered == 500


class Terminals(Listener):
    """What terminals hear on their receipt topics."""

    def link_received(self, epoch: int, packets: Sequence[PublishPacket]) -> None:
        super().link_received(epoch, packets)
        ids = [it.packet_id for it in packets if it.packet_id is not None]
        self.link.acknowledge(epoch, ids)

    link: Link

    @property
    def receipts(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        for _, packet in self.packets:
            device = packet.topic.split("/")[2]
            found[device] += json.loads(packet.payload or b"")["event_ids"]
        return found


def options(port: int, client_id: str) -> LinkOptions:
    return LinkOptions(
        host="127.0.0.1",
        port=port,
        connect=ConnectOptions(client_id, session_expiry_s=600),
        filters=(),
        retry_delay_ms=20,
        retry_delay_ms_max=50,
        tick_ms=50,
    )


async def test_receipts_reach_their_terminals_over_a_broker_that_is_restarted(
    tmp_path: Path, mosquitto: Mosquitto
) -> None:
    outbox = MemoryOutbox()
    outbox.apply(since("receipts", "receipts"))
    sink = ReceiptsSink("evaluators", SystemClock(), timeout_ms=20_000)
    link = MqttLink(
        options(mosquitto.port, "gw-down"), sink, SystemClock(), lambda: 0.5
    )
    sink.attach(link)
    limits = LaneLimits(linger_ms=20, enough=5000, units_max=5000, pace=QUICK)
    terminals = Terminals()
    listening = replace(
        options(mosquitto.port, "terminals"),
        filters=(TopicFilter("evaluators/v1/+/receipt"),),
    )
    terminals.link = MqttLink(listening, terminals, SystemClock(), lambda: 0.5)
    receipts = Outlet("receipts", sink, replace(limits, in_flight_max=1))
    async with (
        asyncio.TaskGroup() as group,
        delivering(tmp_path, outbox, receipts, links=[link]) as running,
    ):
        group.create_task(terminals.link.run())
        await running.until(lambda: bool(terminals.refused))
        running.add(row_of_receipts(1))
        await running.until(lambda: len(terminals.receipts) == 100)
        await asyncio.to_thread(mosquitto.stop)
        running.add(row_of_receipts(2))
        await running.until(lambda: running.sink("receipts").state != "ok")
        await asyncio.to_thread(mosquitto.start)
        assert (await running.settled("receipts")).delivered == 200
        await running.until(
            lambda: all("event-00000002" in ids for ids in terminals.receipts.values())
        )
        terminals.link.stop()


def row_of_receipts(block: int) -> OutboxRow:
    units = [receipt(f"d{number}", f"event-{block:08d}") for number in range(100)]
    return OutboxRow(block, 0, [], units)
