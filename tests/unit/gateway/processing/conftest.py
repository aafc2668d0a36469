"""A ledger that the fold makes; unknown devices are approved."""

import pytest

from tests.support.folding import FoldedLedger


@pytest.fixture
def ledger() -> FoldedLedger:
    ledger = FoldedLedger()
    ledger.rules()
    return ledger
