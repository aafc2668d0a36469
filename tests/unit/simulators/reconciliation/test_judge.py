"""A comparison sees each damage, and nothing else."""

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from simulators.population import rfc3339
from simulators.reconcile import RECORDED, HeldPoint, TakenEvent
from simulators.reconciliation.judge import (
    Checked,
    Scope,
    judge_counts,
    judge_events,
    judge_ledger,
    judge_points,
    judge_receipts,
)
from simulators.reconciliation.report import as_json, lines, write_junit
from simulators.reconciliation.run import Reconciliation
from simulators.reconciliation.stores import HeldRating
from simulators.simulate.book import Book, Event, Range

NOW_MS = 1_795_000_000_000
LATE_MS = 10_000


def make(number: int, *, kind: str = "A", **more: object) -> Event:
    event = Event(
        "sim-1", f"01a1ee6d-1a00-7000-8000-{number:012d}", 5, f"S{number}", "E1", kind,
        NOW_MS, NOW_MS, sent_ms=NOW_MS, taken_ms=NOW_MS, sendings=1, taken=1,
        receipted=kind == "A",
    )  # fmt: skip
    for name, value in more.items():
        setattr(event, name, value)
    return event


def scope(*events: Event) -> Scope:
    book = Book(began_ms=NOW_MS - 1000, ended_ms=NOW_MS + 60_000)
    for event in events:
        book.enter(event)
    return Scope("sim", book, LATE_MS)


def rating(event: Event, **more: Any) -> HeldRating:  # noqa: ANN401 - any field
    held = HeldRating(
        event.rating_id, event.level, NOW_MS, NOW_MS + 5, "device", effective=True
    )
    return held._replace(**more)


def point(event: Event, **more: Any) -> HeldPoint:  # noqa: ANN401 - any field
    held = HeldPoint(event.rating_id, event.level, 1, NOW_MS * 1_000_000 + 7)
    return held._replace(**more)


def told(event: Event, **more: object) -> TakenEvent:
    data = {
        "event_id": event.event_id,
        "rating_id": event.rating_id,
        "device_id": "sim-1",
        "level": event.level,
        "session_id": event.session_id,
        "employee_id": "E1",
        "time_quality": "device",
        "occurred_at": rfc3339(NOW_MS),
        **more,
    }
    return TakenEvent(f"{RECORDED}:{event.rating_id}:1", RECORDED, data, NOW_MS + 9)


def counts(found: Checked) -> tuple[int, int, int]:
    return found.missing, found.extra, found.altered


def test_what_is_there_once_and_unaltered_is_right() -> None:
    one = make(1)
    here = scope(one)
    assert counts(judge_ledger(here, [rating(one)])) == (0, 0, 0)
    assert counts(judge_points(here, [point(one)])) == (0, 0, 0)
    assert counts(judge_events(here, [told(one), told(one)])) == (0, 0, 0)


def test_what_was_taken_and_is_nowhere_is_missing() -> None:
    here = scope(make(1), make(2, kind="B"))
    assert counts(judge_ledger(here, [])) == (2, 0, 0)
    assert counts(judge_points(here, [])) == (2, 0, 0)
    assert counts(judge_events(here, [])) == (2, 0, 0)


def test_what_was_never_acknowledged_may_be_there_or_not() -> None:
    unsure = make(1, kind="C", taken=0)
    here = scope(unsure)
    absent, present = judge_ledger(here, []), judge_ledger(here, [rating(unsure)])
    assert (counts(absent), absent.unsure) == ((0, 0, 0), 1)
    assert (counts(present), present.unsure) == ((0, 0, 0), 0)


def test_twice_or_unknown_is_extra() -> None:
    one, foreign = make(1), make(2)
    here = scope(one)
    assert counts(judge_ledger(here, [rating(one)] * 2)) == (0, 1, 0)
    assert counts(judge_points(here, [point(one), point(one, time_ns=1)])) == (0, 1, 0)
    assert counts(judge_ledger(here, [rating(one), rating(foreign)])) == (0, 1, 0)
    without_effect = rating(one, effective=False)
    assert counts(judge_ledger(here, [without_effect, rating(one)])) == (0, 1, 0)
    again = told(one)._replace(id="another id")
    assert counts(judge_events(here, [told(one), again])) == (0, 1, 0)


@pytest.mark.parametrize(
    "changed",
    [
        {"level": 4},
        {"occurred_ms": NOW_MS + 1},
        {"time_quality": "gateway"},
        {"effective": False},
    ],
)
def test_rating_that_says_something_else_is_altered(changed: dict[str, object]) -> None:
    one = make(1)
    assert counts(judge_ledger(scope(one), [rating(one, **changed)])) == (0, 0, 1)


