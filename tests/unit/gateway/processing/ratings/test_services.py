"""Session events, and what their deadlines bring."""

from typing import Any

import msgspec
import pytest
from msgspec.json import encode

from gateway.ledger import figures
from gateway.ports import Event, Record, RecordKind
from tests.support.folding import (
    DAY_MS,
    SECOND_MS,
    START_MS,
    FoldedLedger,
    element,
    message,
)

MINUTE_MS = 60 * SECOND_MS
CALENDAR = {"calendar": "weekdays", "source": "test"}


@pytest.fixture
def ledger() -> FoldedLedger:
    ledger = FoldedLedger()
    ledger.rules(default_level=3)
    ledger.act("calendar_applied", {"calendar": CALENDAR})
    return ledger


def serve(
    ledger: FoldedLedger, action: str, at_ms: int = START_MS, **fields: object
) -> None:
    body = {
        "v": 1,
        "event_id": f"{action}-{at_ms}",
        "session_id": "A1",
        "action": action,
        "occurred_at": at_ms,
        **fields,
    }
    now_ms = ledger.clock.wall_ms()
    ledger.append([message("eval-0001", body, now_ms, channel="session")])


def press(ledger: FoldedLedger, number: int, at_ms: int, level: int = 5) -> None:
    body = element(f"event-{number:04d}", level, session_id="A1", occurred_at=at_ms)
    ledger.append([message("eval-0001", body, ledger.clock.wall_ms())])


def later(ledger: FoldedLedger, days: float) -> None:
    """Time passes, and a tick says so."""
    ledger.clock.advance(int(days * DAY_MS))
    ledger.append([])


def session(ledger: FoldedLedger) -> dict[str, Any]:
    names = [row[1] for row in ledger.all("PRAGMA table_info(session)")]
    (row,) = ledger.all("SELECT * FROM session")
    return dict(zip(names, row, strict=True))


def test_a_session_is_opened_and_then_waits_for_its_rating(
    ledger: FoldedLedger,
) -> None:
    serve(ledger, "opened", START_MS - 20 * MINUTE_MS)
    assert session(ledger)["state"] == "opened"
    serve(ledger, "ended", START_MS, employee_id="0042", service_code="S7")
    found = session(ledger)
    assert found["state"] == "awaiting"
    assert (found["employee_id"], found["service_code"]) == ("0042", "S7")
    assert (found["opened_ms"], found["ended_ms"]) == (
        START_MS - 20 * MINUTE_MS,
        START_MS,
    )
    assert ledger.fates() == {"accepted": 2}


def test_in_whatever_order_the_end_state_is_the_same(ledger: FoldedLedger) -> None:
    press(ledger, 1, START_MS)
    serve(ledger, "ended", START_MS - MINUTE_MS)
    serve(ledger, "opened", START_MS - 20 * MINUTE_MS)
    found = session(ledger)
    assert (found["state"], found["n"]) == ("rated", 1)
    assert ledger.told() == [("recorded", "event-0001", 1)]


def test_nobody_rates_and_the_default_is_given_at_the_deadline(
    ledger: FoldedLedger,
) -> None:
    serve(ledger, "ended")
    deadline_ms = session(ledger)["deadline_ms"]
    later(ledger, (deadline_ms - START_MS) / DAY_MS + 0.01)
    assert session(ledger)["state"] == "defaulted"
    (told,) = ledger.ratings_told()
    assert told.type == "rating.defaulted"
    assert (told.level, told.level_raw, told.origin) == (3, None, "system_default")
    assert (told.device_id, told.occurred_ms) == ("eval-0001", deadline_ms)
    assert told.event_id == f"default-{told.ordinal}"
    assert told.effective


def test_a_rating_pressed_in_time_supersedes_the_default(
    ledger: FoldedLedger,
) -> None:
    serve(ledger, "ended")
    later(ledger, 10)
    press(ledger, 1, START_MS + DAY_MS, 4)
    assert session(ledger)["state"] == "rated"
    assert [(name, effective) for name, _, effective in ledger.told()] == [
        ("defaulted", 1),
        ("recorded", 1),
        ("superseded", 0),
    ]


