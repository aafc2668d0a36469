"""Inspections agree with a second computation that goes from day to day.

The second one is written from the rules alone, over lists of days; it shares no code
with the first. Days are numbered from 1, in UTC, and some are days of rest.
"""

import itertools
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from fleet.inspections.course import Course, course
from fleet.inspections.due import Completion, Term, Usage
from fleet.inspections.news import View, changes, view
from fleet.inspections.plans import Plan
from fleet.press_test import Press, PressTest, keys_of, start, take

DAY_MS = 86_400_000
FIRST, LAST = 100, 220
"""The plan begins to hold between the first day and twenty days later."""


@dataclass(frozen=True)
class Numbered:
    """A calendar in which day n begins n days after the epoch."""

    rest: frozenset[int]

    def local_day(self, at_ms: int) -> int:
        return at_ms // DAY_MS

    def day_end(self, ordinal: int) -> int:
        return (ordinal + 1) * DAY_MS

    def day(self, ordinal: int) -> tuple[bool, bool]:
        return ordinal not in self.rest, False


@dataclass(frozen=True)
class Case:
    every: int
    unit: str
    grid: bool
    grace: int
    remind: int
    since: int
    done: tuple[int, ...]  # days
    rest: frozenset[int]

    @property
    def plan(self) -> Plan:
        return Plan(
            plan_id="p",
            scope="device",
            subject="d",
            every_days=self.every,
            day_unit=self.unit,  # type: ignore[arg-type] # -- one of both, as drawn
            due_from="grid" if self.grid else "completion",
            grace_days=self.grace,
            remind_before_days=self.remind,
        )

    def completions(self, until_day: int = LAST) -> list[Completion]:
        return [
            Completion(day * DAY_MS + DAY_MS // 2, f"r{at}")
            for at, day in enumerate(sorted(self.done))
            if day <= until_day
        ]

    def course(self, completions: list[Completion]) -> Course:
        term = Term("d", self.plan, self.since * DAY_MS)
        return course(term, completions, Usage(), Numbered(self.rest))


cases = st.builds(
    Case,
    every=st.integers(1, 15),
    unit=st.sampled_from(["natural", "working"]),
    grid=st.booleans(),
    grace=st.integers(0, 4),
    remind=st.integers(0, 4),
    since=st.integers(FIRST, FIRST + 20),
    done=st.lists(st.integers(FIRST - 30, LAST - 40), max_size=10).map(tuple),
    rest=st.frozensets(st.integers(0, LAST + 100), max_size=120),
)


def counted(case: Case, day: int) -> bool:
    return case.unit == "natural" or day not in case.rest


def nth(case: Case, day: int, count: int, step: int = 1) -> int:
    """The day on which the count is reached, going day by day."""
    while count > 0:
        day += step
        count -= 1 if counted(case, day) else 0
    return day


def second_opinion(case: Case) -> tuple[list[tuple[int, int, bool]], int]:
    """Periods that are over as (due day, day done, in time), and the next due day."""
    visits = sorted(case.done)
    before = [day for day in visits if day < case.since]
    after = [day for day in visits if day >= case.since]
    return grid(case, after) if case.grid else rolling(case, before, after)


def rolling(
    case: Case, before: list[int], after: list[int]
) -> tuple[list[tuple[int, int, bool]], int]:
    last = before[-1] if before else case.since
    over = []
    due = max(nth(case, last, case.every), case.since)
    for day in after:
        if day == last:
            continue
        over.append((due, day, day <= nth(case, due, case.grace)))
        last, due = day, nth(case, day, case.every)
    return over, due


def grid(case: Case, after: list[int]) -> tuple[list[tuple[int, int, bool]], int]:
    days = [case.since if counted(case, case.since) else nth(case, case.since, 1)]
    while days[-1] < LAST + 60:
        days.append(nth(case, days[-1], case.every))
    owed = [day for day in days if day > case.since]
    over: list[tuple[int, int, bool]] = []
    for day in after:
        settled_until = over[-1][0] if over else case.since
        if day <= settled_until:
            continue
        settled = [due for due in owed if due < day]
        following = owed[len(settled)]
        if not settled or nth(case, following, case.remind, -1) <= day:
            settled.append(following)
        over += [(due, day, day <= nth(case, due, case.grace)) for due in settled]
        owed = owed[len(settled) :]
    return over, owed[0]


@given(cases)
def test_a_second_computation_agrees_on_every_period(case: Case) -> None:
    found = case.course(case.completions())
    over, next_due = second_opinion(case)
    shown = [
        (one.due.due_ms // DAY_MS - 1, one.done_ms // DAY_MS, one.in_time)
        for one in found.closed
        if one.due is not None and one.done_ms is not None
    ]
    assert shown == over
    assert found.open.due is not None
    assert found.open.due.due_ms == (next_due + 1) * DAY_MS


@given(cases)
def test_a_second_computation_agrees_on_every_day(case: Case) -> None:
    found = case.course(case.completions()).open
    _, due = second_opinion(case)
    for day in range(FIRST, LAST):
        if day > nth(case, due, case.grace):
            expected = "overdue"
        elif day >= due:
            expected = "due"
        elif day >= nth(case, due, case.remind, -1):
            expected = "due_soon"
        else:
            expected = "not_due"
        assert found.state(day * DAY_MS) == expected
        assert found.state((day + 1) * DAY_MS - 1) == expected


@given(cases, st.randoms(use_true_random=False))
def test_the_order_in_which_records_come_has_no_influence(
    case: Case, dice: st.DataObject
) -> None:
    completions = case.completions()
    shuffled = completions * 2
    dice.shuffle(shuffled)  # type: ignore[attr-defined] # -- a random.Random
    assert case.course(shuffled) == case.course(completions)


@given(cases)
def test_each_period_is_due_and_overdue_once_and_each_record_told_once(
    case: Case,
) -> None:
    told: list[tuple[str, str]] = []
    before: View | None = None
    for half_day in range(FIRST * 2, LAST * 2):
        day = half_day // 2
        completions = case.completions(day if half_day % 2 else day - 1)
        now_ms = half_day * DAY_MS // 2
        after = view(case.plan, case.course(completions), now_ms)
        told += [
            (one.name, one.record_id or one.subject) for one in changes(before, after)
        ]
        before = after
    assert len(told) == len(set(told))
    completed = [subject for name, subject in told if name == "inspection.completed"]
    since = [f"r{at}" for at, day in enumerate(sorted(case.done)) if day >= case.since]
    assert sorted(completed) == sorted(since)


@given(cases)
def test_looking_only_when_told_to_misses_nothing(case: Case) -> None:
    completions = case.completions()
    opened = case.course(completions).open
    now_ms = case.since * DAY_MS
    looked = [now_ms]
    while (following := opened.next_change_ms(looked[-1])) is not None:
        looked.append(following)
    states = [(at, opened.state(at)) for at in looked]
    for at in range(case.since, LAST):
        current = [state for moment, state in states if moment <= at * DAY_MS]
        assert opened.state(at * DAY_MS) == current[-1]


KEYS = keys_of({0: 5, 1: 4, 2: 3, 3: 1})


def fresh() -> PressTest:
    return start("t", "d", KEYS, 1_000_000)


@given(st.lists(st.integers(0, 3), min_size=1, max_size=12))
def test_keys_are_confirmed_in_whatever_order_presses_arrive(
    pressed: list[int],
) -> None:
    presses = [
        Press(1_000_000 + 100 * at, 1_010_000, key=key)
        for at, key in enumerate(pressed)
    ]
    results = set()
    for order in itertools.islice(itertools.permutations(presses), 30):
        test = fresh()
        for press in order:
            test = take(test, press)
        results.add(tuple((one.key, one.first_ms, one.presses) for one in test.keys))
    assert len(results) == 1
    (keys,) = results
    assert [count for _, _, count in keys] == [pressed.count(key) for key in range(4)]
