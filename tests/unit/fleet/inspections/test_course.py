"""When inspections are due."""

import re

import pytest

from fleet.inspections.due import Usage
from tests.architecture.tree import ROOT
from tests.support.inspected import day, done, followed, plan


def test_the_day_itself_does_not_count_and_the_due_day_is_whole() -> None:
    period = followed(plan(), done(3.9)).open

    assert period.due is not None
    assert (period.due.from_ms, period.due.due_ms) == (day(13), day(14))
    states = [period.state(day(at)) for at in (12.99, 13.0, 13.99, 14.0)]
    assert states == ["not_due", "due", "due", "overdue"]


def test_grace_and_reminder_stand_around_the_due_day() -> None:
    period = followed(plan(grace_days=2, remind_before_days=3), done(3)).open

    states = [period.state(day(at)) for at in (9.99, 10, 13, 15.99, 16)]
    assert states == ["not_due", "due_soon", "due", "due", "overdue"]


def test_the_next_moment_to_look_is_the_next_change_of_state() -> None:
    period = followed(plan(grace_days=2, remind_before_days=3), done(3)).open

    moments = [period.next_change_ms(day(at)) for at in (3, 10, 13, 16)]
    assert moments == [day(10), day(13), day(16), None]


def test_working_days_leave_out_weekends_in_both_directions() -> None:
    # Friday the 6th; five working days later is Friday the 13th, three before it is
    # Tuesday the 10th, two after it Tuesday the 17th.
    asked = plan(every_days=5, day_unit="working", remind_before_days=3, grace_days=2)
    due = followed(asked, done(6.4)).open.due

    assert due is not None
    moments = (due.remind_ms, due.from_ms, due.due_ms, due.overdue_ms)
    assert moments == (day(10), day(13), day(14), day(18))
    assert not due.estimated


def test_a_due_day_in_a_year_nobody_has_published_is_estimated() -> None:
    asked = plan(every_days=600, day_unit="working")
    due = followed(asked, done(6.4)).open.due
    assert due is not None
    assert due.estimated


def test_never_inspected_it_is_due_from_the_beginning_of_the_plan() -> None:
    period = followed(plan(), since=2.5).open
    assert period.due is not None
    assert period.due.due_ms == day(13)
    assert period.inspection_id == "d-1:inspection:2026-11-02"


def test_what_was_done_before_the_plan_counts_but_asks_for_nothing_in_its_past() -> (
    None
):
    recently = followed(plan(), done(3), since=9).open
    assert recently.due is not None
    assert recently.due.due_ms == day(14)
    assert recently.inspection_id == "d-1:inspection:2026-11-09"  # no other plan's
    long_ago = followed(plan(), done(-50), since=9.5).open
    assert long_ago.due is not None
    assert (long_ago.due.from_ms, long_ago.due.due_ms) == (day(9), day(10))


def test_a_second_inspection_on_one_day_asks_for_nothing_new() -> None:
    found = followed(plan(), done(5.3), done(5.6))
    assert [one.record_id for one in found.closed] == ["r-5.3"]
    assert found.credited["r-5.6"] is None


def test_from_completion_a_late_inspection_moves_the_next_one() -> None:
    found = followed(plan(), done(20.5))
    assert [one.in_time for one in found.closed] == [False]
    assert found.open.due is not None
    assert found.open.due.due_ms == day(31)


def test_on_a_grid_a_late_inspection_moves_nothing() -> None:
    asked = plan(due_from="grid", grid_from="2026-11-05")
    found = followed(asked, done(6.5))
    assert [one.in_time for one in found.closed] == [False]
    assert found.open.due is not None
    assert found.open.due.due_ms == day(16)


def test_on_a_grid_an_early_inspection_counts_for_its_own_period_once() -> None:
    asked = plan(due_from="grid", grid_from="2026-11-05")
    found = followed(asked, done(6.5), done(7.5), done(8.5))
    assert [one.inspection_id for one in found.closed] == [
        "d-1:inspection:2026-11-01",
        "d-1:inspection:2026-11-05",
    ]
    assert found.credited["r-8.5"] is None
    assert found.open.due is not None
    assert found.open.due.due_ms == day(26)


def test_on_a_grid_one_visit_ends_all_periods_it_missed() -> None:
    asked = plan(due_from="grid", grid_from="2026-11-05")
    found = followed(asked, done(28.5))
    assert [one.in_time for one in found.closed] == [False, False, False]
    first = found.credited["r-28.5"]
    assert first is not None
    assert first.inspection_id == "d-1:inspection:2026-11-01"