def test_a_late_flush_brings_no_default_before_the_rating_pressed_in_time(
    ledger: FoldedLedger,
) -> None:
    later(ledger, 10)
    serve(ledger, "ended")
    assert session(ledger)["state"] == "awaiting"
    press(ledger, 1, START_MS + DAY_MS, 4)
    later(ledger, 1)
    assert session(ledger)["state"] == "rated"
    assert ledger.told() == [("recorded", "event-0001", 1)]


@pytest.mark.parametrize("pressed", [False, True])
def test_after_a_late_flush_without_its_rating_the_default_is_of_the_deadline(
    ledger: FoldedLedger, *, pressed: bool
) -> None:
    """A press after the deadline is none in time."""
    later(ledger, 10)
    serve(ledger, "ended")
    if pressed:
        press(ledger, 1, START_MS + 9 * DAY_MS)
    ledger.clock.advance(50 * SECOND_MS)
    ledger.append([])
    assert session(ledger)["state"] == "awaiting"
    ledger.clock.advance(10 * SECOND_MS)
    ledger.append([])
    assert session(ledger)["state"] == "defaulted"
    (told,) = [one for one in ledger.ratings_told() if one.type == "rating.defaulted"]
    assert told.occurred_ms == session(ledger)["deadline_ms"]


def test_a_rating_pressed_late_is_recorded_only(ledger: FoldedLedger) -> None:
    serve(ledger, "ended")
    later(ledger, 10)
    press(ledger, 1, START_MS + 9 * DAY_MS)
    assert session(ledger)["state"] == "defaulted"
    assert ledger.one("SELECT flags FROM rating WHERE event_id = 'event-0001'") == (
        '["late"]'
    )


def test_a_default_is_voided_and_nothing_follows(ledger: FoldedLedger) -> None:
    serve(ledger, "ended")
    later(ledger, 10)
    (told,) = ledger.ratings_told()
    act = {"author": "anna", "rating_id": told.rating_id, "reason": "an exercise"}
    assert ledger.settle("rating_voided", act) == {"rating_id": told.rating_id}
    assert session(ledger)["state"] == "voided"
    assert ledger.told()[-1] == ("voided", told.event_id, 0)
    assert ledger.settle("rating_voided", act)["error"] == "conflict"


@pytest.mark.parametrize("action", ["cancelled", "not_eligible"])
def test_a_session_that_is_not_to_be_rated_is_closed(
    ledger: FoldedLedger, action: str
) -> None:
    serve(ledger, "opened", START_MS - MINUTE_MS)
    serve(ledger, action, reason="exempt")
    assert session(ledger)["state"] == "closed"
    (closed,) = ledger.events("session.closed")
    assert closed.subject == ":A1:0:1"
    assert msgspec.json.decode(closed.data)["reason"] == "exempt"


def test_a_bad_rating_is_to_be_followed_up_and_becomes_overdue(
    ledger: FoldedLedger,
) -> None:
    press(ledger, 1, START_MS, 1)
    (required,) = ledger.events("followup.required")
    assert required.subject == "eval-0001:event-0001"
    later(ledger, 4)
    (overdue,) = ledger.events("followup.overdue")
    assert msgspec.json.decode(overdue.data)["clock"] == "contact"
    later(ledger, 30)
    clocks = [msgspec.json.decode(e.data)["clock"] for e in ledger.events(overdue.type)]
    assert clocks == ["contact", "rectify"]


def test_a_better_amendment_closes_the_followup(ledger: FoldedLedger) -> None:
    press(ledger, 1, START_MS - MINUTE_MS, 1)
    press(ledger, 2, START_MS, 5)
    (closed,) = ledger.events("followup.closed")
    assert msgspec.json.decode(closed.data)["reason"] == "amended"
    assert ledger.one("SELECT closed FROM duty") == 1


def test_a_calendar_that_comes_into_force_moves_open_deadlines_only(
    ledger: FoldedLedger,
) -> None:
    serve(ledger, "ended")
    before_ms = session(ledger)["deadline_ms"]
    rest = {**CALENDAR, "overrides": {"2026-11-23": "rest"}}
    ledger.act("calendar_applied", {"calendar": rest})
    after_ms = session(ledger)["deadline_ms"]
    assert after_ms > before_ms
    later(ledger, (before_ms - START_MS) / DAY_MS + 0.01)
    assert session(ledger)["state"] == "awaiting"
    later(ledger, 10)
    ledger.act("calendar_applied", {"calendar": CALENDAR})
    assert session(ledger)["deadline_ms"] == after_ms


