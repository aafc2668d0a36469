"""An event loop whose time passes only while everybody waits.

For tests in which all ends of every connection live in one loop: what is ready is done
first, and when nothing is, the clock jumps to the next deadline. A machine that stalls
moves no deadline, and nobody waits for one either.
"""

import asyncio
import selectors
from typing import Final

_SETTLE_S: Final = 0.001  # loopback hands over at once, but not in the same system call


class _Selector(selectors.DefaultSelector):
    """Looks without waiting; the waiting is the clock's."""

    def __init__(self) -> None:
        super().__init__()
        self.now_s = 0.0

    def select(
        self, timeout: float | None = None
    ) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        ready = super().select(_SETTLE_S if timeout is not None else None)
        if not ready and timeout is not None:
            self.now_s += timeout
        return ready


class SteppedLoop(asyncio.SelectorEventLoop):
    """Give it to `asyncio.Runner(loop_factory=SteppedLoop)`; `time` is its clock."""

    def __init__(self) -> None:
        self._stepped = _Selector()
        super().__init__(self._stepped)

    def time(self) -> float:
        return self._stepped.now_s
