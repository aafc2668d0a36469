"""Keeps the outbox from growing for ever: what is old and settled goes."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import structlog

from gateway.errors import TransientError
from gateway.ledger.outbox_pruning import ROWS_A_STEP, OutboxPruning
from gateway.processing.state import DAY_MS, State
from gateway.queries.rows import SinkCursor

_LOOK_EVERY_S: Final = 600.0
_STEP_EVERY_S: Final = 1.0

_log = structlog.get_logger(__name__)


class Settled(NamedTuple):
    """How far the dispatcher is: controls before a block, each sink's cursor."""

    controls_read: int
    cursors: Sequence[SinkCursor]


class OutboxRetention:
    """Steps between two folds, each one short transaction."""

    def __init__(
        self, state: State, settled: Callable[[], Settled], retention_days: int
    ) -> None:
        """`settled` reads the delivery store; it may raise TransientError."""
        self._state = state
        self._settled = settled
        self._retention_ms = retention_days * DAY_MS
        self._pruning = OutboxPruning(state.store)

    def step(self) -> int:
        """How many rows went; none while the journal's time is suspect."""
        state = self._state
        if state.suspect:
            return 0
        settled = self._settled()
        before_ms = state.now_ms - self._retention_ms
        return self._pruning.step(
            before_ms, settled.controls_read, list(settled.cursors)
        )

    async def run(self, count: Callable[[int], object]) -> None:
        """Until cancelled; `count` is told how many rows went."""
        while True:
            pruned = self._tried()
            count(pruned)
            full = pruned >= ROWS_A_STEP
            await asyncio.sleep(_STEP_EVERY_S if full else _LOOK_EVERY_S)

    def _tried(self) -> int:
        try:
            return self.step()
        except TransientError as error:  # no dispatcher has run yet, or it is busy
            _log.debug("outbox_not_pruned", detail=str(error))
            return 0
