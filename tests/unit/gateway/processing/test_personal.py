"""Comments and contacts leave the message at the fold, sealed, and are told once."""

from pathlib import Path

import msgspec
import pytest

from gateway.ledger.outbox import SqliteOutbox
from tests.support.folding import FoldedLedger, element, message


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
