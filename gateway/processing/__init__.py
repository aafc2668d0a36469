"""The processor: blocks of the journal, folded into the ledger."""
