"""Availability, MTBF and MTTR, in hours of two days of service from 9 to 17."""

import msgspec
import pytest

from fleet.availability import (
    DIMENSIONS,
    REPORT_COLUMNS,
    Cell,
    History,
    Key,
    Tally,
    add,
    figures,
    grouped,
    inspection_tally,
    report_row,
    statement_cells,
    tallies,
)
from gateway.ratings.statements import Statement, adjustments, is_intact, seal
from gateway.ratings.tabular import to_csv

HOUR = 3_600_000
Hours = tuple[float, float | None]


def spans(*hours: Hours) -> list[tuple[int, int | None]]:
    return [
        (round(since * HOUR), None if until is None else round(until * HOUR))
        for since, until in hours
    ]


def nine_to_five(since_ms: int, until_ms: int) -> list[tuple[int, int]]:
    opened = [(day * 24 * HOUR + 9 * HOUR, 8 * HOUR) for day in range(-5, 5)]
    return [
        (max(at, since_ms), min(at + long, until_ms))
        for at, long in opened
        if max(at, since_ms) < min(at + long, until_ms)
    ]


def tallied(
    failures: list[Hours] | None = None,
    maintenance: list[Hours] | None = None,
    unobserved: list[Hours] | None = None,
) -> Tally:
    history = History(
        spans(*failures or []), spans(*maintenance or []), spans(*unobserved or [])
    )
    cell = Cell(Key("d-1"), 0, 48 * HOUR)
    (tally,) = tallies(history, nine_to_five, [cell], 48 * HOUR)
    return tally


def test_only_business_hours_count() -> None:
    tally = tallied([(15, 33.5)])  # from 15:00 over the night to 9:30
    assert (tally.required_ms, tally.down_ms) == (16 * HOUR, 2.5 * HOUR)
    assert figures(tally).availability == "84.38"
    assert figures(tally).mttr_ms == 2.5 * HOUR
    assert figures(tally).mtbf_ms == 13.5 * HOUR


def test_a_failure_that_did_no_harm_is_none() -> None:
    assert tallied([(18, 20)]).failures == 0


def test_failures_that_overlap_are_one() -> None:
    tally = tallied([(10, 12), (11, 13), (13, 14), (16, 17)])
    assert (tally.failures, tally.repairs, tally.down_ms) == (2, 2, 5 * HOUR)


def test_what_is_not_repaired_yet_has_no_time_to_repair() -> None:
    tally = tallied([(10, 11), (40, None)])
    assert (tally.failures, tally.repairs, tally.repair_ms) == (2, 1, HOUR)
    assert tally.down_ms == 2 * HOUR


def test_nothing_at_all_has_no_figures() -> None:
    assert set(msgspec.structs.astuple(figures(Tally()))) == {None}
    assert figures(tallied()).availability == "100.00"
    assert figures(tallied()).mtbf_ms is None


def test_planned_maintenance_is_not_required_time() -> None:
    tally = tallied(maintenance=[(9, 11)])
    assert (tally.required_ms, tally.maintenance_ms) == (14 * HOUR, 2 * HOUR)


def test_a_failure_that_people_cause_in_maintenance_is_excused_until_its_end() -> None:
    tally = tallied([(10, 12)], maintenance=[(9, 11)])
    assert (tally.down_ms, tally.failures, tally.repair_ms) == (HOUR, 1, HOUR)
    assert tallied([(10, 10.5)], maintenance=[(9, 11)]).failures == 0


def test_maintenance_is_no_excuse_for_what_it_repairs() -> None:
    tally = tallied([(10, 12)], maintenance=[(11, 13)])
    assert (tally.down_ms, tally.maintenance_ms) == (2 * HOUR, HOUR)


def test_what_the_gateway_could_not_see_is_nobodys_fault() -> None:
    tally = tallied([(10, 12)], unobserved=[(11, 15)])
    assert (tally.required_ms, tally.down_ms) == (12 * HOUR, HOUR)
    assert tally.unobserved_ms == 4 * HOUR


