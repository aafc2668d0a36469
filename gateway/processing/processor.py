"""Follows the journal: folds what is new, and says when it wants to be woken."""

from typing import Final

from gateway.ports import JournalReader
from gateway.processing.fold import Fold

BLOCKS_MAX: Final = 16
"""Blocks in one transaction while behind: fewer commits, and bounded memory."""


class Processor:
    """A steppable loop: one transaction a step."""

    def __init__(self, reader: JournalReader, fold: Fold) -> None:
        self._reader = reader
        self._fold = fold
        self.folded = 0  # messages of the last step

    @property
    def block(self) -> int:
        """The last block folded."""
        return self._fold.state.block

    @property
    def next_due_ms(self) -> int | None:
        """When the next timer is due, in the journal's time."""
        return self._fold.state.next_due

    def step(self) -> int:
        """Fold at most `BLOCKS_MAX` blocks; answers how many."""
        blocks = self._reader.blocks(self.block, BLOCKS_MAX)
        self.folded = sum(block.header.messages for block in blocks)
        if blocks:
            self._fold.blocks(blocks)
        return len(blocks)
