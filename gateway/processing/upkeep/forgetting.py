"""What remains of an erasure beside the ledger's tables, and goes after its commit.

First the engine's log, which still holds the pages as they were: it is synced into the
file and truncated. Then the checkpoints: they are copies of an older ledger, so another
one is taken, and when its record is folded those from before the erasure are deleted. A
start begins with the log and looks at the checkpoints: a crash anywhere loses nothing.
"""

import asyncio
from typing import Final

from gateway.crashpoints import reach
from gateway.ledger.store import Store

_RETRY_S: Final = 1.0


class Forgetting:
    """Empties the ledger's log once after each erasure, and at the start."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._due = asyncio.Event()
        self._due.set()

    def want(self) -> None:
        """Something was erased and committed."""
        self._due.set()

    def step(self) -> bool:
        """Empty the log; False when somebody reads in it."""
        reach("erase.before_log")
        done = self._store.forget_log()
        if done:
            reach("erase.after_log")
        return done

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self._due.wait()
            if self.step():
                self._due.clear()
            else:
                await asyncio.sleep(_RETRY_S)
