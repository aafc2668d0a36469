"""Which session a rating belongs to, and what each arrival tells."""

import pytest

from gateway.processing.ratings import changing
from tests.support.folding import (
    DAY_MS,
    SECOND_MS,
    START_MS,
    FoldedLedger,
    element,
    message,
)

MINUTE_MS = 60 * SECOND_MS


def press(
    ledger: FoldedLedger, number: int, at_ms: int, level: int = 5, **fields: object
) -> None:
    """One rating in a block of its own, pressed so long after the start."""
    claim = {"occurred_at": START_MS - 30 * DAY_MS + at_ms}
    body = element(f"event-{number:04d}", level, **claim, **fields)
    ledger.take(message("eval-0001", body))


def states(ledger: FoldedLedger) -> list[tuple[str, str]]:
    return [
        (row[0], row[1])
        for row in ledger.all("SELECT session_id, state FROM session ORDER BY no")
    ]


def in_effect(ledger: FoldedLedger) -> list[str]:
    rows = ledger.all("SELECT event_id FROM rating WHERE effective ORDER BY place")
    return [row[0] for row in rows]


def test_a_rating_with_a_number_makes_its_session(ledger: FoldedLedger) -> None:
    press(ledger, 1, 0, session_id="A1")
    assert states(ledger) == [("A1", "rated")]
    (event,) = ledger.ratings_told()
    assert event.session_key == ":A1:0:1"


def test_a_rating_without_a_number_stands_alone(ledger: FoldedLedger) -> None:
    press(ledger, 1, 0)
    assert states(ledger) == []
    assert in_effect(ledger) == ["event-0001"]


@pytest.mark.parametrize(("multi_press", "winner"), [("first", 1), ("last", 2)])
def test_a_second_press_at_once_is_one_answer(
    ledger: FoldedLedger, multi_press: str, winner: int
) -> None:
    ledger.rules(multi_press=multi_press)
    press(ledger, 1, 0, session_id="A1")
    press(ledger, 2, SECOND_MS, session_id="A1")
    assert in_effect(ledger) == [f"event-000{winner}"]
    flagged = ledger.all(
        "SELECT event_id FROM rating WHERE flags LIKE '%double_press%'"
    )
    assert flagged == [(f"event-000{3 - winner}",)]


def test_a_later_press_amends_and_the_next_is_a_repeat(ledger: FoldedLedger) -> None:
    for number, at_ms in enumerate((0, MINUTE_MS, 2 * MINUTE_MS), start=1):
        press(ledger, number, at_ms, session_id="A1")
    assert states(ledger) == [("A1", "amended")]
    assert ledger.told() == [
        ("recorded", "event-0001", 1),
        ("recorded", "event-0002", 1),
        ("superseded", "event-0001", 0),
        ("amended", "event-0002", 1),
        ("recorded", "event-0003", 0),
    ]
    versions = ledger.all("SELECT version, flags FROM rating ORDER BY place")
    assert versions == [(2, None), (1, None), (1, '["repeat"]')]


def test_an_amendment_may_come_before_what_it_amends(ledger: FoldedLedger) -> None:
    press(ledger, 2, MINUTE_MS, amends="event-0001")
    press(ledger, 1, 0)
    assert in_effect(ledger) == ["event-0002"]
    assert [state for _, state in states(ledger)] == ["amended"]
    assert ledger.told() == [
        ("recorded", "event-0002", 1),
        ("recorded", "event-0001", 0),
        ("amended", "event-0002", 1),
    ]


@pytest.mark.parametrize("amends", ["event-0001", "eval-0001:event-0001"])
@pytest.mark.parametrize("numbers", [(None, None), ("A1", None), (None, "A1")])
def test_an_amendment_finds_its_target(
    ledger: FoldedLedger, amends: str, numbers: tuple[str | None, str | None]
) -> None:
    press(ledger, 1, 0, 1, session_id=numbers[0])
    press(ledger, 2, MINUTE_MS, amends=amends, session_id=numbers[1])
    assert in_effect(ledger) == ["event-0002"]


def test_an_id_with_a_colon_is_first_looked_for_on_its_own_device(
    ledger: FoldedLedger,
) -> None:
    body = element("s:boot-1:12", occurred_at=START_MS - MINUTE_MS)
    ledger.take(message("eval-0001", body))
    press(ledger, 2, 30 * DAY_MS, amends="s:boot-1:12")
    assert in_effect(ledger) == ["event-0002"]


@pytest.mark.parametrize(
    "target",
    [
        element("event-0001", mode="test"),
        element("event-0001", ..., comment_for="event-0009", comment="x"),
    ],
)
def test_an_amendment_of_what_is_no_live_rating_stands_for_itself(
    ledger: FoldedLedger, target: dict[str, object]
) -> None:
    ledger.take(message("eval-0001", target))
    ledger.rules(amendments_max=0)
    press(ledger, 2, 0, amends="event-0001")
    assert in_effect(ledger) == ["event-0002"]
    assert ledger.told() == [("recorded", "event-0002", 1)]


