"""What changed about an inspection: the difference of two views, as events."""

from collections.abc import Mapping
from typing import Literal, NamedTuple

import msgspec

from fleet.inspections.course import Course
from fleet.inspections.due import RANK, State
from fleet.inspections.plans import Plan

Name = Literal["inspection.due", "inspection.overdue", "inspection.completed"]


class Done(msgspec.Struct, frozen=True):
    """A completion: which period it closed (None: it was beyond what was asked for)."""

    record_id: str
    inspection_id: str | None = None
    due_ms: int | None = None
    in_time: bool = True


class View(msgspec.Struct, frozen=True):
    """What is shown of a device under a plan at a moment.

    `next_due_ms` is the exclusive end of the day on which it is due; `degrades` says
    whether it is overdue now by a plan that says `degrade`.
    """

    inspection_id: str
    plan_id: str
    state: State
    next_due_ms: int | None
    overdue_ms: int | None
    presses_due: int | None
    estimated: bool
    degrades: bool
    next_change_ms: int | None
    done: tuple[Done, ...] = ()


class News(NamedTuple):
    """An event; `subject` is the inspection, or the record when none asked for it."""

    name: Name
    subject: str
    due_ms: int | None
    record_id: str | None = None
    in_time: bool | None = None


def view(plan: Plan, found: Course, now_ms: int) -> View:
    """A plan's course as it is seen at a moment."""
    due, state = found.open.due, found.open.state(now_ms)
    return View(
        inspection_id=found.open.inspection_id,
        plan_id=plan.plan_id,
        state=state,
        next_due_ms=None if due is None else due.due_ms,
        overdue_ms=None if due is None else due.overdue_ms,
        presses_due=found.open.presses_due,
        estimated=due is not None and due.estimated,
        degrades=state == "overdue" and plan.on_overdue == "degrade",
        next_change_ms=found.open.next_change_ms(now_ms),
        done=_done(found),
    )


def changes(before: View | None, after: View) -> list[News]:
    """The events between two views, in the order in which they came to pass.

    What became due and overdue unseen, as after an outage, gives both events. A period
    that was moved back and is due again says so again.
    """
    known = {one.record_id for one in before.done} if before else set[str]()
    news = [_completed(one) for one in after.done if one.record_id not in known]
    same = before is not None and before.inspection_id == after.inspection_id
    was = RANK[before.state] if before is not None and same else 0
    names: Mapping[int, Name] = {2: "inspection.due", 3: "inspection.overdue"}
    news += [
        News(name, after.inspection_id, after.next_due_ms)
        for rank, name in names.items()
        if was < rank <= RANK[after.state]
    ]
    return news


def _completed(one: Done) -> News:
    subject = one.inspection_id or one.record_id
    name: Name = "inspection.completed"
    return News(name, subject, one.due_ms, one.record_id, one.in_time)


def _done(found: Course) -> tuple[Done, ...]:
    done = []
    for record_id, period in found.credited.items():
        if period is None:
            done.append(Done(record_id))
            continue
        due_ms = None if period.due is None else period.due.due_ms
        done.append(Done(record_id, period.inspection_id, due_ms, period.in_time))
    return tuple(done)
