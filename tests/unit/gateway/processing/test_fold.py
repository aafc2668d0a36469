"""Blocks as a whole: lost and damaged ones, doubtful time, what a failure leaves."""

import msgspec
import pytest

from gateway.ports import Block, HeaderFlag
from tests.support.folding import FoldedLedger, act, element, message, snapshot


def append(ledger: FoldedLedger, *numbers: int) -> Block:
    """A block that is durable and not yet folded."""
    elements = (element(f"event-{n:04d}", seq=n) for n in numbers)
    header = ledger.journal.append([message("eval-0001", one) for one in elements])
    return ledger.journal.blocks(header.number - 1, 1)[0]


def test_a_damaged_block_is_accounted_and_alarmed(ledger: FoldedLedger) -> None:
    block = append(ledger, 1, 2, 3)
    ledger.fold.blocks([block._replace(records=None)])
    ledger.fold.blocks([append(ledger, 4)])
    assert ledger.fates() == {"accepted": 1, "quarantined:block_damaged": 3}
    assert ledger.all("SELECT cause FROM alert") == [("journal_damaged",)]
    assert ledger.accounted()


def test_messages_of_missing_blocks_are_accounted(ledger: FoldedLedger) -> None:
    append(ledger, 1, 2)
    append(ledger, 3)
    ledger.fold.blocks([append(ledger, 4)])
    assert ledger.fates() == {"accepted": 1, "quarantined:block_missing": 3}
    assert ledger.accounted()


def test_a_tick_changes_nothing_but_the_time(ledger: FoldedLedger) -> None:
    before = snapshot(ledger.store)
    ledger.clock.advance(60_000)
    ledger.take()
    after = snapshot(ledger.store)
    assert {name for name in after if after[name] != before[name]} == {"state"}
    assert ledger.outbox() == []


def test_no_timer_fires_while_time_is_in_doubt(ledger: FoldedLedger) -> None:
    ledger.state.set_timer(ledger.state.now_ms, "deferral", "eval-0001")
    header, records = append(ledger)
    doubtful = msgspec.structs.replace(header, flags=HeaderFlag.CLOCK_SUSPECT.value)
    ledger.fold.blocks([Block(doubtful, records)])
    assert ledger.all("SELECT cause, state FROM alert") == [("clock_suspect", "open")]
    assert ledger.state.next_due is not None


def test_a_failed_transaction_leaves_nothing_behind(
    ledger: FoldedLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    comment = element("event-0002", comment="x", session_id="A1")
    ledger.journal.append(
        [
            message("eval-0001", [element("event-0001", session_id="A1"), comment, 7]),
            message("eval-0009", element("event-0001", amends="event-0007")),
            act("sink_enabled", {"author": "anna", "sink": "a"}),
        ]
    )
    blocks = ledger.journal.blocks(ledger.state.block, 1)
    before = snapshot(ledger.store)

    def fail(*_: object) -> None:
        raise OSError("no space")

    for name in ("commit", "many"):
        with monkeypatch.context() as patched:
            patched.setattr(ledger.store, name, fail)
            with pytest.raises(OSError, match="no space"):
                ledger.fold.blocks(blocks)
        assert snapshot(ledger.store) == before
    ledger.fold.blocks(blocks)
    whole = ledger.refolded()
    assert snapshot(whole.store) == snapshot(ledger.store)
    assert whole.outbox() == ledger.outbox()


def test_a_fold_from_scratch_equals_the_one_of_every_day(ledger: FoldedLedger) -> None:
    for number in range(30):
        bodies = [element(f"event-{number:04d}", session_id=f"A{number % 7}")]
        ledger.take(*(message(f"eval-000{number % 3}", body) for body in bodies))
        ledger.clock.advance(25)
        if number % 10 == 9:
            ledger.restart()
    assert snapshot(ledger.refolded(16).store) == snapshot(ledger.store)
