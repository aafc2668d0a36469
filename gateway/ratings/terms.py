"""The rules of one session at one moment, and its deadlines: fixed, else counted."""

from gateway.ratings.facts import Facts, Fixed
from gateway.ratings.policy import SessionRules
from gateway.ratings.workdays import Calendar, Deadline


class Terms:
    """Remembers which deadlines were asked for, to fix those that have passed."""

    def __init__(
        self, facts: Facts, rules: SessionRules, calendar: Calendar, now_ms: int
    ) -> None:
        self.rules, self.calendar, self.now_ms = rules, calendar, now_ms
        self._fixed = {(one.since_ms, one.days): one for one in facts.fixed}
        self._asked: dict[tuple[int, int], Deadline] = {}

    def deadline(self, since_ms: int, days: int) -> Deadline:
        known = self._fixed.get((since_ms, days))
        if known is not None:
            return Deadline(known.at_ms, known.estimated)
        found = self.calendar.deadline(since_ms, days, self.rules.day_unit)
        self._asked[since_ms, days] = found
        return found

    def amend_until(self, first_ms: int) -> int:
        return self.deadline(first_ms, self.rules.amend_window_days).at_ms

    def fixed(self, met: tuple[int, int] | None) -> tuple[Fixed, ...]:
        """Those fixed before, those that have passed, and the one that was met."""
        if not self._fixed and not self._asked:
            return ()
        new = [
            Fixed(*key, *found)
            for key, found in self._asked.items()
            if found.at_ms <= self.now_ms or key == met
        ]
        kept = [*self._fixed.values(), *new]
        return tuple(sorted(kept, key=lambda one: (one.since_ms, one.days)))
