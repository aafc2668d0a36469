"""Availability, MTBF and MTTR against business hours: sums that can be added up.

Time is required while a site serves: its hours less its closures. Nobody is blamed for
planned maintenance, nor for what the gateway could not see. All counts of a tally are
sums, so months, devices and sites are merged by adding them.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, NamedTuple

import msgspec

from fleet.spans import (
    FOREVER,
    Span,
    Spans,
    difference,
    intersection,
    length,
    union,
)

Service = Callable[[int, int], Spans]
"""When a site serves between two instants: business hours less closures."""

DIMENSIONS: Final = ("device", "site", "month", "model", "firmware")


class History(NamedTuple):
    """What became of a device; an end of None has not come yet.

    `failures`: it could not serve (offline, or its health failed). `maintenance`: it
    was taken out of service by a person, or a window was planned. `unobserved`: the
    gateway could not see it.
    """

    failures: Sequence[tuple[int, int | None]] = ()
    maintenance: Sequence[tuple[int, int | None]] = ()
    unobserved: Sequence[tuple[int, int | None]] = ()


class Key(NamedTuple):
    """What a tally is about: dimensions of figures, "" where one is not known."""

    device: str = ""
    site: str = ""
    month: str = ""
    model: str = ""
    firmware: str = ""


class Cell(NamedTuple):
    """A stretch of a device's life with one key: no month, site or firmware changes."""

    key: Key
    since_ms: int
    until_ms: int


