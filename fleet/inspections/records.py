"""Records: what somebody did at a terminal, and whether it is what was asked for."""

from collections.abc import Iterable, Mapping
from typing import Final, Literal, NamedTuple

import msgspec

from fleet.inspections.plans import Plan, Work, check_items, check_text

Outcome = Literal["ok", "degraded", "out_of_service"]
Mark = Literal["pass", "fail", "skip"]

NOTES_CHARS_MAX: Final = 2_000
PARTS_MAX: Final = 64
PART_COUNT_MAX: Final = 1_000
WORK_MS_MAX: Final = 7 * 86_400_000
FUTURE_MS_MAX: Final = 5 * 60_000
"""As far as a person's clock may be ahead."""


class RecordError(ValueError):
    """A record that cannot be, and why."""


class Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One visit to one terminal; `finished_ms` None: the work goes on.

    `plan_id` None: it follows no plan in particular. `checklist` has the marks given,
    `parts` how many of each were used. `operator` is who did it, `press_test_id` the
    test that its mark for the keys rests on.
    """

    record_id: str
    device_id: str
    type: Work
    started_ms: int
    operator: str
    finished_ms: int | None = None
    plan_id: str | None = None
    checklist: dict[str, Mark] = {}
    parts: dict[str, int] = {}
    result: Outcome = "ok"
    notes: str = ""
    press_test_id: str | None = None


def check_record(record: Record, now_ms: int) -> None:
    """Whether a record can be true.

    Raises:
        RecordError: its times, marks or parts contradict each other or all sense.
    """
    for name in ("record_id", "device_id", "operator"):
        check_text(name, getattr(record, name), RecordError)
    if len(record.notes) > NOTES_CHARS_MAX:
        raise RecordError(f"notes: longer than {NOTES_CHARS_MAX} characters")
    _check_times(record, now_ms)
    _check_marks(record)
    _check_parts(record.parts)


def unanswered(record: Record, checklist: Iterable[str]) -> tuple[str, ...]:
    """The items of a checklist that the record has no mark for, in their order."""
    return tuple(item for item in checklist if item not in record.checklist)


def completes(record: Record, plan: Plan) -> bool:
    """Whether a record is the work that a plan asked for, done and whole.

    A terminal found broken was inspected; one looked at in half was not.
    """
    return (
        record.finished_ms is not None
        and record.type == plan.type
        and not unanswered(record, plan.checklist)
    )


class Finding(NamedTuple):
    """What records say of a terminal today: its result, since when, what failed."""

    result: Outcome
    since_ms: int
    failed: tuple[str, ...]


def found_last(records: Iterable[Record]) -> Finding | None:
    """The result of the finished work that was finished last; None: there is none."""
    done = [(one.finished_ms, one.record_id, one) for one in records if one.finished_ms]
    if not done:
        return None
    finished_ms, _, last = max(done, key=lambda found: found[:2])
    failed = [item for item, mark in last.checklist.items() if mark == "fail"]
    return Finding(last.result, finished_ms, tuple(sorted(failed)))


def _check_times(record: Record, now_ms: int) -> None:
    latest_ms = now_ms + FUTURE_MS_MAX
    if record.started_ms > latest_ms:
        raise RecordError("started: lies in the future")
    if record.finished_ms is None:
        return
    if record.finished_ms < record.started_ms:
        raise RecordError("finished: lies before started")
    if record.finished_ms > latest_ms:
        raise RecordError("finished: lies in the future")
    if record.finished_ms - record.started_ms > WORK_MS_MAX:
        raise RecordError("finished: more than seven days after started")


def _check_marks(record: Record) -> None:
    check_items(record.checklist, RecordError)
    failed = [item for item, mark in record.checklist.items() if mark == "fail"]
    if record.result == "ok" and failed:
        raise RecordError(
            f"result: ok, but {failed[0]!r} failed: "
            "say degraded or out_of_service, or mark it pass once it is mended"
        )


def _check_parts(parts: Mapping[str, int]) -> None:
    if len(parts) > PARTS_MAX:
        raise RecordError(f"parts: more than {PARTS_MAX} kinds")
    for part, count in parts.items():
        check_text("parts", part, RecordError)
        if not 1 <= count <= PART_COUNT_MAX:
            raise RecordError(f"parts: {count} of {part!r} is not from 1 to 1000")
