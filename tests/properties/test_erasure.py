"""Erased at any moment among any messages: gone everywhere, all else as before."""

import json
from collections.abc import Sequence

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.journal.damage import walk
from tests.support.erasing import kept_in, pending, redact_journal, told_by
from tests.support.folding import FoldedLedger, element, message, snapshot

SECRET = "S3CRET"
CONTACT = {"kind": "phone", "value": f"{SECRET}-138"}
TARGET = "eval-0001:event-0001"

BODY = element("event-0001", 1, comment=f"{SECRET} slow", contact=CONTACT)
BODIES: dict[str, object] = {
    "own": BODY,
    "in an array": [element("event-0002"), BODY],
    "twice in an array": [BODY, BODY, 7],
    "conflict": element("event-0001", 2, comment=f"{SECRET} other"),
    "refused": element("event-0001", 9, comment=SECRET),
    "too long": element("event-0001", 1, comment=SECRET * 200),
    "alone": element("event-0003", ..., comment_for="event-0001", comment=SECRET),
    "of another": element("event-0004", comment="kept"),
    "plain": element("event-0005"),
    "old": element("event-0001", 1, occurred_at=1_000_000_000_000, comment=SECRET),
}
Step = str

STEPS = st.lists(
    st.sampled_from(
        [*BODIES, "erase", "redact", "retire", "approve", "replay", "retained"]
    ),
    max_size=14,
)


def started(personal_days: int = 30) -> FoldedLedger:
    ledger = FoldedLedger()
    ledger.rules(unknown_devices="hold", personal_days=personal_days)
    return ledger


def approve(ledger: FoldedLedger) -> None:
    act = {"author": "a", "device_id": "eval-0001"}
    ledger.act("device_approved", act)


def perform(ledger: FoldedLedger, step: Step) -> None:
    if step == "erase":
        ledger.act("rating_erased", {"author": "a", "rating_id": TARGET, "reason": "r"})
    elif step == "redact":
        redact_journal(ledger)
    elif step == "approve":
        approve(ledger)
    elif step == "retire":
        ledger.act("device_retired", {"author": "a", "device_id": "eval-0001"})
    elif step == "replay":
        ledger.act("quarantine_replayed", {"author": "a"})
    elif step == "retained":
        ledger.take(message("eval-0001", BODIES["own"], flags=1))
    else:
        body = BODIES[step]
        ledger.take(message("eval-0001", body, ledger.clock.wall_ms()))


def fold(steps: Sequence[Step]) -> FoldedLedger:
    ledger = started()
    for step in steps:
        perform(ledger, step)
        ledger.clock.advance(1_000)
    return ledger


def folded_alike(ledger: FoldedLedger) -> None:
    again = ledger.refolded(3)
    ours, theirs = snapshot(again.store), snapshot(ledger.store)
    for table, rows in theirs.items():
        assert ours[table] == rows, table
    assert again.outbox() == ledger.outbox()
    columns = "place, rating_id, key_id, sealed IS NULL, digest, subject, at_ms, kept"
    query = f"SELECT {columns} FROM personal ORDER BY place"
    assert again.all(query) == ledger.all(query)


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_whatever_was_erased_the_journal_folds_into_the_same_ledger(
    steps: list[Step],
) -> None:
    ledger = fold(steps)
    folded_alike(ledger)
    assert ledger.accounted(), ledger.fates()
    headers = [header for header, records in ledger.journal.blocks(0, 999)]
    assert list(walk(headers, None)) == []
    assert all(records is not None for _, records in ledger.journal.blocks(0, 999))


@settings(max_examples=50, deadline=None)
@given(STEPS, STEPS)
def test_what_was_erased_is_nowhere_and_does_not_come_back(
    before: list[Step], after: list[Step]
) -> None:
    ledger = fold(["plain", "approve", "own", *before, "approve", "erase", "redact"])
    told = told_by(ledger.journal) + kept_in(ledger)
    assert SECRET.encode() not in told
    assert json.dumps(f"{SECRET} slow").encode()[1:-1] not in told
    repeats = [step for step in after if step not in {"alone", "erase"}]
    for step in repeats:
        perform(ledger, step)
    assert SECRET.encode() not in kept_in(ledger)
    redact_journal(ledger)
    assert SECRET.encode() not in told_by(ledger.journal)
    assert pending(ledger) == []
    folded_alike(ledger)


def test_the_counts_of_an_erased_rating_stay() -> None:
    ledger = fold(["plain", "approve", "own", "own"])
    before = ledger.fates()
    perform(ledger, "erase")
    redact_journal(ledger)
    ledger.take(message("eval-0001", BODY))
    assert ledger.fates() == {**before, "duplicate": before["duplicate"] + 1}
    assert msgspec.json.decode(ledger.events("comment.erased")[0].data) == {
        "rating_id": TARGET,
        "device_id": "eval-0001",
        "cause": "request",
    }