def test_on_a_grid_nobody_is_sent_twice_within_the_days_of_reminding() -> None:
    asked = plan(due_from="grid", grid_from="2026-11-05", remind_before_days=3)
    found = followed(asked, done(12.5))
    assert [one.in_time for one in found.closed] == [False, True]


def test_a_grid_of_working_days_falls_on_working_days() -> None:
    # The grid begins on Sunday the 1st, so on Monday the 2nd; then every third one.
    asked = plan(
        due_from="grid", grid_from="2026-11-01", every_days=3, day_unit="working"
    )
    found = followed(asked, *(done(at) for at in (2.5, 5.5, 10.5)), since=1)
    ends = [one.due.due_ms for one in (*found.closed, found.open) if one.due]
    assert ends == [day(3), day(6), day(11), day(14)]


def test_a_grid_without_a_beginning_begins_with_the_plan() -> None:
    found = followed(plan(due_from="grid"), since=4.5)
    assert found.open.due is not None
    assert found.open.due.due_ms == day(15)


def test_presses_make_it_due_when_they_are_reached_and_leave_the_next_day() -> None:
    asked = plan(every_presses=1_000, grace_days=1)
    waiting = followed(asked, done(3, 500), usage=Usage(presses=1_499)).open
    assert (waiting.due, waiting.presses_due) == (None, 1_500)
    assert waiting.state(day(30)) == "not_due"

    reached = Usage(presses=1_500, reached_ms=day(7.9))
    period = followed(asked, done(3, 500), usage=reached).open
    states = [period.state(day(at)) for at in (7.89, 7.9, 9.99, 10)]
    assert states == ["not_due", "due", "due", "overdue"]


@pytest.mark.parametrize(("per_day", "state"), [(99, "not_due"), (100, "due_soon")])
def test_presses_are_reminded_of_by_the_devices_own_history(
    per_day: int, state: str
) -> None:
    asked = plan(every_presses=1_000, remind_before_days=3)
    usage = Usage(presses=1_200, presses_per_day=per_day)
    assert followed(asked, done(3, 500), usage=usage).open.state(day(4)) == state


def test_of_days_and_presses_the_first_decides() -> None:
    asked = plan(every_days=10, every_presses=1_000)
    usage = Usage(presses=1_500, reached_ms=day(7.9))
    by_presses = followed(asked, done(3, 500), usage=usage).open.due
    by_days = followed(asked, done(3, 500), usage=Usage(presses=600)).open.due
    assert by_presses is not None
    assert by_days is not None
    assert (by_presses.from_ms, by_days.from_ms) == (day(7.9), day(13))


def test_what_presses_made_due_counts_as_in_time_by_when_they_did() -> None:
    asked = plan(every_presses=1_000)
    late = followed(asked, done(12.5, 1_600, reached=9.2)).closed
    in_time = followed(asked, done(10.5, 1_600, reached=9.2)).closed
    assert [one.in_time for one in (*late, *in_time)] == [False, True]


def test_two_inspections_that_presses_ask_for_on_one_day_are_two() -> None:
    asked = plan(every_presses=1_000)
    noon, evening = done(3.5, 1_000, reached=3.4), done(3.8, 2_000, reached=3.7)
    found = followed(asked, done(3), noon, evening)
    names = [one.inspection_id for one in (*found.closed[1:], found.open)]
    assert [name.rpartition(":")[2] for name in names] == [
        "2026-11-03",
        "2026-11-03.2",
        "2026-11-03.3",
    ]


def test_the_examples_of_the_document_are_true() -> None:
    text = (ROOT / "docs" / "inspections.md").read_text("utf-8")
    rows = re.findall(
        r"^\| (\d+) (natural|working) days(?:, grace (\d+), remind (\d+))? "
        r"\| \D*(\d+) November 2026 \| (\d+|–) \| (\d+) \| (\d+), 00:00 \|$",  # noqa: RUF001 -- a dash of the table
        text,
        re.MULTILINE,
    )
    assert len(rows) == 3
    for every, unit, grace, remind, on, soon, due_on, overdue in rows:
        asked = plan(
            every_days=int(every),
            day_unit=unit,
            grace_days=int(grace or 0),
            remind_before_days=int(remind or 0),
        )
        due = followed(asked, done(int(on) + 0.4)).open.due
        assert due is not None
        assert (due.from_ms, due.overdue_ms) == (day(int(due_on)), day(int(overdue)))
        assert due.remind_ms == day(int(due_on if soon == "–" else soon))  # noqa: RUF001 -- as above
