"""The rules of one session at one moment, and its deadlines: fixed, else counted."""

from gateway.ratings.facts import ClockName, Facts, Fixed
from gateway.ratings.policy import SessionRules
from gateway.ratings.workdays import Calendar, Deadline


class Terms:
    """Remembers which deadlines were asked for, to fix those that have passed."""

    def __init__(
        self, facts: Facts, rules: SessionRules, calendar: Calendar, now_ms: int
    ) -> None:
        self.rules, self.calendar, self.now_ms = rules, calendar, now_ms
        self._fixed = {(one.clock, one.since_ms): one for one in facts.fixed}
        self._asked: dict[tuple[ClockName, int], Fixed] = {}

    def deadline(self, clock: ClockName, since_ms: int, days: int) -> Deadline:
        known = self._fixed.get((clock, since_ms))
        if known is not None:
            return Deadline(known.at_ms, known.estimated)
        found = self.calendar.deadline(since_ms, days, self.rules.day_unit)
        self._asked[clock, since_ms] = Fixed(since_ms, days, *found, clock)
        return found

    def amend_until(self, first_ms: int) -> int:
        days = self.rules.amend_window_days
        return self.deadline("amendment", first_ms, days).at_ms

    def fixed(self, met_ms: int | None) -> tuple[Fixed, ...]:
        """Those fixed before, those that have passed, and the one that was met.

        `met_ms` is the end of the service that was rated in time.
        """
        if not self._fixed and not self._asked:
            return ()
        new = [
            one
            for key, one in self._asked.items()
            if one.at_ms <= self.now_ms or key == ("rating", met_ms)
        ]
        kept = [*self._fixed.values(), *new]
        return tuple(sorted(kept, key=lambda one: (one.since_ms, one.days, one.clock)))
