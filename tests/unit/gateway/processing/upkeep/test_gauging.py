"""The gateway's own figures: once a minute, for who takes them."""

import pytest

from gateway.ports import HealthPoint
from tests.support.folding import FoldedLedger

SERIES = {"name": "series", "kind": "influxdb", "events": ["rating.*", "gateway"]}


def points(ledger: FoldedLedger) -> list[HealthPoint]:
    units = [unit for row in ledger.outbox() for unit in row.events]
    return [one for one in units if isinstance(one, HealthPoint)]


@pytest.mark.parametrize(("sinks", "count"), [([SERIES], 6), ([], 0)])
def test_a_point_a_minute_and_one_for_each_sink(
    ledger: FoldedLedger, sinks: list[object], count: int
) -> None:
    started = {"version": "1", "fold_version": 1, "gateway_id": "hall-1"}
    ledger.act("gateway_started", started)
    ledger.act("sinks_applied", {"sinks": sinks})
    ledger.publish("eval-0001", {"event_id": "event-0001", "level": 5})
    for _ in range(6):
        ledger.clock.advance(30_000)
        ledger.restart()
        ledger.take()
    found = points(ledger)
    assert len(found) == count
    for point in found[:1]:
        assert point.tags == "gateway=hall-1"
        assert "received=" in point.fields
        assert "alerts_open=0i,devices_unseen=0i" in point.fields
    for point in found[1:2]:
        assert point.tags == "gateway=hall-1,sink=series"
        assert point.fields.startswith("addressed=")
    again = [one.point_ns for one in points(ledger.refolded(5))]
    assert again == [one.point_ns for one in found]


def test_how_a_sink_stands_is_a_point_of_integers_for_those_in_force(
    ledger: FoldedLedger,
) -> None:
    standing = {"name": "series", "delivered": 3, "dead": 1, "owed": 7, "lag_ms": 9000}
    told = {"sinks": [standing, {**standing, "name": "removed"}]}
    ledger.act("sink_standings", told)
    assert points(ledger) == [], "nobody takes it"
    ledger.act("sinks_applied", {"sinks": [SERIES]})
    ledger.act("sink_standings", told)
    (point,) = [one for one in points(ledger) if "owed" in one.fields]
    assert point.fields == "delivered=3i,dead=1i,owed=7i,lag_ms=9000i"
    assert point.tags == "gateway=evalgate,sink=series"
