"""The periods of a device under a plan: a function of the set of what was done."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Final, NamedTuple

import msgspec

from fleet.days import Days, day_start, earlier, later
from fleet.inspections.due import Completion, Due, Period, Term, Usage
from fleet.inspections.plans import Plan

CLOSED_MAX: Final = 1_000
"""Of a plan that was neglected for longer, the oldest periods are forgotten."""


class Course(NamedTuple):
    """All periods of a device under a plan: those that are over, and the open one.

    `credited` says which period each completion since the plan's beginning closed, by
    record_id; what closed none was done beyond what was asked for.
    """

    closed: tuple[Period, ...]
    open: Period
    credited: dict[str, Period | None]


def course(
    term: Term,
    completions: Iterable[Completion],
    usage: Usage,
    days: Days,
) -> Course:
    """What a plan asked for so far, and asks for next.

    The order of completions has no influence. One from before the plan counts as the
    last one, but what it makes due is due on the plan's first day at the earliest. On
    a grid a late inspection closes all periods that it missed, and the next one when
    that was being reminded of already: nobody is sent twice.
    """
    done = sorted(set(completions))
    before = [one for one in done if one.finished_ms < term.since_ms]
    walk = _Walk(_Maker(term.device_id, term.plan, days), term, before[-1:])
    step = walk.on_grid if term.plan.due_from == "grid" else walk.from_completion
    for completion in done[len(before) :]:
        walk.credited[completion.record_id] = step(completion)
        walk.presses = completion.presses
    open_period = walk.maker.period(walk.began, walk.due_day, usage.reached_ms)
    soon = _is_soon(term.plan, open_period, usage)
    return Course(
        tuple(walk.closed[-CLOSED_MAX:]),
        msgspec.structs.replace(open_period, soon=soon),
        walk.credited,
    )


class _Began(NamedTuple):
    """Where a period began: its day, which of that day, after how many presses.

    A second one begins on a day when presses made the first one due at once. None began
    before its plan, even where what was done before counts: those were of another plan.
    """

    day: int
    nth: int
    presses: int

    @property
    def name(self) -> str:
        since = date.fromordinal(self.day).isoformat()
        return since if self.nth == 1 else f"{since}.{self.nth}"


class _Maker(NamedTuple):
    """Makes periods of a device under a plan."""

    device_id: str
    plan: Plan
    days: Days

    def period(
        self, began: _Began, due_day: int | None, reached_ms: int | None
    ) -> Period:
        """The period that began so; still open."""
        plan, found = self.plan, list[Due]()
        if due_day is not None:
            found.append(self._due_on(due_day))
        if reached_ms is not None and plan.every_presses is not None:
            found.append(self._due_since(reached_ms))
        return Period(
            f"{self.device_id}:{plan.type}:{began.name}",
            min(found, key=lambda due: due.from_ms, default=None),
            None if plan.every_presses is None else began.presses + plan.every_presses,
        )

    def remind_day(self, day: int) -> int:
        """From which day one is reminded of what is due on a day."""
        return earlier(self.days, day, self.plan.remind_before_days, self.plan.day_unit)

    def slots(self, first_day: int) -> Iterator[int]:
        """The days of the grid after a day, rising without end."""
        plan, days = self.plan, self.days
        assert plan.every_days is not None, "a grid of no days"
        slot = first_day
        if plan.grid_from is not None:
            slot = date.fromisoformat(plan.grid_from).toordinal()
        if plan.day_unit == "working":
            slot = later(days, slot - 1, 1, "working")
        elif slot <= first_day:
            slot += (first_day - slot) // plan.every_days * plan.every_days
        while True:
            if slot > first_day:
                yield slot
            slot = later(days, slot, plan.every_days, plan.day_unit)

    def _due_on(self, day: int) -> Due:
        remind_ms = day_start(self.days, self.remind_day(day))
        return self._due(remind_ms, day_start(self.days, day), day)

    def _due_since(self, reached_ms: int) -> Due:
        """Presses do not wait for midnight: the day after is left to do it."""
        reached_day = self.days.local_day(reached_ms)
        day = later(self.days, reached_day, 1, self.plan.day_unit)
        return self._due(reached_ms, reached_ms, day)

    def _due(self, remind_ms: int, from_ms: int, day: int) -> Due:
        plan, days = self.plan, self.days
        last = later(days, day, plan.grace_days, plan.day_unit)
        estimated = plan.day_unit == "working" and days.day(last)[1]
        return Due(remind_ms, from_ms, days.day_end(day), days.day_end(last), estimated)


class _Walk:
    """Goes through completions in their order; `base` is where the period began."""

    def __init__(self, maker: _Maker, term: Term, before: Sequence[Completion]) -> None:
        self.maker = maker
        self.first_day = self.base = maker.days.local_day(term.since_ms)
        self.nth, self.presses = 1, term.presses
        self.closed: list[Period] = []
        self.credited: dict[str, Period | None] = {}
        for completion in before:
            self.presses = completion.presses
            if maker.plan.due_from == "completion":
                self.base = maker.days.local_day(completion.finished_ms)
        self._slots: Iterator[int] = iter(())
        if maker.plan.due_from == "grid":
            self._slots = maker.slots(self.first_day)
        self.due_day = self._next_due()

    @property
    def began(self) -> _Began:
        """Where the open period began."""
        return _Began(self._day(self.base), self.nth, self.presses)

    def from_completion(self, completion: Completion) -> Period | None:
        """The period that it closes; the next one begins with it."""
        day = self.maker.days.local_day(completion.finished_ms)
        if day <= self.base and completion.reached_ms is None:
            return None
        return self._close(completion, day)

    def on_grid(self, completion: Completion) -> Period | None:
        """The first of the periods that it closes."""
        day = self.maker.days.local_day(completion.finished_ms)
        if day <= self.base:
            return None
        assert self.due_day is not None, "a grid of no days"
        passed = len(self.closed)
        while self.due_day < day:
            self._close(completion, self.due_day)
        if len(self.closed) == passed or self.maker.remind_day(self.due_day) <= day:
            self._close(completion, self.due_day)
        return self.closed[passed]

    def _close(self, completion: Completion, base: int) -> Period:
        opened = self.maker.period(self.began, self.due_day, completion.reached_ms)
        period = msgspec.structs.replace(
            opened, done_ms=completion.finished_ms, record_id=completion.record_id
        )
        self.closed.append(period)
        self.nth = self.nth + 1 if self._day(base) == self._day(self.base) else 1
        self.base = base
        self.due_day = self._next_due()
        return period

    def _day(self, base: int) -> int:
        return max(base, self.first_day)

    def _next_due(self) -> int | None:
        plan = self.maker.plan
        if plan.due_from == "grid":
            return next(self._slots)
        if plan.every_days is None:
            return None
        day = later(self.maker.days, self.base, plan.every_days, plan.day_unit)
        return max(day, self.first_day)


def _is_soon(plan: Plan, period: Period, usage: Usage) -> bool:
    """Whether the number of presses is reached within the days of reminding."""
    if period.presses_due is None or not plan.remind_before_days:
        return False
    left = period.presses_due - usage.presses
    return left <= usage.presses_per_day * plan.remind_before_days