class Tally(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Sums of a cell, times in ms of required time; `add` merges them.

    A failure counts where it first did harm, its repair where it last did. `received`
    and `missing` are events; of `inspections` that fell due `in_time` were so done.
    """

    required_ms: int = 0
    down_ms: int = 0
    maintenance_ms: int = 0
    unobserved_ms: int = 0
    failures: int = 0
    repairs: int = 0
    repair_ms: int = 0
    inspections: int = 0
    in_time: int = 0
    received: int = 0
    missing: int = 0


class Figures(msgspec.Struct, frozen=True):
    """What people read: percentages with two places, times in ms; None of nothing.

    `mtbf_ms` is the time in service between failures, `mttr_ms` the time out of
    service until repaired, both within business hours.
    """

    availability: str | None
    mtbf_ms: int | None
    mttr_ms: int | None
    inspections_in_time: str | None
    completeness: str | None


def tallies(
    history: History, service: Service, cells: Sequence[Cell], as_of_ms: int
) -> list[Tally]:
    """The sums of a device's cells, which are in order and apart; as of a moment."""
    if not cells:
        return []
    failed = _failures(history)
    first_ms = min([cells[0].since_ms, *(since for since, _ in failed)])
    served = union(service(first_ms, as_of_ms))
    seen = difference(served, union(_closed(history.unobserved)))
    planned = difference(union(_closed(history.maintenance)), failed)
    required = difference(seen, planned)
    down = intersection(required, failed)
    books = [_times(cell, served, seen, required, down) for cell in cells]
    for one in failed:
        harm = intersection([one], required)
        _count(harm, cells, books, repaired=one[1] <= as_of_ms)
    return [Tally(**book) for book in books]


def inspection_tally(
    periods: Iterable[tuple[int, int, int | None]], cell: Cell, as_of_ms: int
) -> Tally:
    """Inspections of a cell: each (due_ms, overdue_ms, done_ms or None).

    One counts where it fell due, as soon as it was done or is overdue.
    """
    due = in_time = 0
    for due_ms, overdue_ms, done_ms in periods:
        decided = done_ms is not None or overdue_ms <= as_of_ms
        if decided and cell.since_ms < due_ms <= cell.until_ms:
            due += 1
            in_time += done_ms is not None and done_ms < overdue_ms
    return Tally(inspections=due, in_time=in_time)


def add(one: Tally, other: Tally) -> Tally:
    """Both together; order and grouping have no influence."""
    return Tally(
        **{
            name: getattr(one, name) + getattr(other, name)
            for name in Tally.__struct_fields__
        }
    )


def grouped(
    rows: Iterable[tuple[Key, Tally]], dimensions: Sequence[str]
) -> dict[Key, Tally]:
    """Tallies by some of `DIMENSIONS`; the others are "" in the keys; sorted."""
    found: dict[Key, Tally] = {}
    for key, tally in rows:
        group = Key(**{name: getattr(key, name) for name in dimensions})
        found[group] = add(found[group], tally) if group in found else tally
    return dict(sorted(found.items()))


def figures(tally: Tally) -> Figures:
    """The figures of a tally, rounded half up."""
    up_ms = tally.required_ms - tally.down_ms
    return Figures(
        availability=_percent(up_ms, tally.required_ms),
        mtbf_ms=_mean(up_ms, tally.failures),
        mttr_ms=_mean(tally.repair_ms, tally.repairs),
        inspections_in_time=_percent(tally.in_time, tally.inspections),
        completeness=_percent(tally.received, tally.received + tally.missing),
    )


REPORT_COLUMNS: Final = (
    *Figures.__struct_fields__,
    *Tally.__struct_fields__,
)


def report_row(key: Key, tally: Tally, dimensions: Sequence[str]) -> list[object]:
    """A row of a report: `dimensions`, then `REPORT_COLUMNS`; plain values."""
    return [
        *(getattr(key, name) for name in dimensions),
        *msgspec.structs.astuple(figures(tally)),
        *msgspec.structs.astuple(tally),
    ]


def statement_cells(rows: Iterable[tuple[Key, Tally]]) -> dict[str, dict[str, int]]:
    """Tallies as a sealed statement has them: `device=d-1|month=2026-11` to counts."""
    found = {}
    for key, tally in rows:
        parts = zip(DIMENSIONS, key, strict=True)
        name = "|".join(f"{part}={value}" for part, value in parts if value)
        found[name] = msgspec.structs.asdict(tally)
    return found


def _closed(spans: Iterable[tuple[int, int | None]]) -> Iterator[Span]:
    return ((since, FOREVER if until is None else until) for since, until in spans)


def _failures(history: History) -> list[Span]:
    """Failures without what people caused: one that began in maintenance starts after.

    One that maintenance was to end goes on until it ends: repairing is no excuse.
    """
    maintenance = union(_closed(history.maintenance))
    starts = [since for since, _ in maintenance]
    found = []
    for since, until in union(_closed(history.failures)):
        at = bisect_right(starts, since) - 1
        excused_until = maintenance[at][1] if at >= 0 else since
        found.append((max(since, excused_until), until))
    return union(found)


def _times(cell: Cell, *sets: Spans) -> dict[str, int]:
    """`sets`: when the site served, was seen, was required, and was down by it."""
    within = [(cell.since_ms, cell.until_ms)]
    served, seen, required, down = (length(intersection(one, within)) for one in sets)
    return {
        "required_ms": required,
        "down_ms": down,
        "maintenance_ms": seen - required,
        "unobserved_ms": served - seen,
        "failures": 0,
        "repairs": 0,
        "repair_ms": 0,
    }


def _count(
    harm: Spans,
    cells: Sequence[Cell],
    books: Sequence[dict[str, int]],
    *,
    repaired: bool,
) -> None:
    """Put a failure down where it first did harm, and its repair where it last did."""
    if not harm:
        return
    for cell, book in zip(cells, books, strict=True):
        if cell.since_ms <= harm[0][0] < cell.until_ms:
            book["failures"] += 1
        if repaired and cell.since_ms < harm[-1][1] <= cell.until_ms:
            book["repairs"] += 1
            book["repair_ms"] += length(harm)


def _percent(part: int, whole: int) -> str | None:
    if not whole:
        return None
    hundredths = (20_000 * part + whole) // (2 * whole)
    return f"{hundredths // 100}.{hundredths % 100:02d}"


def _mean(total: int, count: int) -> int | None:
    return (2 * total + count) // (2 * count) if count else None
