"""Availability, MTBF and MTTR, reckoned a second time from what the script did.

Plain Python that shares no code with the rules, the fold or the queries (a test looks).
Source: fleet health, "Presence", "Inspections"; docs/inspections.md, "Availability".
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Final, NamedTuple

from tests.scenarios.month.dues import Almanac, Period

MISSED: Final = 10
INTERVAL_MS: Final = 600_000
OPENS_MS, CLOSES_MS = 9 * 3_600_000, 17 * 3_600_000

Span = tuple[int, int]


class Gone(NamedTuple):
    """Heard last, cut off (with a last word or without one), and heard again."""

    heard_ms: int
    cut_ms: int
    told: bool
    back_ms: int


class Hall(NamedTuple):
    """When a site was open on the days of the script, and the gateway was away.

    `unheard`: what terminals say then comes at its end, heartbeats not at all; `outage`
    is that as the journal notes it.
    """

    almanac: Almanac
    days: int
    closed: frozenset[int]
    unheard: Span
    outage: Span

    def opened(self) -> list[Span]:
        almanac, days = self.almanac, range(self.days)
        begins = [
            almanac.begins(day)
            for day in days
            if almanac.worked(day) and day not in self.closed
        ]
        return [(at + OPENS_MS, at + CLOSES_MS) for at in begins]

    def missed_from(self, gone: Gone) -> int | None:
        """From when on a terminal that went was offline; None: it was never missed."""
        cut_ms = self.heard_of(gone.cut_ms)
        for since_ms, until_ms in self.opened():
            if gone.told and since_ms <= cut_ms < until_ms:
                return cut_ms
            silent_ms = max(gone.heard_ms, since_ms)
            offline_ms = silent_ms + MISSED * INTERVAL_MS
            if silent_ms < self.outage[1] and offline_ms >= self.outage[0]:
                offline_ms = self.outage[1] + MISSED * INTERVAL_MS
            if cut_ms < until_ms and offline_ms < min(until_ms, gone.back_ms):
                return offline_ms
        return None

    def heard_of(self, at_ms: int) -> int:
        """When the gateway hears of what happened then."""
        return self.unheard[1] if self.unheard[0] <= at_ms < self.unheard[1] else at_ms


def merged(spans: Iterable[Span]) -> list[Span]:
    """Those that touch or overlap are one."""
    found: list[Span] = []
    for since_ms, until_ms in sorted(spans):
        if found and since_ms <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], until_ms))
        else:
            found.append((since_ms, until_ms))
    return found


def common(one: Sequence[Span], other: Sequence[Span]) -> list[Span]:
    """What lies in both."""
    cut = [(max(a, c), min(b, d)) for a, b in one for c, d in other]
    return sorted(span for span in cut if span[0] < span[1])


def without(one: Sequence[Span], other: Sequence[Span]) -> list[Span]:
    """What lies in the first alone."""
    left = list(one)
    for since_ms, until_ms in other:
        pieces = [
            piece
            for a, b in left
            for piece in ((a, min(b, since_ms)), (max(a, until_ms), b))
        ]
        left = sorted({piece for piece in pieces if piece[0] < piece[1]})
    return left


def total(spans: Iterable[Span]) -> int:
    return sum(until_ms - since_ms for since_ms, until_ms in spans)


class Case(NamedTuple):
    """A terminal: when it was of no use (None: still), or taken out of service."""

    hall: Hall
    failures: Sequence[tuple[int, int | None]]
    maintained: Sequence[Span]
    periods: Sequence[Period]
    end_ms: int

    def books(self) -> dict[str, Counter[str]]:
        """Its sums by month, named as a report names them."""
        hall, almanac = self.hall, self.hall.almanac
        books: dict[str, Counter[str]] = {}
        for day in range(hall.days):
            books.setdefault(month(almanac, day), Counter())
        never_ms = self.end_ms + 1
        broken = merged(
            (since, never_ms if until is None else until)
            for since, until in self.failures
        )
        failed = merged(self._unexcused(broken))
        opened = hall.opened()
        seen = without(opened, [hall.outage])
        planned = without(self.maintained, failed)
        required = without(seen, planned)
        down = common(required, failed)
        for name, spans in (
            ("required_ms", required),
            ("down_ms", down),
            ("maintenance_ms", common(seen, planned)),
            ("unobserved_ms", common(opened, [hall.outage])),
        ):
            for span in spans:
                at = month(almanac, almanac.of(span[0]))
                books[at][name] += total([span])
        for one in failed:
            harm = common([one], required)
            if harm:
                self._count(books, harm, repaired=one[1] <= self.end_ms)
        self._count_inspections(books)
        return books

    def _unexcused(self, broken: Sequence[Span]) -> Iterable[Span]:
        """What began during maintenance counts from its end."""
        for since_ms, until_ms in broken:
            excused = [b for a, b in self.maintained if a <= since_ms < b]
            harm_ms = max([since_ms, *excused])
            if harm_ms < until_ms:
                yield harm_ms, until_ms

    def _count(
        self, books: dict[str, Counter[str]], harm: list[Span], *, repaired: bool
    ) -> None:
        almanac = self.hall.almanac
        books[month(almanac, almanac.of(harm[0][0]))]["failures"] += 1
        if repaired:
            book = books[month(almanac, almanac.of(harm[-1][1] - 1))]
            book["repairs"] += 1
            book["repair_ms"] += total(harm)

    def _count_inspections(self, books: dict[str, Counter[str]]) -> None:
        for one in self.periods:
            if one.due is None or one.overdue_ms is None or one.due >= self.hall.days:
                continue
            if one.done_ms is not None or one.overdue_ms <= self.end_ms:
                book = books[month(self.hall.almanac, one.due)]
                book["inspections"] += 1
                in_time = one.done_ms is not None and one.done_ms < one.overdue_ms
                book["in_time"] += in_time


class Said(NamedTuple):
    """The figures as people read them: hundredths of percent, and ms; half up."""

    availability: int | None
    mtbf_ms: int | None
    mttr_ms: int | None
    in_time: int | None


def said(book: Counter[str]) -> Said:
    up_ms = book["required_ms"] - book["down_ms"]
    return Said(
        _quotient(10_000 * up_ms, book["required_ms"]),
        _quotient(up_ms, book["failures"]),
        _quotient(book["repair_ms"], book["repairs"]),
        _quotient(10_000 * book["in_time"], book["inspections"]),
    )


def _quotient(number: int, by: int) -> int | None:
    if not by:
        return None
    whole, rest = divmod(number, by)
    return whole + (2 * rest >= by)


def month(almanac: Almanac, day: int) -> str:
    return (almanac.first + timedelta(days=day)).isoformat()[:7]
