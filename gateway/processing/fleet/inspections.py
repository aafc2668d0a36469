"""Hop 5 for inspections: who stands under which plan, and what that asks for.

A device is looked at when something about it changes: a record, a plan, its site, the
calendar; and at one timer of its own, when its state changes by time alone. Where
presses count they are read off its counters, once an hour.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from fleet.health import OVERDUE
from fleet.inspections.course import Course, course
from fleet.inspections.due import Completion, Term, Usage
from fleet.inspections.news import News, View, changes, view
from fleet.inspections.plans import (
    Placed,
    Plan,
    PlanError,
    Plans,
    check_plans,
    plan_of_profile,
)
from fleet.inspections.records import Record, completes
from fleet.registry import ACCEPTING, is_reserved
from fleet.spans import FOREVER
from fleet.vitals import presses_between
from gateway.events.cloudevents import rfc3339
from gateway.ledger.devices import Device
from gateway.ledger.inspections import (
    Entered,
    Followed,
    InspectionBooks,
    PeriodRow,
)
from gateway.processing.alerting.alerts import announce, raise_alert, resolve_alert
from gateway.processing.fleet.health import owe_work
from gateway.processing.state import DAY_MS, State

INSPECTION: Final = "inspection"
"""The kind of timer that looks at a device."""

PLANS_MAX: Final = 1_000
_PERIODS_MAX: Final = 64
"""Periods of a plan that a late record may still change."""

_COUNT_MS: Final = 3_600_000
_UNSEEN: Final = View(
    inspection_id="",
    plan_id="",
    state="not_due",
    next_due_ms=None,
    overdue_ms=None,
    presses_due=None,
    estimated=False,
    degrades=False,
    next_change_ms=None,
)


class Inspecting:
    """Follows every device that stands under a plan."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._books = InspectionBooks(state.store)
        self._written = {plan.plan_id: plan for plan in self._books.plans()}
        self._plans = Plans(self._written.values())
        self._followed = self._books.devices()

    def put_plans(self, plans: Sequence[Plan]) -> None:
        """Put plans in force; others stay.

        Raises:
            PlanError: one cannot be followed, or not together with the others.
        """
        written = self._written | {plan.plan_id: plan for plan in plans}
        if len(written) > PLANS_MAX:
            raise PlanError(f"no more than {PLANS_MAX} plans")
        check_plans(written.values())
        self._books.save_plans(plans)
        self._written, self._plans = written, Plans(written.values())
        self.look_at_all()

    def knows(self, plan_id: str) -> bool:
        """Whether there is such a plan: a person's, or a profile's."""
        of_profile = plan_id.removeprefix("profile:")
        own = self._state.profiles.inspection(of_profile)
        return plan_id in self._written or (own is not None and of_profile != plan_id)

    def plan(self, device: Device, work: str) -> Plan | None:
        """The plan of a kind of work that holds for a device."""
        return self._holding(device).get(work)

    def enter(self, place: int, device: Device, record: Record) -> None:
        """Keep a record, and look what it changes."""
        self.refresh(device)
        counted = self._books.followed(device.no).get(record.type)
        entered = Entered(record, 0, None)
        if counted is not None:
            entered = Entered(record, counted.presses, counted.reached_ms)
        self._books.add_record(place, device.no, entered)
        self.refresh(device)

    def look(self, device_id: str) -> None:
        """Its timer is due."""
        self.refresh(self._state.by_id[device_id])

    def look_at_all(self) -> None:
        """Plans, profiles, sites or the calendar changed."""
        for device in self._state.by_no.values():
            self.refresh(device)

    def refresh(self, device: Device) -> None:
        """Work out anew what is asked for at a device, and tell what changed."""
        holding = self._holding(device)
        if not holding and device.no not in self._followed:
            return
        known = self._books.followed(device.no)
        for work in known.keys() - holding.keys():
            self._books.drop(device.no, work)
            owe_work(self._state, device, work, overdue=False)
            resolve_alert(
                self._state, OVERDUE, _alert_of(device, work), "no plan asks for it"
            )
        moments = [
            self._follow(device, plan, known.get(work))
            for work, plan in holding.items()
        ]
        (self._followed.add if holding else self._followed.discard)(device.no)
        self._state.books.drop_timers(INSPECTION, device.device_id)
        next_ms = min((at_ms for at_ms in moments if at_ms is not None), default=None)
        if next_ms is not None:
            self._state.set_timer(next_ms, INSPECTION, device.device_id)

    def _holding(self, device: Device) -> dict[str, Plan]:
        if device.lifecycle not in ACCEPTING or is_reserved(device.device_id):
            return {}
        state = self._state
        wanted = state.profiles.inspection(device.profile)
        own = []
        if wanted is not None and device.profile is not None:
            own.append(plan_of_profile(device.profile, wanted))
        if not self._written and not own:
            return {}
        sites = tuple(state.openings.line(device.site))
        placed = Placed(device.device_id, device.profile, sites)
        return self._plans.holding_for(placed, own)

    def _follow(self, device: Device, plan: Plan, known: Followed | None) -> int | None:
        """When to look again, if ever."""
        state, now_ms = self._state, self._state.now_ms
        one = _counted(self._begun(device, plan, known), device)
        term = Term(device.device_id, plan, one.since_ms, one.presses_since)
        days = state.openings.days(device.site)
        completions = list(self._completions(device, plan))
        usage = Usage(one.presses, _presses_per_day(one, now_ms), one.reached_ms)
        found = course(term, completions, usage, days)
        due_at = found.open.presses_due
        reached = due_at is not None and one.presses >= due_at
        if reached != (one.reached_ms is not None):
            one = one._replace(reached_ms=now_ms if reached else None)
            usage = usage._replace(reached_ms=one.reached_ms)
            found = course(term, completions, usage, days)
        seen = view(plan, found, now_ms)
        for news in changes(None if known is None else known.view, seen):
            self._tell(device, plan, news)
        if known is None or seen != known.view:
            self._keep_periods(device, plan, found)
        self._alarm(device, plan, seen)
        self._books.follow(one._replace(view=seen))
        if plan.every_presses is None:
            return seen.next_change_ms
        counted_ms = now_ms + _COUNT_MS
        return min(seen.next_change_ms or counted_ms, counted_ms)

    def _keep_periods(self, device: Device, plan: Plan, found: Course) -> None:
        """Remember what was asked for, and when it was done: proof, later."""
        days = self._state.openings.days(device.site)
        closed = found.closed[-_PERIODS_MAX:]
        rows = [
            PeriodRow(
                one.inspection_id,
                days.local_day(one.due.due_ms - 1),
                one.due.overdue_ms,
                one.done_ms,
            )
            for one in (*closed, found.open)
            if one.due is not None
        ]
        since_ms = min((one.done_ms or 0 for one in closed), default=FOREVER)
        self._books.keep_periods(device.no, plan.type, since_ms, rows)

    def _begun(self, device: Device, plan: Plan, known: Followed | None) -> Followed:
        """How it stood; another plan begins to hold now."""
        if known is None:
            began_ms, counters = self._state.now_ms, _counters(device)
            return Followed(device.no, plan, began_ms, 0, 0, counters, None, _UNSEEN)
        if known.plan.plan_id == plan.plan_id:
            return known._replace(plan=plan)
        now_ms = self._state.now_ms
        return known._replace(plan=plan, since_ms=now_ms, presses_since=known.presses)

    def _completions(self, device: Device, plan: Plan) -> Iterable[Completion]:
        for record, presses, reached_ms in self._books.records(device.no):
            if completes(record, plan) and record.finished_ms is not None:
                yield Completion(
                    record.finished_ms, record.record_id, presses, reached_ms
                )

    def _tell(self, device: Device, plan: Plan, news: News) -> None:
        data: dict[str, object] = {
            "inspection_id": news.subject,
            "device_id": device.device_id,
            "site": device.site,
            "window": device.window,
            "type": plan.type,
            "plan_id": plan.plan_id,
        }
        if news.due_ms is not None:
            data["due_at"] = rfc3339(news.due_ms)
        if news.record_id is not None:
            data |= {"record_id": news.record_id, "in_time": news.in_time}
        announce(self._state, news.name, news.subject, data, device.device_id)

    def _alarm(self, device: Device, plan: Plan, seen: View) -> None:
        subject = _alert_of(device, plan.type)
        overdue = seen.state == "overdue"
        owe_work(self._state, device, plan.type, overdue=overdue and seen.degrades)
        if seen.state != "overdue":
            text = f"{device.device_id}: no {plan.type} is overdue"
            resolve_alert(self._state, OVERDUE, subject, text)
        elif (OVERDUE, subject) not in self._state.alerts:
            severity = "warning" if seen.degrades else "info"
            text = f"{device.device_id}: {plan.type} is overdue by plan {plan.plan_id}"
            raise_alert(self._state, OVERDUE, subject, severity, text, device)


def _alert_of(device: Device, work: str) -> str:
    return f"{device.device_id}:{work}"


def _counters(device: Device) -> tuple[int, ...]:
    return () if device.vitals is None else tuple(device.vitals.key_counts)


def _counted(one: Followed, device: Device) -> Followed:
    """With the presses since it was last looked at; counters may begin anew."""
    now = _counters(device)
    if now == one.counters or not now:
        return one
    moved = presses_between(one.counters, now)
    if moved is None:
        moved = list(now) if one.counters else []
    return one._replace(presses=one.presses + sum(moved), counters=now)


def _presses_per_day(one: Followed, now_ms: int) -> int:
    """By its own history since the plan holds."""
    elapsed_ms = max(now_ms - one.since_ms, DAY_MS)
    return (one.presses - one.presses_since) * DAY_MS // elapsed_ms
