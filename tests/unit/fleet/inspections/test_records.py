"""What a record may say, and whether it is what was asked for."""

import msgspec
import pytest

from fleet.inspections.records import (
    Record,
    RecordError,
    check_record,
    completes,
    found_last,
    unanswered,
)
from tests.support.inspected import day, plan

NOW = day(5)
WHOLE = Record(
    record_id="r-1",
    device_id="d-1",
    type="inspection",
    started_ms=NOW - 600_000,
    finished_ms=NOW,
    operator="王五",
    checklist={"clean": "pass", "sound": "skip"},
)
ASKED = plan(checklist=("clean", "sound"))


def record(**fields: object) -> Record:
    return msgspec.structs.replace(WHOLE, **fields)


def test_what_was_done_whole_completes_its_plan() -> None:
    check_record(WHOLE, NOW)
    assert completes(WHOLE, ASKED)


@pytest.mark.parametrize(
    "fields",
    [
        {"finished_ms": None},
        {"type": "repair"},
        {"checklist": {"clean": "pass"}},
    ],
)
def test_what_was_not_done_whole_completes_nothing(fields: dict[str, object]) -> None:
    assert not completes(record(**fields), ASKED)


def test_a_terminal_found_broken_was_inspected() -> None:
    broken = record(
        result="out_of_service", checklist={"clean": "fail", "sound": "skip"}
    )
    check_record(broken, NOW)
    assert completes(broken, ASKED)


def test_what_was_forgotten_is_named_in_the_order_of_the_list() -> None:
    assert unanswered(record(checklist={}), ASKED.checklist) == ("clean", "sound")


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"started_ms": NOW + 600_000}, "started: lies in the future"),
        ({"finished_ms": NOW - 700_000}, "finished: lies before started"),
        ({"finished_ms": NOW + 600_000}, "finished: lies in the future"),
        ({"started_ms": NOW - 8 * 86_400_000}, "more than seven days"),
        ({"checklist": {"clean": "fail"}}, "result: ok, but 'clean' failed"),
        ({"parts": {"battery": 0}}, "0 of 'battery'"),
        ({"parts": dict.fromkeys(map(str, range(65)), 1)}, "more than 64 kinds"),
        ({"notes": "x" * 2_001}, "notes: longer than 2000"),
        ({"operator": ""}, "operator: 1 to 64"),
        ({"checklist": {"a\nb": "pass"}}, "checklist: 1 to 64"),
        ({"checklist": dict.fromkeys(map(str, range(65)), "pass")}, "more than 64"),
    ],
)
def test_what_cannot_be_is_told_so(fields: dict[str, object], words: str) -> None:
    with pytest.raises(RecordError, match=words):
        check_record(record(**fields), NOW)


def test_the_last_finished_work_says_how_a_terminal_was_left() -> None:
    broken = record(
        record_id="r-2",
        finished_ms=NOW + 1,
        result="degraded",
        checklist={"sound": "fail", "clean": "fail"},
    )
    going_on = record(record_id="r-3", started_ms=NOW + 2, finished_ms=None)
    found = found_last([broken, going_on, WHOLE])
    assert found == ("degraded", NOW + 1, ("clean", "sound"))
    assert found_last([going_on]) is None
