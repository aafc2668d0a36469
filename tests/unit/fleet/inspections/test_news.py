"""What changed about an inspection becomes events."""

from fleet.inspections.due import Completion
from fleet.inspections.news import View, changes, view
from fleet.inspections.plans import Plan
from tests.support.inspected import day, done, followed, plan


def seen(at: float, *completions: Completion, asked: Plan | None = None) -> View:
    asked = asked or plan(grace_days=2, remind_before_days=3)
    return view(asked, followed(asked, *completions), day(at))


def test_each_step_is_told_once() -> None:
    before: View | None = None
    told = []
    for at in (2, 8, 9, 11, 12, 14, 20):
        after = seen(at, done(1.6))
        told.append([news.name for news in changes(before, after)])
        before = after
    assert told == [
        ["inspection.completed"],
        [],
        [],
        ["inspection.due"],
        [],
        ["inspection.overdue"],
        [],
    ]


def test_what_passed_unseen_is_told_in_its_order() -> None:
    news = changes(seen(5), seen(20))
    assert [one.name for one in news] == ["inspection.due", "inspection.overdue"]
    assert {one.subject for one in news} == {"d-1:inspection:2026-11-01"}
    assert {one.due_ms for one in news} == {day(12)}


def test_a_completion_names_the_inspection_it_ends_and_whether_it_was_in_time() -> None:
    (late,) = changes(seen(15), seen(16, done(15.5)))
    assert (late.name, late.subject) == (
        "inspection.completed",
        "d-1:inspection:2026-11-01",
    )
    assert (late.in_time, late.record_id, late.due_ms) == (False, "r-15.5", day(12))


def test_what_nobody_asked_for_is_told_under_its_own_name() -> None:
    (extra,) = changes(seen(4, done(3.2)), seen(4, done(3.2), done(3.6)))
    assert (extra.subject, extra.in_time, extra.due_ms) == ("r-3.6", True, None)


def test_a_record_entered_after_a_later_one_is_told_all_the_same() -> None:
    (news,) = changes(seen(9, done(8)), seen(9, done(8), done(5)))
    assert (news.name, news.record_id) == ("inspection.completed", "r-5")


def test_a_new_period_that_is_overdue_at_once_says_all() -> None:
    news = changes(seen(4, done(3)), seen(29, done(3), done(12)))
    assert [one.name.partition(".")[2] for one in news] == [
        "completed",
        "due",
        "overdue",
    ]
    assert len({one.subject for one in news}) == 2


def test_only_an_overdue_plan_that_says_so_degrades() -> None:
    strict = plan(on_overdue="degrade")
    assert [seen(at, asked=strict).degrades for at in (11.9, 12)] == [False, True]
    assert not seen(20).degrades
