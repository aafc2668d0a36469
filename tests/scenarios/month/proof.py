"""Availability and inspections: the ledger beside the second computation."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Final, NamedTuple, TypeVar

from fleet.availability import figures
from gateway.ledger.queries.availability import found
from gateway.queries.availability import AvailabilityFilter
from tests.scenarios.month.ailing import ailments
from tests.scenarios.month.dues import Almanac, Dues, Life, Period, dues
from tests.scenarios.month.plan import Plan
from tests.scenarios.month.reckoning import Case, Hall, Said, Span, said
from tests.scenarios.month.rounds import MINUTE_MS, Rounds
from tests.scenarios.month.terminal import Terminal
from tests.support.folding import FoldedLedger

Told = Mapping[str, Mapping[int, int]]
"""By terminal: by day, of how many presses it had told when the day ended."""
FoundT = TypeVar("FoundT")
KeyT = TypeVar("KeyT")

KINDS: Final = ("inspection", "clean")
SUMS: Final = (
    "required_ms",
    "down_ms",
    "maintenance_ms",
    "unobserved_ms",
    "failures",
    "repairs",
    "repair_ms",
    "inspections",
    "in_time",
    "received",
)
_WAITS_MS: Final = 3 * MINUTE_MS
"""A block fires a thousand timers: of more that fall due at a midnight, some wait for
the blocks after it, which are a minute apart here."""
_GROUPS: Final = (("device", "month"), ("device",), ("site",), ("month",), ())


class Line(NamedTuple):
    """How much was compared, what it came to by the script, and how many differ."""

    what: str
    compared: int
    script: int
    ledger: int
    differ: int


class Proof:
    """Compares a ledger, when all is over, with its script."""

    def __init__(
        self, plan: Plan, rounds: Rounds, ledger: FoldedLedger, unheard: Span
    ) -> None:
        self._plan, self._rounds, self._ledger = plan, rounds, ledger
        self._unheard = unheard
        self._almanac = Almanac(plan.size.first, plan.first_ms)
        self._end_ms = ledger.state.now_ms
        self.wrong: list[str] = []

    def lines(self, told: Told, presses: Mapping[tuple[str, int], int]) -> list[Line]:
        """`presses` it had told of, by terminal and minute of the visit."""
        owed = {
            (one.id, kind): dues(
                self._almanac, self._life(one, kind, told, presses), self._end_ms
            )
            for one in self._plan.terminals
            for kind in KINDS
        }
        return [
            *self._sums(owed),
            self._compared("periods that were due", *self._periods(owed)),
            self._compared("periods that are open", *self._open(owed)),
            self._compared("times overdue, as alerts", *self._overdue(owed)),
        ]

    def _life(
        self,
        one: Terminal,
        kind: str,
        told: Told,
        presses: Mapping[tuple[str, int], int],
    ) -> Life:
        held = self._rounds.plans[one.id]
        if kind == "clean":
            held = [(held[0][0], self._rounds.cleaned)]
        rules = [(self._rounds.noted_ms(minute), rule) for minute, rule in held]
        entries = [
            entry._replace(told=presses.get((one.id, visit.minute), 0))
            for visit, entry in self._rounds.entries(one)
        ]
        return Life(rules, entries, told.get(one.id, {}))

    def _hall(self, site: str) -> Hall:
        size = self._plan.size
        closed = {size.closure} if site in self._plan.closed else set()
        noted = self._unheard[0] + MINUTE_MS, self._unheard[1] + MINUTE_MS
        return Hall(self._almanac, size.days, frozenset(closed), self._unheard, noted)

    def _case(self, one: Terminal, owed: Mapping[tuple[str, str], Dues]) -> Case:
        hall, end_ms = self._hall(one.site), self._end_ms
        failures: list[tuple[int, int | None]] = []
        planned = [
            (self._rounds.noted_ms(minutes[0]), self._rounds.noted_ms(minutes[1]))
            for minutes in [self._rounds.maintained.get(one.id)]
            if minutes is not None
        ]
        for gone in one.gone:
            away = any(a <= gone.cut_ms < b for a, b in planned)
            since_ms = None if away else hall.missed_from(gone)
            if since_ms is not None:
                back_ms = hall.heard_of(gone.back_ms)
                failures.append((since_ms, back_ms if back_ms < end_ms else None))
        failures += ailments(one.diary or (), self._unheard)
        periods = [period for kind in KINDS for period in _asked(owed[one.id, kind])]
        return Case(hall, failures, planned, periods, end_ms)

    def _sums(self, owed: Mapping[tuple[str, str], Dues]) -> Iterator[Line]:
        """Every sum of every device and month, then the figures of each group."""
        books: dict[tuple[str, str, str], Counter[str]] = {}
        for one in self._plan.terminals:
            for month, book in self._case(one, owed).books().items():
                book["received"] = one.rated.get(month, 0)
                books[one.id, one.site, month] = book
        shown = self._groups(("device", "month"))
        for name in SUMS:
            mine = {(key[0], "", key[2]): book[name] for key, book in books.items()}
            theirs = {key: sums[name] for key, (sums, _) in shown.items()}
            yield self._line(name, mine, theirs)
        for names in _GROUPS:
            groups: dict[tuple[str, str, str], Counter[str]] = {}
            for key, book in books.items():
                groups.setdefault(_only(key, names), Counter()).update(book)
            mine_said = {key: said(book) for key, book in groups.items()}
            theirs_said = {key: read for key, (_, read) in self._groups(names).items()}
            what = f"figures by {', '.join(names) or 'nothing'}"
            yield self._compared(what, mine_said, theirs_said)

    def _groups(
        self, names: tuple[str, ...]
    ) -> dict[tuple[str, str, str], tuple[dict[str, int], Said]]:
        first = self._plan.size.first.toordinal()
        days = (first, first + self._plan.size.days)
        wanted = AvailabilityFilter(days=days, group_by=names)
        shown = {}
        for key, tally in found(self._ledger.store.connection, wanted).groups.items():
            sums = {name: getattr(tally, name) for name in SUMS}
            read = figures(tally)
            shown[key.device, key.site, key.month] = (
                sums,
                Said(
                    _hundredths(read.availability),
                    read.mtbf_ms,
                    read.mttr_ms,
                    _hundredths(read.inspections_in_time),
                ),
            )
        return shown

    def _periods(
        self, owed: Mapping[tuple[str, str], Dues]
    ) -> tuple[dict[object, object], dict[object, object]]:
        mine: dict[object, object] = {}
        for (device_id, kind), due in owed.items():
            days = Counter[int]()  # how many began on a day
            for one in _asked(due):
                days[one.began] += 1
                if one.due is None:
                    continue
                began = date.fromordinal(self._ordinal(one.began)).isoformat()
                more = f".{days[one.began]}" if days[one.began] > 1 else ""
                mine[f"{device_id}:{kind}:{began}{more}"] = (
                    self._ordinal(one.due),
                    one.overdue_ms,
                    one.done_ms,
                )
        rows = self._ledger.all(
            "SELECT inspection_id, due_day, overdue_ms, done_ms FROM inspection_period"
        )
        return mine, {row[0]: tuple(row[1:]) for row in rows}

    def _ordinal(self, day: int) -> int:
        return self._plan.size.first.toordinal() + day

    def _open(
        self, owed: Mapping[tuple[str, str], Dues]
    ) -> tuple[dict[object, object], dict[object, object]]:
        """How urgent the next one is, and when it is due: the end of a day."""
        mine: dict[object, object] = {}
        for key, one in owed.items():
            if one.open is not None:
                day = one.open.due
                due_ms = None if day is None else self._almanac.begins(day + 1)
                mine[key] = one.open.state(self._end_ms), due_ms
        rows = self._ledger.all(
            "SELECT d.device_id, i.type, i.state, i.next_due_ms FROM inspection AS i"
            " JOIN device AS d ON d.no = i.device_no"
        )
        return mine, {(row[0], row[1]): tuple(row[2:]) for row in rows}

    def _overdue(
        self, owed: Mapping[tuple[str, str], Dues]
    ) -> tuple[dict[object, object], dict[object, object]]:
        mine: dict[object, object] = {
            (f"{device_id}:{kind}", since_ms): until_ms
            for (device_id, kind), one in owed.items()
            for since_ms, until_ms in one.overdue
        }
        rows = self._ledger.all(
            "SELECT subject, opened_ms, resolved_ms FROM alert"
            " WHERE cause = 'inspection_overdue'"
        )
        theirs: dict[object, object] = {
            (subject, next((ms for ms in _waited(at) if (subject, ms) in mine), at)): to
            for subject, at, to in rows
        }
        return mine, theirs

    def _line(
        self, what: str, mine: Mapping[KeyT, int], theirs: Mapping[KeyT, int]
    ) -> Line:
        line = self._compared(what, mine, theirs)
        return line._replace(script=sum(mine.values()), ledger=sum(theirs.values()))

    def _compared(
        self, what: str, mine: Mapping[KeyT, FoundT], theirs: Mapping[KeyT, FoundT]
    ) -> Line:
        both = {**mine, **theirs}
        differ = [
            key
            for key in both
            if key not in mine or key not in theirs or mine[key] != theirs[key]
        ]
        self.wrong += [
            f"{what}: {key}: {mine.get(key, 'none')} by the script,"
            f" {theirs.get(key, 'none')} by the ledger"
            for key in differ[:10]
        ]
        return Line(what, len(both), len(mine), len(theirs), len(differ))


def _waited(opened_ms: int) -> range:
    """When it may have fallen due: now, or the minutes before."""
    return range(opened_ms, opened_ms - _WAITS_MS - 1, -MINUTE_MS)


def _asked(due: Dues) -> list[Period]:
    return [*due.closed, *([] if due.open is None else [due.open])]


def _only(key: tuple[str, str, str], names: tuple[str, ...]) -> tuple[str, str, str]:
    device, site, month = (
        value if name in names else ""
        for name, value in zip(("device", "site", "month"), key, strict=True)
    )
    return device, site, month


def _hundredths(text: str | None) -> int | None:
    return None if text is None else int(text.replace(".", ""))