def test_a_default_waits_for_a_terminal_that_is_offline(
    ledger: FoldedLedger,
) -> None:
    serve(ledger, "ended")
    gone = {"v": 1, "state": "offline", "conn_id": "c1"}
    ledger.append([message("eval-0001", gone, ledger.clock.wall_ms(), "presence")])
    deadline_ms = session(ledger)["deadline_ms"]
    later(ledger, (deadline_ms - START_MS) / DAY_MS + 1)
    assert session(ledger)["state"] == "awaiting"
    later(ledger, 10)
    assert session(ledger)["state"] == "defaulted"
    assert session(ledger)["provisional"] == 1


@pytest.mark.parametrize(
    ("window", "state"),
    [("3", "awaiting"), ("4", "awaiting"), ("5", "defaulted"), ("6", "defaulted")],
)
def test_a_default_of_a_window_waits_for_the_terminals_bound_to_it_then(
    ledger: FoldedLedger, window: str, state: str
) -> None:
    """A binding wins over the table of devices; what was retired holds no answer."""
    for name, stands in (("e-1", "3"), ("e-2", "5"), ("e-3", "6")):
        device = {"device_id": name, "site": "hall", "window": stands}
        ledger.act("device_put", {"device": device})
    spans = (("4", "2026-11-01T00:00Z", "2026-11-22T00:00Z"), ("5", "2026-11-22", ""))
    rows = [
        {"device_id": "e-2", "window": bound, "from": since, "to": until}
        for bound, since, until in spans
    ]
    ledger.act("tables_applied", {"table": "bindings", "rows": rows})
    told = {"event_id": "ended-0001", "session_id": "A1", "action": "ended"}
    where = {"window": window, "site": "hall"}
    body = encode({"v": 1, "occurred_at": START_MS, **told, **where})
    ledger.append([Record(RecordKind.HTTP, "http-q/session", body, START_MS)])
    gone = {"v": 1, "state": "offline", "conn_id": "c1"}
    for name in ("e-1", "e-2", "e-3"):
        ledger.publish_to(name, "presence", gone)
    ledger.act("device_retired", {"author": "ann", "device_id": "e-3"})
    later(ledger, (session(ledger)["deadline_ms"] - START_MS) / DAY_MS + 1)
    assert session(ledger)["state"] == state
    for name in ("e-1", "e-2"):
        ledger.publish_to(name, "presence", {**gone, "state": "online"})
    later(ledger, 0.1)
    assert session(ledger)["state"] == "defaulted"
    assert session(ledger)["provisional"] == 0


def test_a_required_session_is_waited_for_and_then_the_rating_is_an_orphan(
    ledger: FoldedLedger,
) -> None:
    ledger.rules(session_mode="required")
    press(ledger, 1, START_MS)
    assert ledger.told() == [("recorded", "event-0001", 1)]
    later(ledger, 0.1)
    assert ledger.one("SELECT flags FROM rating") == '["orphan"]'
    assert ledger.told()[1:] == [("amended", "event-0001", 1)]
    serve(ledger, "opened", START_MS - MINUTE_MS)
    assert session(ledger)["state"] == "rated"
    assert ledger.one("SELECT flags FROM rating") is None


STEPS = [
    ("contacted", []),
    ("fixed", ["fixed"]),
    ("confirmed", ["confirmed"]),
]


@pytest.mark.parametrize(("step", "closed"), STEPS)
def test_steps_stop_the_clocks_of_a_followup(
    ledger: FoldedLedger, step: str, closed: list[str]
) -> None:
    press(ledger, 1, START_MS, 1)
    act = {"author": "anna", "subject": "eval-0001:event-0001", "step": step}
    assert ledger.settle("followup_step_taken", act)["step"] == step
    told = [msgspec.json.decode(e.data) for e in ledger.events("followup.closed")]
    assert [each["reason"] for each in told] == closed
    assert ledger.one("SELECT closed FROM duty") == bool(closed)
    other = {**act, "subject": "eval-0001:event-0009"}
    assert ledger.settle("followup_step_taken", other)["error"] == "not_found"


