"""A step folds what is new, a bounded number of blocks in one transaction."""

from gateway.processing.processor import BLOCKS_MAX, BLOCKS_MIN, Processor
from tests.support.folding import FoldedLedger, element, message


def test_it_catches_up_in_bounded_steps_and_then_rests() -> None:
    ledger = FoldedLedger()
    for number in range(BLOCKS_MIN + BLOCKS_MAX + 3):
        ledger.journal.append([message("eval-0001", element(f"event-{number:04d}"))])
    processor = Processor(ledger.journal, ledger.fold)
    steps = [(processor.step(), processor.behind) for _ in range(4)]
    assert steps == [(BLOCKS_MIN, True), (BLOCKS_MAX, True), (3, False), (0, False)]
    assert processor.block == ledger.journal.last_number()
    assert ledger.accounted()


def test_it_says_when_it_wants_to_be_woken() -> None:
    ledger = FoldedLedger()
    processor = Processor(ledger.journal, ledger.fold)
    assert processor.next_due_ms is None
    ledger.state.set_timer(7, "deferral", "eval-0001")
    assert processor.next_due_ms == 7
