"""A heartbeat is kept, corrects a clock in a wrong zone, and becomes a point."""

from gateway.ports import HealthPoint, RecordFlag
from tests.support.folding import START_MS, FoldedLedger, element, message

MINUTE_MS = 60_000
EIGHT_HOURS_MS = 8 * 3_600_000


def beat(
    ledger: FoldedLedger, at_ms: int = START_MS, *, flags: int = 0, **fields: object
) -> None:
    body = {"v": 1, **fields}
    ledger.take(message("eval-0001", body, at_ms, "heartbeat", flags))


def points(ledger: FoldedLedger) -> list[HealthPoint]:
    return [
        event
        for row in ledger.outbox()
        for event in row.events
        if isinstance(event, HealthPoint)
    ]


def test_the_latest_figures_survive_a_restart(ledger: FoldedLedger) -> None:
    beat(ledger, key_counts=[1, 2, 3], battery_pct=71.5, faults=["rtc"])
    ledger.restart()
    vitals = ledger.state.by_id["eval-0001"].vitals
    assert vitals is not None
    assert (vitals.key_counts, vitals.battery_pct) == ((1, 2, 3), 71.5)
    assert vitals.faults == ("rtc",)


def test_a_heartbeat_proves_life(ledger: FoldedLedger) -> None:
    beat(ledger, START_MS + 5)
    assert ledger.one("SELECT last_seen_ms FROM device_activity") == START_MS + 5
    assert ledger.fates() == {"accepted": 1}


def test_figures_become_one_point_with_tags_of_its_place(ledger: FoldedLedger) -> None:
    row = {"device_id": "eval-0001", "site": "hall", "window": "w 7", "model": "M2"}
    ledger.act("tables_applied", {"table": "devices", "rows": [row]})
    beat(
        ledger,
        occurred_at=START_MS - 200,
        key_counts=[4, 9],
        battery_pct=80,
        temperature_c=21.5,
        faults=["rtc", "tamper"],
    )
    (point,) = points(ledger)
    assert point.tags == r"site=hall,window=w\ 7,device=eval-0001,model=M2"
    assert point.fields == (
        'time_quality="device",battery_pct=80.0,temperature_c=21.5,'
        "clock_offset_ms=-200i,presses=13i,key_0=4i,key_1=9i,"
        'faults=2i,fault_codes="rtc,tamper"'
    )
    assert point.point_ns == (START_MS - 200) * 1_000_000


def test_a_terminal_that_moved_has_the_tags_of_where_it_stands(
    ledger: FoldedLedger,
) -> None:
    tags = []
    for number, (site, model) in enumerate(
        [("hall", "M2"), ("yard", "M2"), ("yard", "M3")]
    ):
        row = {"device_id": "eval-0001", "site": site, "window": "w", "model": model}
        ledger.act("tables_applied", {"table": "devices", "rows": [row]})
        for turn in range(2):
            beat(ledger, START_MS + 1_000 * (2 * number + turn))
        tags += [point.tags for point in points(ledger)[-2:]]
    assert tags == [
        f"site={site},window=w,device=eval-0001,model={model}"
        for site, model in [("hall", "M2"), ("yard", "M2"), ("yard", "M3")]
        for _ in range(2)
    ]


def test_a_heartbeat_delivered_twice_is_one_point(ledger: FoldedLedger) -> None:
    for delay_ms in (100, 30_100):
        beat(ledger, START_MS + delay_ms, occurred_at=START_MS)
    first, second = points(ledger)
    assert (first.tags, first.point_ns) == (second.tags, second.point_ns)


def test_a_point_never_stands_where_a_wrong_clock_says(ledger: FoldedLedger) -> None:
    beat(ledger, occurred_at=START_MS - EIGHT_HOURS_MS)
    (point,) = points(ledger)
    assert point.point_ns == START_MS * 1_000_000
    assert point.fields.startswith('time_quality="gateway"')


def test_points_are_for_time_series_alone(ledger: FoldedLedger) -> None:
    sinks = [
        {"name": "series", "kind": "influxdb", "events": ["rating.*", "device_health"]},
        {"name": "desk", "kind": "backend", "events": ["*"]},
    ]
    ledger.act("sinks_applied", {"sinks": sinks})
    beat(ledger)
    owed: dict[object, object] = dict(
        ledger.all("SELECT name, events FROM sink_addressed")
    )
    assert owed == {"series": 1, "desk": 1}
    assert [event.data for event in ledger.events("device.presence_changed")]


def press_after_beats(ledger: FoldedLedger, *, flags: int = 0) -> tuple[int, str]:
    """Three heartbeats of a clock set to UTC but stamped as local, then a press."""
    for at_ms in range(START_MS, START_MS + 3 * MINUTE_MS, MINUTE_MS):
        beat(ledger, at_ms, occurred_at=at_ms - EIGHT_HOURS_MS, flags=flags)
    ledger.restart()
    at_ms = START_MS + 3 * MINUTE_MS
    body = {"v": 1, "event_id": "event-01", "level": 5}
    pressed = {**body, "occurred_at": at_ms - EIGHT_HOURS_MS}
    ledger.take(message("eval-0001", pressed, at_ms + 40))
    found = ledger.all("SELECT occurred_ms, time_quality FROM rating")[0]
    return found[0] - at_ms, found[1]


def test_a_clock_in_another_zone_is_corrected(ledger: FoldedLedger) -> None:
    assert press_after_beats(ledger) == (0, "zone_corrected")


def test_heartbeats_from_the_brokers_queue_correct_nothing(
    ledger: FoldedLedger,
) -> None:
    off, quality = press_after_beats(ledger, flags=RecordFlag.BACKLOG)
    assert (off, quality) == (-EIGHT_HOURS_MS, "device")


def test_that_numbers_began_anew_is_kept_with_the_counters_of_the_day(
    ledger: FoldedLedger,
) -> None:
    ledger.act("device_put", {"device": {"device_id": "eval-0001", "site": "hall"}})
    for number, seq in enumerate((9, 10)):
        press = element(f"event-{number:04d}", seq=seq, boot_id="b1")
        ledger.publish("eval-0001", press)
    beat(ledger, key_counts=[2], last_seq=10)
    ledger.publish("eval-0001", element("event-0002", seq=1, boot_id="b2"))
    known = ledger.state.by_id["eval-0001"].pressing
    assert known is not None
    assert known.seq_to is None
    ledger.restart()
    assert ledger.state.by_id["eval-0001"].pressing == known