def complain(ledger: FoldedLedger, at_ms: int) -> Event:
    body = {
        "v": 1,
        "event_id": f"complaint-{at_ms}",
        "session_id": "A1",
        "occurred_at": at_ms,
    }
    ledger.append([message("eval-0001", body, channel="complaint")])
    return ledger.events("complaint.raised")[-1]


def test_a_complaint_is_kept_in_order_with_its_session_and_bears_its_own_moment(
    ledger: FoldedLedger,
) -> None:
    at_ms = START_MS - MINUTE_MS
    assert complain(ledger, at_ms - 1).partition == "A1"
    press(ledger, 1, at_ms, 2)
    raised = complain(ledger, at_ms)
    assert (raised.partition, raised.time_ms) == (":A1:0:1", at_ms)
    later(ledger, 10)
    overdue = ledger.events("complaint.overdue")
    assert {one.partition for one in overdue} == {":A1:0:1"}


def test_a_complaint_starts_the_clock_of_the_reply(ledger: FoldedLedger) -> None:
    body = {
        "v": 1,
        "event_id": "complaint-1",
        "category": "service",
        "comment": "rude",
        "occurred_at": START_MS,
    }
    ledger.append([message("eval-0001", body, channel="complaint")])
    (raised,) = ledger.events("complaint.raised")
    assert raised.personal is not None
    later(ledger, 10)
    (overdue,) = ledger.events("complaint.overdue")
    assert overdue.partition == raised.partition == "eval-0001"
    assert overdue.subject == "eval-0001:complaint-1"
    act = {"author": "anna", "subject": overdue.subject, "step": "contacted"}
    assert ledger.settle("complaint_step_taken", act)["step"] == "contacted"
    assert ledger.one("SELECT closed FROM duty") == 1


def test_a_dispute_is_decided_by_somebody_else(ledger: FoldedLedger) -> None:
    body = element("event-0001", 5, session_id="A1", employee_id="0042")
    ledger.append([message("eval-0001", body)])
    rating = {"rating_id": "eval-0001:event-0001"}
    asked = {**rating, "author": "0042", "reason": "not my customer"}
    assert ledger.settle("rating_disputed", asked)["by"] == "0042"
    assert ledger.settle("rating_disputed", asked)["error"] == "conflict"
    decided = {**asked, "outcome": "voided"}
    assert ledger.settle("dispute_decided", decided)["error"] == "conflict"
    decided["author"] = "anna"
    assert ledger.settle("dispute_decided", decided)["state"] == "voided"
    assert session(ledger)["state"] == "voided"
    assert ledger.one("SELECT outcome FROM dispute") == "voided"


@pytest.mark.parametrize(
    ("fields", "flag"),
    [({"prompt_delay_ms": 100}, "too_fast"), ({"key_down_ms": 60_000}, "stuck_key")],
)
def test_a_press_that_nobody_meant_is_flagged_and_not_counted_as_verified(
    ledger: FoldedLedger, fields: dict[str, int], flag: str
) -> None:
    body = element("event-0001", 5, session_id="A1", occurred_at=START_MS, **fields)
    ledger.append([message("eval-0001", body)])
    ((flags, details),) = ledger.all("SELECT flags, details FROM rating")
    assert flags == f'["{flag}"]'
    assert flag in msgspec.json.decode(details)["evidence"]
    (key,) = (row[0] for row in ledger.all("SELECT key FROM figure_hour"))
    assert figures.unpacked(key)[2] == "customer.5!"


def test_a_rating_that_waits_is_voided_where_it_waits(ledger: FoldedLedger) -> None:
    ledger.rules(session_mode="required")
    press(ledger, 1, START_MS)
    act = {"author": "anna", "rating_id": "eval-0001:event-0001", "reason": "a test"}
    ledger.act("rating_voided", act)
    later(ledger, 0.1)
    assert ledger.one("SELECT count(*) FROM waiting") == 0
    assert [what for what, _, _ in ledger.told()] == ["recorded", "voided"]
    serve(ledger, "opened", START_MS - MINUTE_MS)
    assert session(ledger)["state"] == "voided"
    assert ledger.one("SELECT sum(effective) FROM rating") == 0


