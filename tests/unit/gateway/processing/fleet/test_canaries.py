"""A ghost's press becomes a point and an event, and counts nowhere."""

import msgspec
import pytest

from gateway.ports import Event, HealthPoint, OutboxRow
from tests.support.folding import FoldedLedger, snapshot

SINKS = [
    {"name": "series", "kind": "influxdb", "events": ["rating.*", "gateway"]},
    {"name": "hook", "kind": "backend", "events": ["*"]},
    {"name": "receipts", "kind": "receipts", "events": ["*"]},
    {"name": "picky", "kind": "backend", "events": ["rating.*"]},
]
EVERY_MS = 60_000
MUTED = {"every_s": 0}


@pytest.fixture
def watched(ledger: FoldedLedger) -> FoldedLedger:
    """Two halls with a terminal each, sinks, and a canary a minute."""
    ledger.act("sinks_applied", {"sinks": SINKS})
    rows = [
        {"device_id": f"dev-{site}", "lifecycle": "active", "site": site}
        for site in ("hall", "north")
    ]
    ledger.act("tables_applied", {"table": "devices", "rows": rows})
    apply(ledger)
    return ledger


def apply(ledger: FoldedLedger, **terms: object) -> None:
    canary = {"every_s": 60, "slow_s": 10, **terms}
    ledger.act("canary_applied", {"canary": canary})


def press(ledger: FoldedLedger, site: str = "hall", **fields: object) -> int:
    """The ghost of a site presses now; when that was."""
    now_ms = ledger.clock.wall_ms()
    body = {"event_id": f"press-{now_ms}", "level": 5, "occurred_at": now_ms}
    ledger.publish(f"canary-{site}", {**body, "mode": "test", **fields})
    return now_ms


def arrive(
    ledger: FoldedLedger, sink: str, pressed_ms: int, site: str = "hall"
) -> None:
    arrival = {
        "sink": sink,
        "device_id": f"canary-{site}",
        "pressed_ms": pressed_ms,
        "arrived_ms": ledger.clock.wall_ms(),
    }
    ledger.act("canaries_arrived", {"arrivals": [arrival]})


def rounds(ledger: FoldedLedger, count: int, *sinks: str) -> None:
    """So many presses of both sites, a minute apart, that reach these sinks."""
    for _ in range(count):
        for site in ("hall", "north"):
            pressed_ms = press(ledger, site)
            for sink in sinks:
                arrive(ledger, sink, pressed_ms, site)
        ledger.clock.advance(EVERY_MS)
        ledger.take()


def health(ledger: FoldedLedger) -> dict[str, str]:
    """By the sinks' names, of all sites together."""
    rows = ledger.all(
        "SELECT sink, group_concat(DISTINCT health) FROM canary GROUP BY 1"
    )
    return dict(rows)


def open_alerts(ledger: FoldedLedger) -> dict[str, str]:
    rows = ledger.all(
        "SELECT subject, text FROM alert WHERE cause = 'canary' AND resolved_ms IS NULL"
    )
    return dict(rows)


def last_row(ledger: FoldedLedger) -> OutboxRow:
    return ledger.outbox()[-1]


def test_a_press_is_received_and_accepted_and_becomes_a_point_and_an_event(
    watched: FoldedLedger,
) -> None:
    pressed_ms = press(watched)
    assert watched.fates() == {"accepted": 1}
    assert watched.accounted()
    row = last_row(watched)
    point, event = row.events
    assert isinstance(point, HealthPoint)
    assert (point.type, point.tags) == ("gateway", "gateway=evalgate,site=hall")
    assert point.fields.startswith("canary=1i,canary_delay_ms=")
    assert point.point_ns == pressed_ms * 1_000_000
    assert isinstance(event, Event)
    assert (event.type, event.subject) == ("canary.recorded", "hall")
    assert row.canaries == 2


def test_no_figure_knows_of_a_press(watched: FoldedLedger) -> None:
    before = snapshot(watched.store)
    press(watched)
    after = snapshot(watched.store)
    changed = {name for name, rows in after.items() if rows != before[name]}
    assert {name for name in changed if not name.startswith("identity_")} == {
        *("canary", "device", "device_activity"),
        *("fate", "state", "sink_addressed", "subject_version"),
    }
    assert watched.ratings_told() == []


def test_a_press_that_comes_twice_is_a_duplicate(watched: FoldedLedger) -> None:
    body = {"event_id": "press-1234", "level": 5, "mode": "test"}
    watched.publish("canary-hall", body, body)
    assert watched.fates() == {"accepted": 1, "duplicate": 1}
    assert len(watched.events("canary.recorded")) == 1


def test_a_ghost_is_no_device_that_is_watched(watched: FoldedLedger) -> None:
    rounds(watched, 20, "series", "hook")
    ghosts = "SELECT no FROM device WHERE device_id GLOB 'canary-*'"
    assert (
        watched.one(f"SELECT count(*) FROM device_presence WHERE no IN ({ghosts})") == 0
    )
    causes = watched.all("SELECT DISTINCT cause FROM alert WHERE device_id GLOB 'can*'")
    assert causes == []


