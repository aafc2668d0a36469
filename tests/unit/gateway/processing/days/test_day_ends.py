"""Days of sites through the fold: recorded, told, corrected."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from gateway.processing import fold, timers
from tests.support.folding import (
    DAY_MS,
    START_MS,
    FoldedLedger,
    element,
    message,
    snapshot,
)

MINUTE_MS = 60_000
DAY_MINUTES = 24 * 60
HALF_PAST_MIDNIGHT_MS = START_MS + (4 * 60 + 30) * MINUTE_MS
"""START_MS is eight in the evening there."""
UNEQUAL = "reconciliation_unequal"


@pytest.fixture
def world() -> Iterator[FoldedLedger]:
    world = FoldedLedger()
    world.rules()
    rows = [{"device_id": name, "site": "hall"} for name in ("d-1", "d-2")]
    world.act("tables_applied", {"table": "devices", "rows": rows})
    beat(world, 0, 0)
    yield world
    world.close()


def beat(world: FoldedLedger, presses: int, last_seq: int | None = None) -> None:
    body = {"v": 1, "key_counts": [presses], "last_seq": last_seq}
    sent = {name: value for name, value in body.items() if value is not None}
    world.append([message("d-1", sent, world.clock.wall_ms(), "heartbeat")])


def press(world: FoldedLedger, number: int, **fields: object) -> None:
    at_ms = START_MS + number * MINUTE_MS
    known = {"seq": number, "session_id": f"s{number}", "occurred_at": at_ms}
    world.publish("d-1", element(f"event-{number:04d}", **{**known, **fields}))


def until(world: FoldedLedger, at_ms: int) -> None:
    """A tick of then."""
    world.clock.advance(at_ms - world.clock.wall_ms())
    world.take()


def day_over(world: FoldedLedger, days: int = 0) -> None:
    until(world, HALF_PAST_MIDNIGHT_MS + days * DAY_MS)


def told(world: FoldedLedger) -> list[dict[str, Any]]:
    return [json.loads(one.data) for one in world.events("reconciliation.daily")]


def test_a_day_that_agrees_is_recorded_and_told(world: FoldedLedger) -> None:
    for number in (1, 2, 3):
        press(world, number)
    press(world, 3)  # sent twice
    beat(world, 3, 3)
    until(world, HALF_PAST_MIDNIGHT_MS - 1)
    assert told(world) == []
    day_over(world)
    (day,) = told(world)
    assert day["day"] == "2026-11-21"
    assert (day["equal"], day["presses"], day["accepted"]) == (True, 3, 3)
    assert (day["duplicate"], day["devices"], day["counted"]) == (1, 2, 1)
    assert UNEQUAL not in {cause for cause, _ in world.state.alerts}


def test_a_number_that_never_came_is_told_with_an_alert(world: FoldedLedger) -> None:
    press(world, 1)
    press(world, 3)
    beat(world, 3, 3)
    day_over(world)
    (day,) = told(world)
    assert (day["equal"], day["missing"], day["unequal_devices"]) == (False, 1, ["d-1"])
    assert (UNEQUAL, "hall") in world.state.alerts
    row = world.all("SELECT site, devices, text FROM alert")
    assert row == [
        (
            "hall",
            '["d-1"]',
            "hall on 2026-11-21: presses and ratings do not agree: d-1 (1 lost)",
        )
    ]


def test_what_waits_in_quarantine_is_not_yet_a_rating(world: FoldedLedger) -> None:
    press(world, 1)
    press(world, 2, level=9)
    beat(world, 2, 2)
    day_over(world)
    (day,) = told(world)
    assert (day["equal"], day["quarantined"], day["missing"]) == (False, 1, 0)
    ids = [row[0] for row in world.all("SELECT id FROM quarantine")]
    world.act("quarantine_purged", {"author": "ann", "ids": ids})
    day_over(world, 1)
    first, again, other = told(world)
    assert (again["day"], again["record_version"], again["equal"]) == (
        first["day"],
        2,
        True,
    )
    assert other["day"] == "2026-11-22"


def test_a_number_in_quarantine_after_the_last_heartbeat_is_missing_on_no_day(
    world: FoldedLedger,
) -> None:
    """Nor does it hide one that never came, be it purged by then or not."""
    press(world, 1)
    press(world, 3)
    beat(world, 3, 3)
    press(world, 4, level=9)
    bad = {"session_id": "A1", "action": "vanished", "occurred_at": START_MS}
    world.publish_to(
        "d-1", "session", {"v": 1, "event_id": "bad-0001", "seq": 5, **bad}
    )
    day_over(world)
    (day,) = told(world)
    assert (day["quarantined"], day["missing"]) == (1, 1)
    ids = [row[0] for row in world.all("SELECT id FROM quarantine")]
    world.act("quarantine_purged", {"author": "ann", "ids": ids})
    beat(world, 4, 5)
    day_over(world, 1)
    (last,) = (one for one in told(world) if one["day"] == "2026-11-22")
    assert (last["equal"], last["missing"]) == (True, 0)


def test_a_number_in_quarantine_is_no_gap_of_a_later_day(world: FoldedLedger) -> None:
    """Of a terminal whose heartbeats tell no numbers."""
    press(world, 1)
    press(world, 2, level=9)
    day_over(world)
    press(world, 3, occurred_at=world.clock.wall_ms())
    day_over(world, 1)
    (_, last) = told(world)
    assert (last["accepted"], last["missing"]) == (1, 0)


def test_presses_that_nobody_knows_of_are_told(world: FoldedLedger) -> None:
    press(world, 1, seq=None)
    beat(world, 3)
    day_over(world)
    (day,) = told(world)
    assert (day["equal"], day["presses"], day["unexplained"]) == (False, 3, 2)


def test_late_presses_correct_the_record_and_end_the_alert(world: FoldedLedger) -> None:
    press(world, 1)
    press(world, 3)
    beat(world, 3, 3)
    day_over(world)
    press(world, 2)
    day_over(world)
    assert len(told(world)) == 1  # others may follow
    until(world, HALF_PAST_MIDNIGHT_MS + 30 * MINUTE_MS + 25)
    _, late = told(world)
    assert (late["record_version"], late["equal"], late["accepted"]) == (2, True, 3)
    assert (UNEQUAL, "hall") not in world.state.alerts


def test_a_terminal_that_was_away_over_midnight_agrees_on_both_days(
    world: FoldedLedger,
) -> None:
    press(world, 1)
    beat(world, 1, 1)
    day_over(world)
    until(world, HALF_PAST_MIDNIGHT_MS + 8 * 60 * MINUTE_MS)
    beat(world, 4, 4)  # two more of yesterday, one of today
    for seq, minute in ((2, 2), (3, 3), (4, 10 * 60)):
        press(world, minute, seq=seq)
    day_over(world, 1)
    by_day = {(one["day"], one["equal"], one["presses"]) for one in told(world)}
    assert ("2026-11-21", True, 1) in by_day
    assert ("2026-11-21", True, 3) in by_day
    assert not any(not equal for _, equal, _ in by_day)


@pytest.mark.parametrize(("counted", "beyond"), [(2, 0), (1, -1)])
def test_a_terminal_switched_off_after_a_press_is_judged_when_it_is_back(
    world: FoldedLedger, counted: int, beyond: int
) -> None:
    """Nobody may be woken at midnight for a press that no heartbeat could tell of."""
    until(world, START_MS + DAY_MS)  # its first day's counters began anywhere
    beat(world, 0)
    press(world, DAY_MINUTES + 1, seq=1)
    beat(world, 1)
    press(world, DAY_MINUTES + 2, seq=2)
    day_over(world, 1)
    day = told(world)[-1]
    assert (day["equal"], day["presses"], day["accepted"]) == (True, 1, 2)
    until(world, HALF_PAST_MIDNIGHT_MS + DAY_MS + 8 * 60 * MINUTE_MS)
    beat(world, counted)
    until(world, HALF_PAST_MIDNIGHT_MS + DAY_MS + 9 * 60 * MINUTE_MS)
    last = told(world)[-1]
    assert (last["day"], last["unexplained"]) == (day["day"], beyond)
    assert ((UNEQUAL, "hall") in world.state.alerts) == bool(beyond)


def test_a_site_at_rest_is_recorded_each_day_until_it_has_no_device(
    world: FoldedLedger,
) -> None:
    press(world, 1)
    beat(world, 1, 1)
    day_over(world, 3)
    for _ in range(3):  # each tick makes good one of the days that were missed
        world.take()
    assert [one["day"][-2:] for one in told(world)] == ["21", "22", "23", "24"]
    rows = [{"device_id": name, "site": None} for name in ("d-1", "d-2")]
    world.act("tables_applied", {"table": "devices", "rows": rows})
    day_over(world, 9)
    assert len(told(world)) == 4


def test_counts_older_than_any_event_go(world: FoldedLedger) -> None:
    world.rules(event_age_days_max=2)
    press(world, 1)
    beat(world, 1, 1)
    for days in range(8):
        day_over(world, days)
    assert world.one("SELECT min(day) FROM device_day") is None
    assert world.one("SELECT count(*) FROM reconciliation") == 8


@pytest.mark.parametrize("blocks", [1, 3, 50])
def test_a_restart_and_any_cut_give_the_same_records(
    world: FoldedLedger, blocks: int
) -> None:
    press(world, 1)
    world.restart()
    press(world, 3)
    beat(world, 3, 3)
    day_over(world)
    world.restart()
    press(world, 2)
    world.restart()
    day_over(world, 1)
    assert [one["equal"] for one in told(world)] == [False, True, True]
    other = world.refolded(blocks)
    assert snapshot(other.store) == snapshot(world.store)
    other.close()


def test_terminals_without_a_site_count_no_days_whenever_the_fold_restarts(
    world: FoldedLedger,
) -> None:
    for number in range(1, 7):
        at_ms = world.clock.wall_ms()
        known = {"session_id": f"s{number}", "occurred_at": at_ms}
        world.publish("d-9", element(f"event-{number:04d}", **known))
        if number == 3:
            world.restart()
    counted = world.all("SELECT ratings, day, day_accepted FROM device_activity")
    assert (6, 0, 0) in counted
    other = world.refolded(4)
    assert snapshot(other.store) == snapshot(world.store)
    other.close()


def test_what_a_terminal_counted_before_it_left_its_site_is_kept(
    world: FoldedLedger,
) -> None:
    press(world, 1)
    press(world, 2)
    rows = [{"device_id": "d-1", "site": None}]
    world.act("tables_applied", {"table": "devices", "rows": rows})
    press(world, 3)
    assert world.all("SELECT accepted FROM device_day") == [(2,)]


def test_sites_with_one_midnight_take_turns(
    world: FoldedLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timers, "LOOKED_AT_MAX", 2)
    monkeypatch.setattr(fold, "EFFORT_MAX", 2)
    rows = [{"device_id": f"e-{site}", "site": f"s{site}"} for site in range(4)]
    world.act("tables_applied", {"table": "devices", "rows": rows})
    for site in range(4):
        world.publish(f"e-{site}", element("event-0001", session_id="s"))
    day_over(world)
    sites = []
    for _ in range(4):
        sites.append([one["site"] for one in told(world)])
        assert world.state.next_due is not None
        world.take()
    assert [len(one) for one in sites] == [2, 4, 4, 4]
    assert sites[-1] == ["s0", "s1", "s2", "s3"]
    for blocks in (1, 50):
        other = world.refolded(blocks)
        assert snapshot(other.store) == snapshot(world.store)
        other.close()


def test_what_rises_of_a_day_that_was_forgotten_does_not_correct_it(
    world: FoldedLedger,
) -> None:
    world.rules(event_age_days_max=2)
    press(world, 1)
    beat(world, 1, 1)
    for days in range(8):
        day_over(world, days)
    before = world.all("SELECT * FROM reconciliation WHERE day < 739946")
    beat(world, 4, 1)  # away for a week: the rest may be of that day
    until(world, HALF_PAST_MIDNIGHT_MS + 7 * DAY_MS + 31 * MINUTE_MS)
    assert world.all("SELECT * FROM reconciliation WHERE day < 739946") == before


SINK = {"name": "business", "kind": "backend", "events": ["rating.*"]}


def counts(world: FoldedLedger, **count: int) -> dict[str, Any]:
    """What `deliver` answers to the last control."""
    asked = json.loads(world.controls()[-1].data)
    return {"day": asked["day"], "sinks": [{"name": "business", **count}]}


def test_sinks_are_asked_at_midnight_and_compared(world: FoldedLedger) -> None:
    world.act("sinks_applied", {"sinks": [SINK]})
    press(world, 1)
    beat(world, 1, 1)
    until(world, HALF_PAST_MIDNIGHT_MS - 30 * MINUTE_MS)
    assert json.loads(world.controls()[-1].data)["addressed"] == {"business": 1}
    world.act("sink_counts", counts(world, delivered=0, dead=0, owed=1))
    day_over(world)
    (day,) = told(world)
    assert day["equal"]
    assert day["sinks"] == [
        {"name": "business", "addressed": 1, "delivered": 0, "dead": 0, "owed": 1}
    ]


def test_a_sink_that_does_not_add_up_raises_an_alert(world: FoldedLedger) -> None:
    world.act("sinks_applied", {"sinks": [SINK]})
    press(world, 1)
    beat(world, 1, 1)
    until(world, HALF_PAST_MIDNIGHT_MS - 30 * MINUTE_MS)
    world.act("sink_counts", counts(world, delivered=0, dead=0, owed=0))
    assert set(world.state.alerts) == {(UNEQUAL, "sink business")}
    day_over(world)
    assert not told(world)[0]["equal"]


def test_a_sink_that_answers_late_is_asked_again_and_corrects_the_record(
    world: FoldedLedger,
) -> None:
    world.act("sinks_applied", {"sinks": [SINK]})
    press(world, 1)
    beat(world, 1, 1)
    for minutes in (0, 10, 20, 30):
        until(world, HALF_PAST_MIDNIGHT_MS + (minutes - 30) * MINUTE_MS)
    assert len(world.controls()) == 4
    (first,) = told(world)
    assert (first["equal"], first["sinks"][0]["delivered"]) == (False, None)
    assert (UNEQUAL, "sink business") in world.state.alerts
    world.act("sink_counts", counts(world, delivered=1, dead=0, owed=0))
    assert [one["equal"] for one in told(world)] == [False, True]
    assert (UNEQUAL, "sink business") not in world.state.alerts
