"""Comments and contacts leave the message at the fold, sealed, and are told once."""

from pathlib import Path

import msgspec
import pytest

from gateway.ledger.outbox import SqliteOutbox
from tests.support.folding import START_MS, FoldedLedger, element, message


@pytest.fixture
def ledger(tmp_path: Path) -> FoldedLedger:
    ledger = FoldedLedger(tmp_path / "ledger.db")
    ledger.rules()
    return ledger


def attached(ledger: FoldedLedger) -> list[tuple[str, dict[str, object] | None]]:
    """(rating_id, personal fields) as a sink gets them."""
    reader = SqliteOutbox(ledger.path, ledger.keyring)
    found = []
    for event in ledger.events("comment.attached"):
        assert event.personal is not None
        found.append((event.subject, reader.personal(event.personal)))
    reader.close()
    return found


def test_a_comment_is_sealed_and_joined_at_sending(ledger: FoldedLedger) -> None:
    contact = {"kind": "phone", "value": "13800000000"}
    body = element("event-0001", 1, comment="too slow", contact=contact)
    ledger.take(message("eval-0001", body))
    fields = {"comment": "too slow", "contact": contact}
    assert attached(ledger) == [("eval-0001:event-0001", fields)]
    stored = repr(
        [ledger.all(f"SELECT * FROM {table}") for table in ("rating", "personal")]
    )
    assert "slow" not in stored
    assert "slow" not in repr(msgspec.json.encode(ledger.outbox()))


@pytest.mark.parametrize("first", ["comment", "rating"])
def test_a_comment_alone_speaks_of_its_rating_in_any_order(
    ledger: FoldedLedger, first: str
) -> None:
    comment = element("event-0002", ..., comment_for="event-0001", comment="good")
    records = [
        message("eval-0001", element("event-0001")),
        message("eval-0001", comment),
    ]
    for record in records if first == "rating" else reversed(records):
        ledger.take(record)
    (told,) = attached(ledger)
    expected = "event-0001" if first == "rating" else "eval-0001:event-0001"
    assert told[0].endswith(expected)
    assert told[1] == {"comment": "good"}
    assert ledger.fates() == {"accepted": 2}
    assert [name for name, _, _ in ledger.told()] == ["recorded"]


def test_a_duplicate_comment_is_told_once(ledger: FoldedLedger) -> None:
    body = element("event-0001", comment="good")
    ledger.take(message("eval-0001", body), message("eval-0001", body))
    assert len(attached(ledger)) == 1


def test_a_comment_never_overtakes_its_rating_and_bears_its_own_moment(
    ledger: FoldedLedger,
) -> None:
    """Whether it comes with the rating, with a second one, or alone."""
    numbered = {"session_id": "A1", "comment": "good"}
    for number, fields in enumerate(
        [numbered, numbered, {"comment_for": "event-0000", "comment": "more"}]
    ):
        level = 5 if "session_id" in fields else ...
        at_ms = START_MS - 9_000 + number * 1_000
        body = element(f"event-{number:04d}", level, occurred_at=at_ms, **fields)
        ledger.publish("eval-0001", body)
    told = ledger.events("comment.attached")
    assert {event.partition for event in told} == {":A1:0:1"}
    assert [event.time_ms - START_MS for event in told] == [-9_000, -8_000, -7_000]


def test_a_comment_of_the_same_run_finds_the_session_of_its_rating(
    ledger: FoldedLedger,
) -> None:
    alone = element("event-0002", ..., comment_for="event-0001", comment="good")
    rating = element("event-0001", session_id="A1")
    ledger.take(message("eval-0001", [rating, alone]))
    (told,) = ledger.events("comment.attached")
    assert told.partition == ":A1:0:1"


def test_a_comment_of_a_rating_without_a_session_follows_its_device(
    ledger: FoldedLedger,
) -> None:
    ledger.publish("eval-0001", element("event-0001", comment="good"))
    (told,) = ledger.events("comment.attached")
    assert told.partition == "eval-0001"
