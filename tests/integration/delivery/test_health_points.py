"""Points of terminals and of the gateway on a real InfluxDB 1.x: types, rewrites."""

from collections.abc import AsyncIterator, Sequence
from typing import Any, cast

import pytest

from gateway.clock import SystemClock
from gateway.ports import HealthPoint, Verdict
from gateway.sinks.influx_v1 import InfluxV1
from gateway.sinks.influxdb import InfluxdbSink
from tests.support.folding import START_MS, FoldedLedger, message
from tests.support.services import Database

pytestmark = pytest.mark.service

# What a terminal may write as 80 the one time and as 79.5 the other.
BEATS: Sequence[dict[str, object]] = (
    {"battery_pct": 80, "temperature_c": 21, "rssi_dbm": -60, "storage_free_pct": 50},
    {"battery_pct": 79.5, "temperature_c": 21.5, "rssi_dbm": -60.5, "faults": ["rtc"]},
    {"key_counts": [1, 2, 3], "uptime_s": 7, "clock_synced": True, "buffer_depth": 0},
    {"battery_mv": 3600, "last_seq": 9, "config_revision": 2, "storage_free_pct": 5.5},
)
SERIES = {"name": "series", "kind": "influxdb", "events": ["*"]}


@pytest.fixture
async def sink(influx1: Database) -> AsyncIterator[InfluxdbSink]:
    writer = InfluxV1(influx1.url, database=influx1.name)
    sink = InfluxdbSink(writer, SystemClock())
    yield sink
    await sink.close()


def folded() -> list[HealthPoint]:
    """Points of four heartbeats, of the gateway, and of how a sink stands."""
    ledger = FoldedLedger()
    ledger.rules()
    ledger.act("sinks_applied", {"sinks": [SERIES]})
    for number, beat in enumerate(BEATS):
        at_ms = START_MS + number * 60_000
        body = {"v": 1, "occurred_at": at_ms, **beat}
        ledger.take(message("eval-0001", body, at_ms, "heartbeat", 0))
        ledger.clock.advance(60_000)
        standing = {"delivered": number, "dead": 0, "owed": 2, "lag_ms": number * 1000}
        ledger.act("sink_standings", {"sinks": [{"name": "series", **standing}]})
    units = [unit for row in ledger.outbox() for unit in row.events]
    return [unit for unit in units if isinstance(unit, HealthPoint)]


def types(database: Database, measurement: str) -> dict[str, str]:
    (result,) = database.query(f'SHOW FIELD KEYS FROM "{measurement}"')
    (series,) = cast("list[dict[str, Any]]", result["series"])
    return dict(series["values"])


async def test_every_point_is_taken_and_a_second_writing_makes_no_other(
    sink: InfluxdbSink, influx1: Database
) -> None:
    points = folded()
    counts = []
    for _ in range(2):
        answer = await sink.send(points)
        assert (answer.verdict, answer.count) == (Verdict.DELIVERED, len(points))
        counts.append(
            (
                influx1.count("time_quality", "device_health"),
                influx1.count("owed", "gateway"),
                influx1.count("received", "gateway"),
            )
        )
    assert counts[0] == counts[1]
    assert counts[0][:2] == (len(BEATS), len(BEATS))
    assert counts[0][2] > 0


async def test_a_field_has_one_type_whatever_a_terminal_writes(
    sink: InfluxdbSink, influx1: Database
) -> None:
    for point in folded():  # one by one: a conflict refuses a single request
        answer = await sink.send([point])
        assert answer.verdict is Verdict.DELIVERED, answer.detail
    health = types(influx1, "device_health")
    fractions = ("battery_pct", "temperature_c", "rssi_dbm", "storage_free_pct")
    assert {health[name] for name in fractions} == {"float"}
    whole = ("battery_mv", "presses", "key_0", "faults", "uptime_s", "last_seq")
    assert {health[name] for name in whole} == {"integer"}
    assert set(types(influx1, "gateway").values()) == {"integer"}
