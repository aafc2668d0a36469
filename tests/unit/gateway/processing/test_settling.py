"""What is told when a session's ratings are chosen again."""

from gateway.events import cloud_id
from tests.support.folding import START_MS, FoldedLedger, element, message

DEVICE = "eval-0001"


def pressed_at(second: int, event: str) -> dict[str, object]:
    return element(event, session_id="A1", occurred_at=START_MS + second * 1000)


def test_an_amendment_is_told_once_whatever_it_then_amends() -> None:
    ledger = FoldedLedger()
    ledger.rules()
    received_ms = START_MS + 120_000
    for body in (
        pressed_at(10, "event-first"),
        pressed_at(70, "event-amending"),
        pressed_at(8, "event-late"),  # now the first; the other one was a second press
    ):
        ledger.take(message(DEVICE, body, received_ms))
    ids = [cloud_id(event) for row in ledger.outbox() for event in row.events]
    assert f"evalgate.rating.amended.v1:{DEVICE}:event-amending:1" in ids
    assert len(ids) == len(set(ids))