@pytest.mark.parametrize("name", ["level", "session_id", "employee_id"])
def test_event_that_says_something_else_is_altered(name: str) -> None:
    one = make(1)
    assert counts(judge_events(scope(one), [told(one, **{name: "?"})])) == (0, 0, 1)


def test_terminal_without_a_clock_is_placed_after_its_press() -> None:
    lost = make(1, exact=False, qualities=("gateway",), claimed_ms=1)
    here = scope(lost)
    right = rating(lost, occurred_ms=NOW_MS + 300, time_quality="gateway")
    wrong = right._replace(occurred_ms=1)
    assert counts(judge_ledger(here, [right])) == (0, 0, 0)
    assert counts(judge_ledger(here, [wrong])) == (0, 0, 1)


def test_wrong_zone_may_be_corrected_or_taken_as_it_is() -> None:
    claimed_ms = NOW_MS - 8 * 3_600_000
    shifted = make(1, claimed_ms=claimed_ms, qualities=("device", "zone_corrected"))
    here = scope(shifted)
    as_is = rating(shifted, occurred_ms=claimed_ms)
    corrected = rating(shifted, time_quality="zone_corrected")
    neither = corrected._replace(occurred_ms=claimed_ms)
    found = [counts(judge_ledger(here, [one])) for one in (as_is, corrected, neither)]
    assert found == [(0, 0, 0), (0, 0, 0), (0, 0, 1)]


def test_second_press_of_a_session_has_no_effect() -> None:
    first = make(1)
    second = make(2, pair=first)
    here = scope(first, second)
    assert counts(judge_points(here, [point(first), point(second)])) == (0, 0, 1)
    points = [point(first), point(second, effective=0)]
    assert counts(judge_points(here, points)) == (0, 0, 0)


def test_practice_stays_in_the_ledger() -> None:
    practice = make(1, live=False)
    here = scope(practice)
    assert counts(judge_ledger(here, [rating(practice, effective=False)])) == (0, 0, 0)
    assert counts(judge_points(here, [])) == (0, 0, 0)
    assert counts(judge_points(here, [point(practice)])) == (0, 1, 0)


def test_late_is_told_and_no_damage() -> None:
    one = make(1)
    late = rating(one, received_ms=NOW_MS + LATE_MS + 1)
    found = judge_ledger(scope(one), [late])
    assert (found.late, found.damaged) == (1, False)


def test_ratings_of_others_and_of_earlier_runs_are_left_alone() -> None:
    one = make(1)
    other = rating(one)._replace(rating_id="hall-1:abcdefgh")
    earlier = rating(one)._replace(
        rating_id="sim-1:01000000-0000-7000-8000-000000000000"
    )
    assert counts(judge_ledger(scope(one), [rating(one), other, earlier])) == (0, 0, 0)


def test_receipt_without_a_rating_is_the_worst() -> None:
    receipted, waiting = make(1), make(2, receipted=False)
    refused = make(3, receipted=False, refused="schema")
    here = scope(receipted, waiting, refused)
    found = judge_receipts(here, [])
    assert counts(found) == (2, 0, 1)
    assert judge_receipts(scope(make(1)), [make(1).rating_id]).damaged is False


@pytest.mark.parametrize(
    ("counted", "missing", "repeated"), [(4, 1, 0), (5, 0, 0), (7, 0, 0), (9, 0, 2)]
)
def test_counts_below_their_range_are_missing(
    counted: int, missing: int, repeated: int
) -> None:
    found = judge_counts({"accepted": Range(5, 7)}, {"accepted": counted})
    assert (found.missing, found.repeated) == (missing, repeated)


def test_report_names_the_damage_with_examples(tmp_path: Path) -> None:
    here = scope(make(1), make(2))
    done = Reconciliation({"ledger": judge_ledger(here, [rating(make(1))])})
    assert "DAMAGED: ledger: 1 missing." in list(lines(done))
    assert json.dumps(as_json(done)).count("000000000002") == 1
    path = tmp_path / "junit.xml"
    write_junit(path, done)
    suite = ET.parse(path).getroot()
    assert (suite.get("tests"), suite.get("failures")) == ("3", "1")
    assert suite.find("testcase/failure[@message='1 missing']") is not None


def test_clean_report_says_so() -> None:
    one = make(1)
    done = Reconciliation({"ledger": judge_ledger(scope(one), [rating(one)])})
    assert list(lines(done))[-1].startswith("Exact")
    assert not done.damaged