def test_a_failure_over_two_months_counts_once_and_its_time_in_each() -> None:
    cells = [
        Cell(Key("d-1", month="2026-10"), 0, 24 * HOUR),
        Cell(Key("d-1", month="2026-11"), 24 * HOUR, 48 * HOUR),
    ]
    history = History(spans((16, 35)))
    october, november = tallies(history, nine_to_five, cells, 48 * HOUR)
    assert (october.failures, october.repairs, october.down_ms) == (1, 0, HOUR)
    assert (november.failures, november.repairs) == (0, 1)
    assert (november.down_ms, november.repair_ms) == (2 * HOUR, 3 * HOUR)
    assert add(october, november) == tallied([(16, 35)])


def test_a_month_alone_does_not_count_a_failure_of_the_month_before_again() -> None:
    cell = Cell(Key("d-1", month="2026-11"), 24 * HOUR, 48 * HOUR)
    history = History(spans((16, 35)))
    (november,) = tallies(history, nine_to_five, [cell], 48 * HOUR)
    assert (november.failures, november.repair_ms) == (0, 3 * HOUR)
    assert tallies(history, nine_to_five, [], 48 * HOUR) == []


def test_as_of_an_earlier_moment_a_later_repair_is_not_known() -> None:
    cell = Cell(Key("d-1"), 0, 48 * HOUR)
    (tally,) = tallies(History(spans((10, 12))), nine_to_five, [cell], 11 * HOUR)
    assert (tally.required_ms, tally.down_ms, tally.repairs) == (2 * HOUR, HOUR, 0)


def test_inspections_count_where_they_fall_due_once_they_are_decided() -> None:
    cell = Cell(Key("d-1"), 0, 100)
    periods = [
        (100, 110, 99),  # on its last day
        (50, 60, 55),  # in the days of grace
        (50, 60, 60),  # too late
        (50, 60, None),  # overdue
        (90, 120, None),  # undecided
        (101, 110, 99),  # another month's
        (0, 10, 5),  # the month's before
    ]
    tally = inspection_tally(periods, cell, 110)
    assert (tally.inspections, tally.in_time) == (4, 2)
    assert figures(tally).inspections_in_time == "50.00"


ROWS = [
    (Key("d-2", "hall", "2026-11", "m", "2"), Tally(required_ms=10, down_ms=1)),
    (Key("d-1", "hall", "2026-11", "m", "1"), Tally(required_ms=20, failures=1)),
    (Key("d-1", "=1+1", "2026-10", "m", "1"), Tally(received=199, missing=1)),
]


@pytest.mark.parametrize(
    ("dimensions", "groups"),
    [
        (("model",), [Key(model="m")]),
        (("site", "month"), [Key("", "=1+1", "2026-10"), Key("", "hall", "2026-11")]),
        (("device",), [Key("d-1"), Key("d-2")]),
        (DIMENSIONS, sorted(key for key, _ in ROWS)),
    ],
)
def test_tallies_are_added_up_by_any_dimensions(
    dimensions: tuple[str, ...], groups: list[Key]
) -> None:
    found = grouped(ROWS, dimensions)
    assert list(found) == groups
    assert sum(tally.required_ms for tally in found.values()) == 30


def test_a_report_is_plain_values_that_a_safe_table_can_take() -> None:
    rows = [report_row(key, tally, ("site",)) for key, tally in ROWS[-1:]]
    table = to_csv(["site", *REPORT_COLUMNS], rows).splitlines()
    assert table[0].startswith("\ufeffsite,availability,mtbf_ms,mttr_ms,")
    assert table[1].startswith("'=1+1,,,,,99.50,0,")


def test_a_month_is_sealed_as_figures_are() -> None:
    sealed = seal(
        Statement(
            site="hall",
            period="2026-11",
            as_of_ms=1,
            rules="",
            cells=statement_cells(ROWS),
        )
    )
    assert is_intact(sealed)
    name = "device=d-1|site=hall|month=2026-11|model=m|firmware=1"
    assert sealed.cells[name] == {"required_ms": 20, "failures": 1}
    later = statement_cells([*ROWS[:1], (ROWS[1][0], Tally(required_ms=20))])
    assert [one.change for one in adjustments(sealed, later)] == [
        {"missing": -1, "received": -199},
        {"failures": -1},
    ]