@pytest.mark.parametrize(
    ("device_id", "fields", "channel"),
    [
        ("canary-south", {}, "rating"),
        ("canary-hall", {"mode": "live"}, "rating"),
        ("canary-hall", {}, "complaint"),
        ("canary-hall", {"state": "online", "conn_id": "c1"}, "presence"),
    ],
)
def test_what_is_no_press_of_a_known_ghost_is_refused(
    watched: FoldedLedger, device_id: str, fields: dict[str, object], channel: str
) -> None:
    body = {"v": 1, "event_id": "press-1234", "level": 5, "mode": "test", **fields}
    watched.publish_to(device_id, channel, body)
    assert watched.fates() == {"quarantined:refused_device": 1}
    assert watched.accounted()


def test_ghosts_are_off_unless_they_are_asked_for(ledger: FoldedLedger) -> None:
    press(ledger)
    assert ledger.fates() == {"quarantined:refused_device": 1}
    assert ledger.all("SELECT * FROM canary") == []


def test_ways_are_to_the_journal_and_to_the_sinks_that_take_canaries(
    watched: FoldedLedger,
) -> None:
    ways = watched.all("SELECT site, sink, device_id FROM canary ORDER BY 1, 2")
    assert ways == [
        (site, sink, f"canary-{site}")
        for site in ("hall", "north")
        for sink in ("", "hook", "series")
    ]
    assert health(watched) == {"": "waiting", "hook": "waiting", "series": "waiting"}
    rounds(watched, 1, "series", "hook")
    assert health(watched) == {"": "ok", "hook": "ok", "series": "ok"}


def test_a_backend_that_takes_nothing_raises_one_alert_until_it_is_back(
    watched: FoldedLedger,
) -> None:
    rounds(watched, 3, "series", "hook")
    assert open_alerts(watched) == {}
    rounds(watched, 4, "series")
    assert open_alerts(watched) == {
        "hook": "no canary of hall, north reaches sink hook"
    }
    rounds(watched, 1, "series", "hook")
    assert open_alerts(watched) == {}
    assert [e.type for e in watched.events("alert.resolved")] == ["alert.resolved"]


def test_presses_that_arrive_late_twice_are_slow_until_one_is_quick(
    watched: FoldedLedger,
) -> None:
    for _ in range(2):
        pressed_ms = press(watched)
        watched.clock.advance(11_000)
        arrive(watched, "hook", pressed_ms)
    text = "canaries of hall take longer than 10 s to sink hook"
    assert open_alerts(watched) == {"hook": text}
    arrive(watched, "hook", press(watched))
    assert open_alerts(watched) == {}


def test_presses_that_do_not_come_are_missed_in_the_journal(
    watched: FoldedLedger,
) -> None:
    rounds(watched, 1, "series", "hook")
    for _ in range(3):
        watched.clock.advance(EVERY_MS)
        watched.take()
    assert open_alerts(watched)["the journal"].startswith("no canary of hall, north")
    severity = "SELECT severity FROM alert WHERE subject = 'the journal'"
    assert watched.one(severity) == "critical"


def test_while_we_do_not_hear_the_broker_nothing_is_missing(
    watched: FoldedLedger,
) -> None:
    watched.act("link_down", {})
    for _ in range(5):
        watched.clock.advance(EVERY_MS)
        watched.take()
    watched.act("link_drained", {})
    assert open_alerts(watched) == {}
    for _ in range(3):
        watched.clock.advance(EVERY_MS)
        watched.take()
    assert len(open_alerts(watched)) == 3


def test_arrivals_are_points_of_their_sink(watched: FoldedLedger) -> None:
    pressed_ms = press(watched)
    watched.clock.advance(40)
    arrive(watched, "hook", pressed_ms)
    (point,) = last_row(watched).events
    assert isinstance(point, HealthPoint)
    assert point.tags == "gateway=evalgate,site=hall,sink=hook"
    assert point.fields == "canary_delay_ms=65i"
    assert last_row(watched).canaries == 0


def test_switched_off_they_leave_nothing_behind(watched: FoldedLedger) -> None:
    rounds(watched, 4)
    assert len(open_alerts(watched)) == 2
    apply(watched, **MUTED)
    assert open_alerts(watched) == {}
    assert watched.all("SELECT * FROM canary") == []
    assert watched.all("SELECT * FROM timer WHERE kind = 'canary'") == []
    press(watched)
    assert watched.fates()["quarantined:refused_device"] == 1


def test_sites_and_sinks_that_come_and_go_are_followed(watched: FoldedLedger) -> None:
    apply(watched, sites=["annex"])
    watched.act("sinks_applied", {"sinks": SINKS[:1]})
    watched.clock.advance(EVERY_MS)
    watched.take()
    ways = watched.all("SELECT site, sink FROM canary ORDER BY 1, 2")
    assert ways == [("annex", ""), ("annex", "series")]


@pytest.mark.parametrize("blocks", [1, 7])
def test_a_fold_repeated_and_a_restart_give_the_same_ways(
    watched: FoldedLedger, blocks: int
) -> None:
    rounds(watched, 3, "series", "hook")
    watched.restart()
    rounds(watched, 4, "series")
    assert snapshot(watched.refolded(blocks).store) == snapshot(watched.store)


def test_an_event_tells_what_its_schema_says(watched: FoldedLedger) -> None:
    press(watched)
    (event,) = watched.events("canary.recorded")
    data = msgspec.json.decode(event.data)
    assert data.keys() == {
        *("site", "device_id", "event_id", "occurred_at", "received_at", "delay_ms")
    }
