"""Follows the journal: folds what is new, and says when it wants to be woken."""

from typing import Final

from gateway.ports import JournalReader
from gateway.processing.fold import Fold

BLOCKS_MIN: Final = 8
BLOCKS_MAX: Final = 48
MESSAGES_AIM: Final = 4_000
"""Of one transaction while behind: fewer commits, and bounded memory.

The blocks read at once follow from how large the last ones were.
"""


class Processor:
    """A steppable loop: one transaction a step."""

    def __init__(self, reader: JournalReader, fold: Fold) -> None:
        self._reader = reader
        self._fold = fold
        self._limit = BLOCKS_MIN
        self.folded = 0  # messages of the last step
        self.behind = False  # whether there was more than the last step took

    @property
    def block(self) -> int:
        """The last block folded."""
        return self._fold.state.block

    @property
    def next_due_ms(self) -> int | None:
        """When the next timer is due, in the journal's time."""
        return self._fold.state.next_due

    @property
    def overdue_at(self) -> int | None:
        """The last block, if timers that are due by its time wait for another one."""
        state, due_ms = self._fold.state, self.next_due_ms
        overdue = due_ms is not None and due_ms <= state.now_ms and not state.suspect
        return state.block if overdue else None

    def step(self) -> int:
        """Fold at most `BLOCKS_MAX` blocks; answers how many."""
        blocks = self._reader.blocks(self.block, self._limit)
        self.folded = sum(block.header.messages for block in blocks)
        self.behind = len(blocks) == self._limit
        if blocks:
            self._fold.blocks(blocks)
            fitting = MESSAGES_AIM * len(blocks) // max(1, self.folded)
            self._limit = min(max(fitting, BLOCKS_MIN), BLOCKS_MAX)
        return len(blocks)
