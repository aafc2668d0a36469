"""What happens when a timer of the journal's time is due.

To add a kind of timer: its handler in the table that `Fold` gives to `Timers`, and
`State.set_timer` where it begins to run.
"""

from collections.abc import Callable, Mapping
from typing import Final

from gateway.processing.state import State

Handler = Callable[[str], None]
"""Takes the subject that the timer was set for; the timer itself is gone by then."""

TIMERS_MAX: Final = 1_000  # one block fires no more; the rest waits for the next one


class Timers:
    """Fires what is due, the earliest first, whatever it is about: O(due)."""

    def __init__(self, state: State, handlers: Mapping[str, Handler]) -> None:
        self._state = state
        self._handlers = handlers

    def fire(self) -> None:
        """Call the handlers of all that is due by the block's time.

        Nothing fires while the clock is suspect: a jump of it would bring down every
        deadline at once. A kind that nothing handles has no effect when it is due.
        """
        state = self._state
        if state.suspect or state.next_due is None or state.next_due > state.now_ms:
            return
        for timer in state.books.due(state.now_ms, TIMERS_MAX):
            handler = self._handlers.get(timer.kind)
            if handler is not None:
                handler(timer.subject)
        state.next_due = state.books.next_due()