def test_an_amendment_without_a_number_waits_where_the_rating_that_it_names_does(
    ledger: FoldedLedger,
) -> None:
    ledger.rules(session_mode="required")
    press(ledger, 1, START_MS)
    body = element("event-0002", 3, occurred_at=START_MS + 1, amends="event-0001")
    ledger.publish("eval-0001", body)
    later(ledger, 0.1)
    assert ledger.one("SELECT count(*) FROM waiting") == 2
    serve(ledger, "opened", START_MS - MINUTE_MS)
    assert session(ledger)["state"] == "amended"
    recorded = [name for what, name, _ in ledger.told() if what == "recorded"]
    assert recorded == ["event-0001", "event-0002"]


def test_of_ratings_that_wait_for_one_session_one_counts(ledger: FoldedLedger) -> None:
    ledger.rules(session_mode="required")
    for name, level, fields in (
        ("event-0002", 4, {"amends": "event-0001"}),
        ("event-0001", 1, {}),
        ("event-0003", 5, {"round": "followup"}),
    ):
        at_ms = START_MS - (4 - int(name[-1])) * 20 * MINUTE_MS
        body = element(name, level, session_id="A1", occurred_at=at_ms, **fields)
        ledger.publish("eval-0001", body)
    assert ledger.told()[1:] == [
        ("recorded", "event-0001", 0),
        ("recorded", "event-0003", 0),
    ]
    slots = "SELECT key FROM figure_hour WHERE count <> 0"
    counted = [figures.unpacked(key)[2] for (key,) in ledger.all(slots)]
    assert sorted(counted) == ["customer.4", "received"]
    act = {"author": "anna", "rating_id": "eval-0001:event-0002", "reason": "a test"}
    ledger.act("rating_voided", act)
    assert session(ledger)["state"] == "voided"
    assert ledger.one("SELECT count(*) FROM waiting") == 0
    assert ledger.one("SELECT sum(effective) FROM rating") == 0
    voided = "SELECT event_id FROM rating WHERE void IS NOT NULL ORDER BY 1"
    assert [row[0] for row in ledger.all(voided)] == ["event-0001", "event-0002"]


@pytest.mark.parametrize("mode", ["none", "required"])
def test_a_rating_keeps_the_session_that_it_implied_when_modes_change(
    ledger: FoldedLedger, mode: str
) -> None:
    press(ledger, 1, START_MS)
    ledger.rules(session_mode=mode)
    serve(ledger, "opened", START_MS + DAY_MS)
    states = ledger.all("SELECT n, state FROM session ORDER BY began_ms")
    assert states == [(1, "rated"), (2, "opened")]
    assert ledger.one("SELECT count(*) FROM waiting") == 0
    assert ledger.one("SELECT min(due_ms) FROM timer") > ledger.state.now_ms


def test_a_rating_waits_for_its_session_when_modes_change(
    ledger: FoldedLedger,
) -> None:
    ledger.rules(session_mode="required")
    press(ledger, 1, START_MS)
    ledger.rules(session_mode="implicit")
    body = element("event-0002", 4, occurred_at=START_MS, session_id="A1")
    ledger.publish("eval-0002", body)
    later(ledger, 0.1)
    rows = ledger.all("SELECT event_id, session_no, flags FROM rating ORDER BY place")
    assert rows == [("event-0001", None, '["orphan"]'), ("event-0002", 1, None)]


def defaults(ledger: FoldedLedger) -> list[tuple[int, int]]:
    sql = "SELECT version, effective FROM rating WHERE place < 0 ORDER BY ordinal"
    return [(row[0], row[1]) for row in ledger.all(sql)]


def test_a_default_of_another_end_of_service_loses_its_effect(
    ledger: FoldedLedger,
) -> None:
    serve(ledger, "ended")
    later(ledger, 9)
    assert defaults(ledger) == [(1, 1)]
    serve(ledger, "ended", START_MS - MINUTE_MS)  # the earlier word counts
    later(ledger, 0.1)
    assert defaults(ledger) == [(2, 0), (1, 1)]
    told = [(what, effective) for what, _, effective in ledger.told()]
    assert told == [("defaulted", 1), ("superseded", 0), ("defaulted", 1)]


def test_a_default_goes_when_the_service_turns_out_to_be_cancelled(
    ledger: FoldedLedger,
) -> None:
    serve(ledger, "ended")
    later(ledger, 9)
    serve(ledger, "cancelled", START_MS + 1)
    assert session(ledger)["state"] == "closed"
    assert defaults(ledger) == [(2, 0)]
    assert session(ledger)["effective_place"] is None