def test_a_rating_that_amends_itself_is_a_rating(ledger: FoldedLedger) -> None:
    press(ledger, 1, 0, amends="event-0001")
    assert in_effect(ledger) == ["event-0001"]


def test_a_customer_supersedes_a_devices_timeout(ledger: FoldedLedger) -> None:
    press(ledger, 1, 0, 3, session_id="A1", origin="device_timeout")
    press(ledger, 2, MINUTE_MS, session_id="A1")
    assert in_effect(ledger) == ["event-0002"]
    assert ledger.told()[1:] == [
        ("recorded", "event-0002", 1),
        ("superseded", "event-0001", 0),
    ]
    (superseded,) = [e for e in ledger.ratings_told() if e.type == "rating.superseded"]
    assert superseded.related == "eval-0001:event-0002"


def test_a_followup_is_linked_and_never_in_effect(ledger: FoldedLedger) -> None:
    press(ledger, 1, 0, 1, session_id="A1")
    press(ledger, 2, DAY_MS, session_id="A1", round="followup")
    assert in_effect(ledger) == ["event-0001"]
    assert ledger.one("SELECT ratings FROM session").count(",") == 1
    alone = "SELECT state FROM session WHERE session_id = 'A2'"
    press(ledger, 3, DAY_MS, session_id="A2", round="followup")
    assert ledger.one(alone) == "opened"
    assert ledger.told()[-1] == ("recorded", "event-0003", 0)


def test_numbers_come_back_after_the_windows_have_passed(ledger: FoldedLedger) -> None:
    press(ledger, 1, 0, session_id="A1")
    press(ledger, 2, 12 * DAY_MS, session_id="A1")
    assert ledger.all("SELECT n, state FROM session") == [(1, "rated"), (2, "rated")]


def test_stages_and_sites_have_sessions_of_their_own(ledger: FoldedLedger) -> None:
    ledger.act("device_put", {"device": {"device_id": "eval-0002", "site": "annex"}})
    press(ledger, 1, 0, session_id="A1")
    press(ledger, 2, 0, session_id="A1", stage=2)
    ledger.take(message("eval-0002", element("event-0001", session_id="A1")))
    scopes = ledger.all("SELECT site, stage FROM session ORDER BY no")
    assert scopes == [("", 0), ("", 2), ("annex", 0)]


def test_without_sessions_every_rating_counts(ledger: FoldedLedger) -> None:
    ledger.rules(session_mode="none")
    press(ledger, 1, 0, session_id="A1")
    press(ledger, 2, SECOND_MS, session_id="A1")
    assert in_effect(ledger) == ["event-0001", "event-0002"]
    assert states(ledger) == []
    assert {event.session_id for event in ledger.ratings_told()} == {"A1"}


def test_the_local_date_follows_the_zone_in_force(ledger: FoldedLedger) -> None:
    for number, zone in enumerate(("UTC", "Pacific/Auckland")):
        ledger.rules(time_zone=zone)
        body = element(f"event-{number:04d}", session_id=f"A{number}")
        ledger.take(message("eval-0001", body))
    dates = ledger.all("SELECT business_date FROM session ORDER BY no")
    assert dates == [("2026-11-21",), ("2026-11-22",)]


def test_a_number_that_never_changes_makes_ratings_no_dearer(
    ledger: FoldedLedger,
) -> None:
    bound = changing.RATINGS_MAX + ledger.state.rules.amendments_max
    bodies = [
        element(f"event-{n:04d}", session_id="A1", occurred_at=START_MS + n * SECOND_MS)
        for n in range(bound + 10)
    ]
    for start in range(0, len(bodies), 20):
        chosen = bodies[start : start + 20]
        ledger.take(*(message("eval-0001", body) for body in chosen))
    kept = ledger.one("SELECT json_array_length(ratings) FROM session")
    assert kept == bound
    told = [event for event in ledger.told() if event[0] == "recorded"]
    assert len(told) == len(bodies)
    repeats = (
        "SELECT count(*) FROM rating WHERE flags = '[\"repeat\"]' AND NOT effective"
    )
    assert ledger.one(repeats) >= 10
    assert len(in_effect(ledger)) == 1


def test_a_number_that_no_session_begins_with_makes_ratings_no_dearer(
    ledger: FoldedLedger,
) -> None:
    ledger.rules(session_mode="required")
    bound = changing.RATINGS_MAX + ledger.state.rules.amendments_max
    for n in range(bound + 10):
        body = element(
            f"event-{n:04d}", session_id="A1", occurred_at=START_MS + n * SECOND_MS
        )
        ledger.take(message("eval-0001", body))
    assert ledger.one("SELECT count(*) FROM waiting") == bound
    told = [event for event in ledger.told() if event[0] == "recorded"]
    assert len(told) == bound + 10
    assert len(in_effect(ledger)) == 1
