"""What was due, reckoned a second time: from the script, by the rules as written.

Plain Python that shares no code with the rules, the fold or the queries (a test looks).
A day is a number, counted from the first one of the script; a day is over at midnight.
Source: fleet health, "Inspections"; docs/inspections.md, "Plans".
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Final, NamedTuple

DAY_MS: Final = 86_400_000
REST: Final = ("2026-09-25", *(f"2026-10-{day:02d}" for day in range(1, 8)))
"""Mid-Autumn, and National Day."""
MADE_UP: Final = ("2026-09-20", "2026-10-10")


class Almanac(NamedTuple):
    """The days of the script in Shanghai: when they begin, which are worked."""

    first: date
    first_ms: int

    def worked(self, day: int) -> bool:
        at = self.first + timedelta(days=day)
        text = at.isoformat()
        return text in MADE_UP or (at.isoweekday() <= 5 and text not in REST)

    def of(self, at_ms: int) -> int:
        return (at_ms - self.first_ms) // DAY_MS

    def begins(self, day: int) -> int:
        return self.first_ms + day * DAY_MS

    def step(self, day: int, count: int, *, working: bool) -> int:
        """So many days after a day, or before it; the day itself does not count."""
        while count:
            day += 1 if count > 0 else -1
            if not working or self.worked(day):
                count -= 1 if count > 0 else -1
        return day


class Rule(NamedTuple):
    """A plan as its author wrote it; `grid`: its first day, None: from completion."""

    plan_id: str
    scope: str
    subject: str
    kind: str
    every_days: int | None
    every_presses: int | None
    working: bool
    grid: int | None
    grace: int
    remind: int
    degrades: bool
    items: tuple[str, ...]


class Entry(NamedTuple):
    """A record; `told`: presses that the terminal had told of when it was entered."""

    kind: str
    finished_ms: int
    entered_ms: int
    marks: tuple[str, ...]
    told: int = 0


class Life(NamedTuple):
    """Under which plans a terminal stood, from which moments on, and its records.

    `told`: by day, how many presses it had told of at the end of the day.
    """

    rules: Sequence[tuple[int, Rule | None]]
    entries: Sequence[Entry]
    told: Mapping[int, int]


class Period(NamedTuple):
    """What was asked for: it began on a day, was due on one, and was done, or not."""

    began: int
    due: int | None
    overdue_ms: int | None = None
    remind_ms: int = 0
    from_ms: int = 0
    done_ms: int | None = None

    def state(self, now_ms: int) -> str:
        """How urgent it is while it is not done."""
        if self.overdue_ms is None or now_ms < self.remind_ms:
            return "not_due"
        if now_ms < self.from_ms:
            return "due_soon"
        return "due" if now_ms < self.overdue_ms else "overdue"


class Term(NamedTuple):
    """A plan while it holds, at a terminal."""

    almanac: Almanac
    rule: Rule
    since_ms: int
    told: Mapping[int, int]

    def periods(self, entries: Sequence[Entry]) -> list[Period]:
        """All that it asked for; the last one is not done yet."""
        done = sorted(one for one in entries if self._completes(one))
        before = [one for one in done if one.finished_ms < self.since_ms]
        after = done[len(before) :]
        return (
            self._on_grid(after)
            if self.rule.grid is not None
            else self._one_after_the_other(before[-1:], after)
        )

    def _completes(self, entry: Entry) -> bool:
        return entry.kind == self.rule.kind and set(entry.marks) >= set(self.rule.items)

    def _one_after_the_other(
        self, before: Sequence[Entry], after: Sequence[Entry]
    ) -> list[Period]:
        first = last = self.almanac.of(self.since_ms)
        counted, found = 0, list[Period]()
        if before:
            last, counted = self.almanac.of(before[0].finished_ms), before[0].told
        for entry in after:
            day = self.almanac.of(entry.finished_ms)
            reached = self._reached(counted, entry)
            if day > last or reached is not None:
                period = self._asked(last, first, reached)
                found.append(period._replace(done_ms=entry.finished_ms))
                last = day
            counted = entry.told
        return [*found, self._asked(last, first, self._reached(counted))]

    def _asked(self, last: int, first: int, reached: int | None) -> Period:
        """Due by days, or on the day after the presses were reached: what is first."""
        due = None
        if self.rule.every_days:
            due = max(self._later(last, self.rule.every_days), first)
        if reached is not None and (due is None or reached < due):
            by_presses = self._period(max(last, first), self._later(reached, 1))
            return by_presses._replace(remind_ms=0, from_ms=0)  # as soon as they are
        return self._period(max(last, first), due)

    def _reached(self, counted: int, entry: Entry | None = None) -> int | None:
        """On which day the presses were reached that make it due; None: not yet."""
        if not self.rule.every_presses:
            return None
        wanted = counted + self.rule.every_presses
        days = [day for day, told in self.told.items() if told >= wanted]
        if entry is None:
            return min(days, default=None)
        if entry.told < wanted:
            return None
        return min([*days, self.almanac.of(entry.entered_ms)])

    def _on_grid(self, after: Sequence[Entry]) -> list[Period]:
        """One visit settles all that it missed, and what one is reminded of already."""
        settled, found = self.almanac.of(self.since_ms), list[Period]()
        slots = self._slots(settled)
        for entry in after:
            day = self.almanac.of(entry.finished_ms)
            if day <= settled:
                continue
            missed = [slot for slot in slots if slot < day]
            upcoming = slots[len(missed)]
            if not missed or self._later(upcoming, -self.rule.remind) <= day:
                missed.append(upcoming)
            for slot in missed:
                period = self._period(settled, slot)
                found.append(period._replace(done_ms=entry.finished_ms))
                settled = slot
            slots = slots[len(missed) :]
        return [*found, self._period(settled, slots[0])]

    def _slots(self, first: int) -> list[int]:
        assert self.rule.grid is not None
        assert self.rule.every_days is not None
        slot = self.rule.grid
        if self.rule.working and not self.almanac.worked(slot):
            slot = self._later(slot, 1)
        slots = [slot]
        while slots[-1] < first + 400:
            slots.append(self._later(slots[-1], self.rule.every_days))
        return [slot for slot in slots if slot > first]

    def _later(self, day: int, count: int) -> int:
        return self.almanac.step(day, count, working=self.rule.working)

    def _period(self, began: int, due: int | None) -> Period:
        if due is None:
            return Period(began, None)
        last = self._later(due, self.rule.grace)
        remind = self._later(due, -self.rule.remind)
        moments = [self.almanac.begins(day) for day in (last + 1, remind, due)]
        return Period(began, due, *moments)


class Dues(NamedTuple):
    """`open` is None where no plan holds; `overdue` is when it was so."""

    closed: list[Period]
    open: Period | None
    overdue: list[tuple[int, int | None]]


def dues(almanac: Almanac, life: Life, end_ms: int) -> Dues:
    """All that was asked for at a terminal, of one kind of work, until a moment."""
    closed: list[Period] = []
    last: Period | None = None
    overdue: list[tuple[int, int]] = []
    ends = [since_ms for since_ms, _ in life.rules[1:]] + [end_ms]
    for (since_ms, rule), until_ms in zip(life.rules, ends, strict=True):
        last = None
        if rule is None:
            continue
        term = Term(almanac, rule, since_ms, life.told)
        known = [one for one in life.entries if one.entered_ms < until_ms]
        *done, last = term.periods(known)
        closed += [one for one in done if one.due is not None]
        overdue += _overdue(term, known, until_ms)
    return Dues(closed, last, _merged(overdue, end_ms))


def _overdue(
    term: Term, entries: Sequence[Entry], until_ms: int
) -> list[tuple[int, int]]:
    """When it was overdue by what was known: each record may end that, once entered."""
    moments = {one.entered_ms for one in entries if one.entered_ms > term.since_ms}
    found = []
    for since_ms, next_ms in pairwise([term.since_ms, *sorted(moments), until_ms]):
        known = [one for one in entries if one.entered_ms <= since_ms]
        asked = term.periods(known)[-1]
        if asked.overdue_ms is not None and asked.overdue_ms < next_ms:
            found.append((max(asked.overdue_ms, since_ms), next_ms))
    return found


def _merged(
    spans: Sequence[tuple[int, int]], end_ms: int
) -> list[tuple[int, int | None]]:
    found: list[tuple[int, int]] = []
    for since_ms, until_ms in spans:
        if found and found[-1][1] == since_ms:
            found[-1] = (found[-1][0], until_ms)
        else:
            found.append((since_ms, until_ms))
    return [(a, None if b == end_ms else b) for a, b in found]
