"""When to append a block so that the journal's time goes on.

It is empty, or takes along what waits for company.
"""

from typing import Final

from gateway.ports import Header

IDLE_TICK_MS: Final = 60_000
TICK_INTERVAL_MS_MIN: Final = 2_000
"""Timers of ten thousand devices are due all the time: they wait for each other."""


class Ticks:
    """The next tick, from what the processor asked for and the newest block.

    Journal time is `appended_ms`; between blocks it is guessed by the monotonic
    clock, because the wall clock may be the one that is wrong.
    """

    def __init__(self, head: Header | None, *, wall_ms: int, now_ms: int) -> None:
        self._journal_ms = head.appended_ms if head else wall_ms
        self._appended_ms = now_ms  # monotonic, at the newest block
        self._rests_until_ms = now_ms  # monotonic: no tick that was asked for before
        self._asked_ms: int | None = None  # journal time

    def ask(self, timer_ms: int) -> None:
        """The processor's next timer is due at this journal time."""
        if self._asked_ms is None or timer_ms < self._asked_ms:
            self._asked_ms = timer_ms

    def appended(self, header: Header, now_ms: int) -> None:
        """A block moves journal time."""
        self._journal_ms = header.appended_ms
        self._appended_ms = now_ms
        if self._asked_ms is not None and self._asked_ms <= header.appended_ms:
            self._asked_ms = None

    def ticked(self, now_ms: int, rest_ms: int = TICK_INTERVAL_MS_MIN) -> None:
        """A block is about to be appended for time's sake: the next not too soon."""
        self._rests_until_ms = now_ms + rest_ms

    def due_ms(self) -> int:
        """When the next tick is due, in monotonic milliseconds."""
        idle_ms = self._appended_ms + IDLE_TICK_MS
        if self._asked_ms is None:
            return idle_ms
        asked_ms = self._appended_ms + self._asked_ms - self._journal_ms
        return min(idle_ms, max(asked_ms, self._rests_until_ms))
