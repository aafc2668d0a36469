"""What customers said goes so many days after it was settled."""

import pytest

from tests.support.erasing import kept_in
from tests.support.folding import DAY_MS, FoldedLedger, element, message

SECRET = "S3CRET"


@pytest.fixture
def ledger() -> FoldedLedger:
    ledger = FoldedLedger()
    ledger.rules(personal_days=3, session_mode="none")
    return ledger


def days(ledger: FoldedLedger, count: int) -> None:
    for _ in range(count):
        ledger.clock.advance(DAY_MS)
        ledger.take()


def say(ledger: FoldedLedger, level: int, event_id: str = "event-0001") -> None:
    body = element(event_id, level, comment=SECRET, session_id="A1")
    ledger.take(message("eval-0001", body, ledger.clock.wall_ms()))


def kept(ledger: FoldedLedger) -> int:
    return int(ledger.one("SELECT count(*) FROM personal WHERE sealed IS NOT NULL"))


def test_a_comment_is_kept_for_its_days(ledger: FoldedLedger) -> None:
    say(ledger, 5)
    days(ledger, 3)
    assert kept(ledger) == 1
    days(ledger, 2)
    assert kept(ledger) == 0
    (told,) = ledger.events("comment.erased")
    assert b'"retention"' in told.data
    assert SECRET.encode() not in kept_in(ledger)


def test_one_that_somebody_must_act_upon_stays(ledger: FoldedLedger) -> None:
    ledger.rules(personal_days=3)
    say(ledger, 1)
    days(ledger, 20)
    assert kept(ledger) == 1
    step = {"author": "a", "subject": "eval-0001:event-0001", "step": "contacted"}
    for name in ("contacted", "fixed", "confirmed"):
        ledger.act("followup_step_taken", {**step, "step": name})
    days(ledger, 2)
    assert kept(ledger) == 1
    days(ledger, 3)
    assert kept(ledger) == 0


def test_refused_messages_are_redacted_in_their_turn(ledger: FoldedLedger) -> None:
    say(ledger, 5)
    say(ledger, 4)
    assert SECRET.encode() in kept_in(ledger)
    days(ledger, 6)
    assert SECRET.encode() not in kept_in(ledger)
    assert ledger.one("SELECT count(*) FROM quarantine") == 1
    assert ledger.accounted()


def test_the_look_ends_with_what_is_kept(ledger: FoldedLedger) -> None:
    say(ledger, 5)
    days(ledger, 6)
    query = "SELECT count(*) FROM timer WHERE kind = 'retention'"
    assert ledger.one(query) == 0
    say(ledger, 5, "event-0002")
    assert ledger.one(query) == 1


def test_it_folds_into_the_same_ledger(ledger: FoldedLedger) -> None:
    say(ledger, 5)
    say(ledger, 4)
    days(ledger, 6)
    again = ledger.refolded(3)
    query = "SELECT place, sealed IS NULL, digest, at_ms, kept FROM personal"
    assert again.all(query) == ledger.all(query)
    assert again.outbox() == ledger.outbox()
