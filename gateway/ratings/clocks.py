"""Clocks that a dissatisfied customer, or a complaint, sets going.

Source: rating rules, "Session lifecycle". A clock ends at an exclusive deadline in the
site's days; steps that were taken stop it, before the deadline or after it.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Final, NamedTuple

from gateway.ratings.facts import ClockName, Complaint, Step, StepName
from gateway.ratings.policy import SessionRules
from gateway.ratings.workdays import Deadline

Deadlines = Callable[[ClockName, int, int], Deadline]
"""(clock, since_ms, days) to the deadline."""

CONTACT: Final = "contact"
RECTIFY: Final = "rectify"
REPLY: Final = "reply"
_STOPPED_BY: Final[dict[str, tuple[StepName, ...]]] = {
    CONTACT: ("contacted", "fixed", "confirmed"),
    RECTIFY: ("fixed", "confirmed"),
    REPLY: ("contacted", "fixed", "confirmed"),
}


class Clock(NamedTuple):
    """`stopped_ms`: when the step was taken that stopped it; None: it runs."""

    name: str
    due_ms: int
    estimated: bool
    stopped_ms: int | None = None

    def is_overdue(self, now_ms: int) -> bool:
        """Whether it runs beyond its deadline."""
        return self.stopped_ms is None and now_ms >= self.due_ms

    def was_overdue(self, now_ms: int) -> bool:
        """Whether it ran beyond its deadline at any time up to now."""
        until_ms = now_ms if self.stopped_ms is None else min(self.stopped_ms, now_ms)
        return until_ms >= self.due_ms


class Duty(NamedTuple):
    """What somebody owes to a customer: `subject` is a rating_id or a complaint's id.

    `steps` holds the first of each name: (name, at_ms, by).
    """

    subject: str
    since_ms: int
    clocks: tuple[Clock, ...]
    steps: tuple[tuple[str, int, str], ...] = ()

    @property
    def closed(self) -> bool:
        return all(clock.stopped_ms is not None for clock in self.clocks)

    def clock(self, name: str) -> Clock:
        """Its clock of that name; it must have one."""
        return next(clock for clock in self.clocks if clock.name == name)

    def overdue(self, now_ms: int) -> tuple[str, ...]:
        """The clocks that run beyond their deadline, by name."""
        return tuple(one.name for one in self.clocks if one.is_overdue(now_ms))

    def state(self, now_ms: int) -> str:
        """`due`, `overdue` or `closed`."""
        if self.closed:
            return "closed"
        return "overdue" if self.overdue(now_ms) else "due"

    def next_due(self, now_ms: int) -> int | None:
        """When its next clock runs out; None: no clock will."""
        running = [
            clock.due_ms
            for clock in self.clocks
            if clock.stopped_ms is None and clock.due_ms > now_ms
        ]
        return min(running, default=None)


def followup(
    rating_id: str,
    since_ms: int,
    steps: Iterable[Step],
    rules: SessionRules,
    deadlines: Deadlines,
) -> Duty:
    """The duty that a rating at level 1 or 2 starts: to contact, then to rectify."""
    contact = deadlines(CONTACT, since_ms, rules.followup_days)
    rectify = deadlines(RECTIFY, since_ms, rules.rectify_days)
    return _duty(rating_id, since_ms, {CONTACT: contact, RECTIFY: rectify}, steps)


def complaint_duty(
    complaint: Complaint,
    steps: Iterable[Step],
    rules: SessionRules,
    deadlines: Deadlines,
) -> Duty:
    """The duty that a complaint starts: to reply."""
    subject, since_ms = complaint.complaint_id, complaint.occurred_ms
    reply = deadlines(REPLY, since_ms, rules.complaint_days)
    own = [one for one in steps if one.subject == subject]
    return _duty(subject, since_ms, {REPLY: reply}, own)


def _duty(
    subject: str, since_ms: int, ends: Mapping[str, Deadline], steps: Iterable[Step]
) -> Duty:
    taken = _first_of_each(steps)
    clocks = []
    for name, due in ends.items():
        stops = [taken[step].at_ms for step in _STOPPED_BY[name] if step in taken]
        clocks.append(Clock(name, due.at_ms, due.estimated, min(stops, default=None)))
    shown = sorted((one.at_ms, one.name, one.by) for one in taken.values())
    return Duty(
        subject,
        since_ms,
        tuple(clocks),
        tuple((name, at_ms, by) for at_ms, name, by in shown),
    )


def _first_of_each(steps: Iterable[Step]) -> dict[str, Step]:
    taken: dict[str, Step] = {}
    for one in sorted(steps, key=lambda step: (step.at_ms, step.by, step.subject)):
        taken.setdefault(one.name, one)
    return taken
