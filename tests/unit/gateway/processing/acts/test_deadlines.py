"""Deadlines through the fold: days that change while open, years' ends, DST."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.support.folding import FoldedLedger, element, message

SPRING_2020 = {
    f"2020-{day}": "rest" for day in ("01-24", "01-27", "01-28", "01-29", "01-30")
} | {"2020-01-19": "work", "2020-02-01": "work"}
"""As it was published in 2019; in the days themselves the 31st became free, too."""
PROLONGED = {**SPRING_2020, "2020-01-31": "rest", "2020-02-01": "rest"}


def at(text: str, zone: str = "Asia/Shanghai") -> int:
    moment = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))
    return round(moment.timestamp() * 1000)


def utc(at_ms: int) -> str:
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%d %H:%M}"


def table(days: dict[str, str]) -> dict[str, Any]:
    return {"calendar": {"calendar": "china", "years": [2020, 2020], "days": days}}


def begun(text: str, zone: str = "Asia/Shanghai", **rules: object) -> FoldedLedger:
    ledger = FoldedLedger(start_ms=at(text, zone))
    ledger.rules(time_zone=zone, **rules)
    return ledger


def serve(
    ledger: FoldedLedger,
    at_ms: int,
    number: str = "A1",
    device: str = "eval-0001",
    action: str = "ended",
) -> None:
    name = f"{number}-{action}-{at_ms}"
    told = {"session_id": number, "action": action, "occurred_at": at_ms}
    ledger.publish_to(device, "session", {"v": 1, "event_id": name, **told})


def press(ledger: FoldedLedger, at_ms: int, number: str = "A1", level: int = 5) -> None:
    body = element(f"{number}-{at_ms}", level, session_id=number, occurred_at=at_ms)
    ledger.publish("eval-0001", body)


def until(ledger: FoldedLedger, at_ms: int) -> None:
    ledger.clock.advance(at_ms - ledger.clock.wall_ms())
    ledger.take()
    ledger.take()


def states(ledger: FoldedLedger) -> dict[str, tuple[str, str]]:
    rows = ledger.all(
        "SELECT session_id, state, deadline_ms FROM session WHERE ended_ms IS NOT NULL"
    )
    return {number: (state, utc(due_ms)) for number, state, due_ms in rows}


def test_a_holiday_that_is_prolonged_moves_what_is_open_and_nothing_else() -> None:
    ledger = begun("2020-01-20 09:00", rating_window_days=1, calendar="china")
    ledger.act("calendar_applied", table(SPRING_2020))
    serve(ledger, at("2020-01-20 08:00"), "PAST")
    until(ledger, at("2020-01-23 17:00"))
    serve(ledger, at("2020-01-23 16:00"), "OPEN")
    press(ledger, at("2020-01-23 16:01"), "BAD", level=1)
    assert states(ledger)["OPEN"] == ("awaiting", "2020-01-31 16:00")
    until(ledger, at("2020-01-27 10:00"))
    ledger.act("calendar_applied", table(PROLONGED))
    until(ledger, at("2020-02-01 00:01"))
    assert states(ledger)["PAST"] == ("defaulted", "2020-01-21 16:00")
    assert states(ledger)["OPEN"] == ("awaiting", "2020-02-03 16:00")
    assert utc(ledger.one("SELECT due_ms FROM duty")) == "2020-02-03 16:00"
    assert ledger.events("followup.overdue") == []
    press(ledger, at("2020-01-31 23:59"), "OPEN")  # late by the table of before
    until(ledger, at("2020-02-04 00:01"))
    assert states(ledger)["OPEN"] == ("rated", "2020-02-03 16:00")
    assert len(ledger.events("followup.overdue")) == 1


def test_days_that_become_worked_let_a_deadline_pass_at_once() -> None:
    ledger = begun("2020-01-23 17:00", rating_window_days=1, calendar="china")
    ledger.act("calendar_applied", table(PROLONGED))
    serve(ledger, at("2020-01-23 16:00"))
    until(ledger, at("2020-02-01 10:00"))
    assert states(ledger)["A1"] == ("awaiting", "2020-02-03 16:00")
    ledger.act("calendar_applied", table(SPRING_2020))
    assert states(ledger)["A1"] == ("defaulted", "2020-01-31 16:00")
    ledger.act("calendar_applied", table(PROLONGED))  # what has passed stays
    until(ledger, at("2020-02-05 10:00"))
    assert states(ledger)["A1"] == ("defaulted", "2020-01-31 16:00")
    assert [what for what, _, _ in ledger.told()] == ["defaulted"]


@pytest.mark.parametrize("comes_back", [False, True])
def test_nothing_is_owed_while_a_bad_rating_waits_for_its_session(
    *, comes_back: bool
) -> None:
    """By the rules of before it made one; what it amends, as it came late, took it."""
    ledger = begun("2026-01-05 09:00")
    first_ms = at("2026-01-05 08:00")
    bad = {"occurred_at": first_ms + 1, "amends": "event-0001", "session_id": "A1"}
    ledger.publish("eval-0001", element("event-0002", 2, **bad))
    owed = "SELECT count(*) FROM duty WHERE closed = 0"
    assert ledger.one(owed) == 1
    ledger.rules(session_mode="required")
    late = element("event-0001", 1, session_id="A1", occurred_at=first_ms)
    ledger.publish("eval-0001", late)
    assert ledger.one(owed) == 0
    if comes_back:
        serve(ledger, first_ms - 1, action="opened")
        assert ledger.one(owed) == 1
    ledger.rules(session_mode="required", followup_days=2)
    until(ledger, at("2026-01-08 10:00"))
    assert len(ledger.events("followup.overdue")) == int(comes_back)


def test_a_window_of_amendment_that_is_open_moves_at_once() -> None:
    ledger = begun("2020-01-17 09:00", calendar="china", amend_window_days=2)
    ledger.act("calendar_applied", table(SPRING_2020))
    serve(ledger, at("2020-01-17 08:00"), "TOLD")
    for number in ("TOLD", "PRESSED"):
        press(ledger, at("2020-01-17 08:01"), number)  # a Friday; Sunday is worked
    ends = "SELECT DISTINCT amend_until_ms FROM session"
    assert [utc(row[0]) for row in ledger.all(ends)] == ["2020-01-20 16:00"]
    ledger.act("calendar_applied", table({**SPRING_2020, "2020-01-20": "rest"}))
    assert [utc(row[0]) for row in ledger.all(ends)] == ["2020-01-21 16:00"]
    until(ledger, at("2020-01-22 10:00"))
    ledger.act("calendar_applied", table({**SPRING_2020, "2020-01-21": "rest"}))
    assert [utc(row[0]) for row in ledger.all(ends)] == ["2020-01-21 16:00"]


@pytest.mark.parametrize("what", ["calendar", "window"])
def test_a_window_of_amendment_that_is_over_is_opened_by_nothing(what: str) -> None:
    ledger = begun("2020-01-17 09:00", calendar="china", amend_window_days=1)
    ledger.act("calendar_applied", table(SPRING_2020))
    for number in ("OVER", "LATER"):
        press(ledger, at("2020-01-17 08:00"), number)  # a Friday; Sunday is worked
    until(ledger, at("2020-01-20 10:00"))
    press(ledger, at("2020-01-20 09:00"), "OPEN")
    if what == "calendar":
        ledger.act("calendar_applied", table({**SPRING_2020, "2020-01-19": "rest"}))
    else:
        ledger.rules(calendar="china", amend_window_days=3)
    ledger.restart()
    press(ledger, at("2020-01-20 00:00"), "OVER", level=2)
    press(ledger, at("2020-01-20 00:00") - 1, "LATER", level=2)
    press(ledger, at("2020-01-20 09:30"), "OPEN", level=2)
    rows = ledger.all("SELECT session_id, state FROM session ORDER BY 1")
    assert rows == [("LATER", "amended"), ("OPEN", "amended"), ("OVER", "rated")]
    assert ledger.one("SELECT count(*) FROM rating WHERE flags = '[\"repeat\"]'") == 1


@pytest.mark.parametrize("ended", [True, False], ids=["ended", "presses_alone"])
@pytest.mark.parametrize("late", [False, True], ids=["in_order", "after_the_change"])
def test_an_amendment_in_time_stays_whatever_rules_come_after(
    *, ended: bool, late: bool
) -> None:
    """Its session is neither parted by shorter days nor opened again by longer ones."""
    rules = {"day_unit": "natural"}
    ledger = begun("2026-01-05 09:00", amend_window_days=20, **rules)
    if ended:
        serve(ledger, at("2026-01-05 08:00"))
    first_ms = at("2026-01-05 09:00")
    press(ledger, first_ms, level=2)
    until(ledger, at("2026-01-21 10:00"))
    if not late:
        press(ledger, at("2026-01-20 10:00"), level=4)
    ledger.rules(amend_window_days=1, **rules)
    until(ledger, at("2026-01-22 10:00"))
    ledger.rules(amend_window_days=20, **rules)
    if late:
        press(ledger, at("2026-01-20 10:00"), level=4)
    dispute = {"author": "ann", "by": "e1", "reason": "mistaken"}
    ledger.act("rating_disputed", {**dispute, "rating_id": f"eval-0001:A1-{first_ms}"})
    rows = ledger.all("SELECT state, amend_until_ms FROM session WHERE session_id='A1'")
    assert [(state, utc(ms)) for state, ms in rows] == [("amended", "2026-01-21 02:00")]
    assert ledger.all("SELECT level FROM rating WHERE effective") == [(4,)]


CLOCKS = [
    # 02:30 never comes on 29 March, and comes twice on 25 October: the first counts.
    ("Europe/Berlin", "2026-03-28 12:00", "02:30", "2026-03-29 01:00"),
    ("Europe/Berlin", "2026-10-24 12:00", "02:30", "2026-10-25 00:30"),
    ("America/New_York", "2026-03-07 12:00", "02:30", "2026-03-08 07:00"),
    ("America/New_York", "2026-10-31 12:00", "01:30", "2026-11-01 05:30"),
]


@pytest.mark.parametrize(("zone", "ended", "close", "deadline"), CLOCKS)
def test_a_deadline_in_an_hour_that_clocks_skip_or_repeat(
    zone: str, ended: str, close: str, deadline: str
) -> None:
    rules = {"rating_window_days": 1, "day_unit": "natural", "close_of_business": close}
    ledger = begun(ended, zone, **rules)
    for number in ("A1", "A2"):
        serve(ledger, at(ended, zone), number)
    due_ms = at(deadline, "UTC")
    assert states(ledger)["A1"] == ("awaiting", deadline)
    until(ledger, due_ms - 1)
    assert states(ledger)["A1"] == ("awaiting", deadline)
    until(ledger, due_ms)
    assert states(ledger)["A1"] == ("defaulted", deadline)
    press(ledger, due_ms - 1, "A1")
    press(ledger, due_ms, "A2")
    assert states(ledger)["A1"][0] == "rated"
    assert states(ledger)["A2"][0] == "defaulted"


DATES = [
    ("2024-02-29 09:00", "Asia/Shanghai", "2024-02-29", "2024-03-01 16:00"),
    ("2026-12-31 23:59:59.999", "Asia/Shanghai", "2026-12-31", "2027-01-01 16:00"),
    ("2027-01-01 00:00", "Asia/Shanghai", "2027-01-01", "2027-01-02 16:00"),
    ("2026-10-25 00:00", "Europe/Berlin", "2026-10-25", "2026-10-26 23:00"),
]


@pytest.mark.parametrize(("ended", "zone", "day", "deadline"), DATES)
def test_leap_days_and_years_ends_are_days_of_the_site(
    ended: str, zone: str, day: str, deadline: str
) -> None:
    rules = {"rating_window_days": 1, "day_unit": "natural"}
    ledger = begun(ended, zone, **rules)
    serve(ledger, at(ended, zone))
    assert ledger.one("SELECT business_date FROM session") == day
    assert states(ledger)["A1"] == ("awaiting", deadline)


def test_a_number_of_three_days_and_two_sites_told_backwards_is_six_sessions() -> None:
    ledger = begun("2026-01-05 09:00")
    for device, site in (("eval-0001", "hall"), ("eval-0002", "annex")):
        row = {"device_id": device, "site": site}
        ledger.act("device_put", {"device": row})
    days = [at(f"2026-01-0{day} 10:00") for day in (2, 3, 4)]
    facts = [
        (device, day_ms, kind)
        for day_ms in days
        for device in ("eval-0001", "eval-0002")
        for kind in ("opened", "ended", "rating")
    ]
    for device, day_ms, kind in reversed(facts):
        if kind == "rating":
            at_ms = day_ms + 600_000
            body = element(f"r-{at_ms:013d}", 4, session_id="A1", occurred_at=at_ms)
            ledger.append([message(device, body, ledger.clock.wall_ms())])
        else:
            serve(ledger, day_ms + 300_000 * (kind == "ended"), "A1", device, kind)
    rows = ledger.all(
        "SELECT site, business_date, state, json_array_length(ratings)"
        " FROM session ORDER BY 1, 2"
    )
    dates = ("2026-01-02", "2026-01-03", "2026-01-04")
    sites = ("annex", "hall")
    assert rows == [(site, day, "rated", 1) for site in sites for day in dates]
