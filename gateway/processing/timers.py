"""What happens when a timer of the journal's time is due.

To add a kind of timer: its handler in the table that `Fold` gives to `Timers`, and
`State.set_timer` where it begins to run.
"""

from collections.abc import Callable, Mapping
from typing import Final

from gateway.processing.state import State

Handler = Callable[[str], None]
"""Takes the subject that the timer was set for; the timer itself is gone by then."""

LongHandler = Callable[[str], int]
"""The same for many devices at once; answers how many it looked at."""

TIMERS_MAX: Final = 1_000  # one block fires no more; the rest waits for the next one

LOOKED_AT_MAX: Final = 500
"""Having looked at so many devices, a block begins no other long work."""

_LONG_TIMERS_MAX: Final = 100


class Timers:
    """Fires what is due, the earliest first: O(due).

    Long work has a share of each block of its own: neither do sites whose day ends at
    one moment meet in one block, nor do they wait behind the timers of all devices.
    `effort` is how much was done in all: timers fired and devices looked at.
    """

    def __init__(
        self,
        state: State,
        handlers: Mapping[str, Handler],
        long: Mapping[str, LongHandler] | None = None,
    ) -> None:
        self._state = state
        self._handlers = handlers
        self._long = long or {}
        self._block = -1
        self._fired = self._looked_at = 0  # in this block
        self.effort = 0

    def fire(self) -> None:
        """Call the handlers of all that is due by the block's time.

        Nothing fires while the clock is suspect: a jump of it would bring down every
        deadline at once. A kind that nothing handles has no effect when it is due.
        """
        state = self._state
        if state.suspect or state.next_due is None or state.next_due > state.now_ms:
            return
        if state.block != self._block:
            self._block, self._fired, self._looked_at = state.block, 0, 0
        self._fire_quick()
        self._fire_long()
        state.next_due = state.books.next_due()

    def _fire_quick(self) -> None:
        limit = TIMERS_MAX - self._fired
        timers = self._state.books.due(self._state.now_ms, limit, self._long)
        self._fired += len(timers)
        self.effort += len(timers)
        for timer in timers:
            handler = self._handlers.get(timer.kind)
            if handler is not None:
                handler(timer.subject)

    def _fire_long(self) -> None:
        books, now_ms = self._state.books, self._state.now_ms
        for timer in books.due_of(self._long, now_ms, _LONG_TIMERS_MAX):
            if self._looked_at >= LOOKED_AT_MAX:
                return
            books.take_out([timer])
            looked_at = self._long[timer.kind](timer.subject)
            self._looked_at += looked_at
            self.effort += looked_at
