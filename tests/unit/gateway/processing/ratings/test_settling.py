"""What is told when a session's ratings are chosen again, and what voids take along."""

from typing import Any

import msgspec
import pytest

from gateway.events import cloud_id
from tests.support.folding import DAY_MS, START_MS, FoldedLedger, element, message


def press(ledger: FoldedLedger, number: int, after_s: int, **fields: object) -> None:
    claim = START_MS - 86_400_000 + after_s * 1_000
    body = element(f"event-{number:04d}", occurred_at=claim, **fields)
    ledger.take(message("eval-0001", body))


def void(ledger: FoldedLedger, number: int) -> dict[str, Any]:
    rating_id = f"eval-0001:event-{number:04d}"
    asked = {"author": "anna", "rating_id": rating_id, "reason": "a joke"}
    return ledger.settle("rating_voided", asked)


def test_a_rating_alone_is_voided(ledger: FoldedLedger) -> None:
    press(ledger, 1, 0)
    assert void(ledger, 1) == {"rating_id": "eval-0001:event-0001"}
    assert ledger.told() == [("recorded", "event-0001", 1), ("voided", "event-0001", 0)]
    kept = msgspec.json.decode(ledger.one("SELECT void FROM rating"))
    assert (kept["reason"], kept["by"]) == ("a joke", "anna")


@pytest.mark.parametrize("number", [1, 2])
def test_with_any_version_goes_the_whole_session_and_nothing_revives(
    ledger: FoldedLedger, number: int
) -> None:
    press(ledger, 1, 0, session_id="A1")
    press(ledger, 2, 60, session_id="A1")
    void(ledger, number)
    assert ledger.one("SELECT state FROM session") == "voided"
    press(ledger, 3, 120, session_id="A1")
    press(ledger, 4, -1, session_id="A1")
    assert ledger.one("SELECT count(*) FROM rating WHERE effective") == 0
    assert ledger.one("SELECT state FROM session") == "voided"
    voided = {event for name, event, _ in ledger.told() if name == "voided"}
    assert voided == {"event-0001", "event-0002"}


@pytest.mark.parametrize(
    "fields", [{"after_s": 1}, {"after_s": 60, "round": "followup"}]
)
def test_a_press_without_effect_takes_nothing_with_it(
    ledger: FoldedLedger, fields: dict[str, Any]
) -> None:
    press(ledger, 1, 0, session_id="A1")
    press(ledger, 2, session_id="A1", **fields)
    void(ledger, 2)
    assert ledger.all("SELECT event_id FROM rating WHERE effective") == [
        ("event-0001",)
    ]
    assert ledger.one("SELECT state FROM session") == "rated"
    assert ledger.told()[-1] == ("voided", "event-0002", 0)


def test_a_void_is_not_repeated(ledger: FoldedLedger) -> None:
    press(ledger, 1, 0)
    void(ledger, 1)
    assert void(ledger, 1)["error"] == "conflict"


def test_what_no_sink_saw_is_voided_in_silence(ledger: FoldedLedger) -> None:
    press(ledger, 1, 0, mode="test")
    assert "error" not in void(ledger, 1)
    assert ledger.told() == []


def test_a_comment_alone_is_no_rating(ledger: FoldedLedger) -> None:
    body = element("event-0001", ..., comment_for="event-0002", comment="x")
    ledger.take(message("eval-0001", body))
    assert void(ledger, 1)["error"] == "not_found"
    assert void(ledger, 7)["error"] == "not_found"


def test_an_amendment_is_told_once_whatever_it_then_amends(
    ledger: FoldedLedger,
) -> None:
    # The last one is now the first; what was it, a second press of the same answer.
    for number, after_s in ((1, 10), (2, 70), (3, 8)):
        press(ledger, number, after_s, session_id="A1")
    ids = [cloud_id(event) for row in ledger.outbox() for event in row.events]
    assert "evalgate.rating.amended.v1:eval-0001:event-0002:1" in ids
    assert len(ids) == len(set(ids))


def test_a_rating_that_comes_into_effect_by_amending_is_told_once(
    ledger: FoldedLedger,
) -> None:
    # The last one is now the first, which the second amends; no other one may.
    for number, after_s in ((1, 100), (2, 50), (3, 40)):
        press(ledger, number, after_s, session_id="A1")
    ids = [cloud_id(event) for row in ledger.outbox() for event in row.events]
    assert "evalgate.rating.amended.v1:eval-0001:event-0002:2" in ids
    assert len(ids) == len(set(ids))


def test_a_void_takes_along_what_is_a_version_in_the_end(ledger: FoldedLedger) -> None:
    press(ledger, 1, 0, session_id="A1")
    press(ledger, 3, 60, session_id="A1")  # an amendment, until an earlier one comes
    void(ledger, 1)
    press(ledger, 2, 30, session_id="A1")
    rows = ledger.all("SELECT event_id, void ->> '$.with' FROM rating ORDER BY 1")
    assert rows == [
        ("event-0001", None),
        ("event-0002", "eval-0001:event-0001"),
        ("event-0003", None),
    ]
    last = "SELECT void, flags FROM rating WHERE event_id = 'event-0003'"
    assert ledger.all(last) == [(None, '["repeat"]')]


def test_a_rating_that_names_itself_amends_nothing(ledger: FoldedLedger) -> None:
    press(ledger, 1, 0, session_id="A1", amends="event-0001")
    press(ledger, 2, 60, session_id="A1")
    rows = ledger.all("SELECT event_id, effective FROM rating ORDER BY 1")
    assert rows == [("event-0001", 0), ("event-0002", 1)]


def test_a_default_goes_with_its_session_when_another_one_absorbs_that(
    ledger: FoldedLedger,
) -> None:
    def told(action: str, days: int) -> None:
        at_ms = START_MS - days * DAY_MS
        body = {"v": 1, "event_id": f"event-{action}", "session_id": "A1"}
        known = {**body, "action": action, "occurred_at": at_ms}
        ledger.take(message("eval-0001", known, channel="session"))

    press(ledger, 1, -5 * DAY_MS // 1_000, session_id="A1")
    told("ended", 4)  # of another session, it seems
    ledger.clock.advance(9 * DAY_MS)
    ledger.take()
    ledger.take()
    assert ledger.one("SELECT count(*) FROM rating WHERE effective") == 2
    told("opened", 7)  # before the press: all of it is one session
    assert ledger.all("SELECT state FROM session") == [("rated",)]
    assert ledger.one("SELECT count(*) FROM rating WHERE effective") == 1
    name, event_id, effective = ledger.told()[-1]
    assert (name, event_id[:8], effective) == ("superseded", "default-", 0)
