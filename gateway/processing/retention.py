"""How long it is kept what customers said: so many days after it was settled.

Settled is what nobody has to act upon: a comment at once, one with a bad rating when
its follow-up is closed, a complaint when somebody has replied. A day's worth goes in
portions, each in a fold of its own.
"""

from typing import Final

from gateway.ledger.ratings import PersonalRow
from gateway.processing.acts.erasing import announce_erased, erase_copy
from gateway.processing.ratings.finding import find_rating
from gateway.processing.state import DAY_MS, State

RETENTION: Final = "retention"
"""The kind of timer that looks for what has been kept long enough."""

PORTION: Final = 500
_NEXT_PORTION_MS: Final = 1_000
_SUBJECT: Final = "personal"


class Retention:
    """Looks once a day, while anything is kept."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._waits: bool | None = None

    def begin(self) -> None:
        """Something is kept from now on."""
        if self._waits is None:
            self._waits = self._state.books.waits(RETENTION)
        if not self._waits:
            self._wait(DAY_MS)

    def sweep(self, _subject: str) -> None:
        """Erase what was settled long enough ago, a portion of it."""
        state, erasures = self._state, self._state.erasures
        self._waits = False
        before_ms = state.now_ms - state.rules.personal_days * DAY_MS
        rows = erasures.kept_before(before_ms, PORTION)
        for row in rows:
            self._expire(row, before_ms)
        copies = erasures.copied_before(before_ms, PORTION)
        for copy in copies:
            erase_copy(state, copy)
        known_ms = state.now_ms - max(state.horizon_ms, DAY_MS)
        erasures.forget_before(known_ms, PORTION)
        full = len(rows) == PORTION or len(copies) == PORTION
        if full or erasures.any_kept():
            self._wait(_NEXT_PORTION_MS if full else DAY_MS)

    def _wait(self, time_ms: int) -> None:
        self._waits = True
        self._state.set_timer(self._state.now_ms + time_ms, RETENTION, _SUBJECT)

    def _expire(self, row: PersonalRow, before_ms: int) -> None:
        """Erase a row, unless what it is about was settled later than it came."""
        erasures = self._state.erasures
        settled_ms = self._settled_ms(row)
        if settled_ms >= before_ms:
            erasures.look_again(row.place, settled_ms)
            return
        erasures.forget([(row.key_id, row.digest, row.place)])
        announce_erased(self._state, row.subject, "retention")

    def _settled_ms(self, row: PersonalRow) -> int:
        """When nobody had to act upon it any more; tomorrow, while somebody has."""
        state = self._state
        place = state.session_books.complaint(row.subject)
        if place is None:
            stored = find_rating(state, row.subject)
            place = None if stored is None else stored.place
        duty = None if place is None else state.session_books.duty(place)
        if duty is None:
            return row.at_ms
        if not duty.closed:  # as if it had come a day after what is due today
            return state.now_ms - (state.rules.personal_days - 1) * DAY_MS
        steps = (duty.contacted_ms, duty.fixed_ms, duty.confirmed_ms)
        return max(row.at_ms, *(step or 0 for step in steps))
