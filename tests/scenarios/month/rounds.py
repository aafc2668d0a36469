"""Routine work in the month: plans, what people record of it, and planned repairs."""

import random
from collections import defaultdict
from datetime import timedelta
from typing import Final, NamedTuple

from tests.scenarios.month.dues import Entry, Rule
from tests.scenarios.month.plan import DAY, HOUR, Change, Plan
from tests.scenarios.month.terminal import Terminal

MINUTE_MS: Final = 60_000
DAY_MS: Final = 86_400_000
BEFORE: Final = -1
"""The day on which everything is set up."""
REGIONS: Final = ("north", "south")
ITEMS: Final = ("clean", "label", "cable")
_EXEMPT, _OWN = 0.02, 0.04
"""Shares of terminals that no plan asks for, and that get one of their own later."""
_LATE, _REPAIRS, _BROKEN = 0.1, 0.05, 0.04
"""Shares of visits that are written down days later, were none, or found a fault."""

Said = tuple[str, dict[str, object]]
"""An act: its name and data."""


class Visit(NamedTuple):
    """Somebody records work in a minute, which may have been done days earlier."""

    minute: int
    done_minute: int
    kind: str
    marks: tuple[str, ...]
    broken: bool


class Rounds:
    """`acts` by minute; `plans` and `visits` by terminal, `maintained` in minutes."""

    def __init__(self, plan: Plan, seed: int) -> None:
        self._plan = plan
        self._dice = random.Random(f"rounds {seed}")
        self.acts: defaultdict[int, list[Said]] = defaultdict(list)
        self.plans: defaultdict[str, list[tuple[int, Rule | None]]] = defaultdict(list)
        self.cleaned = self._rule("E5", "profile", "clean", grid=BEFORE + 1)
        self.written = [self.cleaned]
        self.visits: dict[str, list[Visit]] = {}
        self.maintained: dict[str, tuple[int, int]] = {}
        self.regions = {
            site: REGIONS[number % 2] for number, site in enumerate(plan.sites)
        }
        self._write_plans()
        self._exempt_and_own()
        for one in plan.terminals:
            self._visit(one)
        self._maintain()

    def first_acts(self) -> Said:
        """What is said before the first day."""
        plans = [self.as_act(rule) for rule in self.written] + self._exemptions
        return "inspection_plan_put", {"author": "lead", "plans": plans}

    def noted_ms(self, minute: int) -> int:
        """When the journal has what is said in a minute: at its end."""
        return self._plan.first_ms + (minute + 1) * MINUTE_MS

    def pressed(self, one: Terminal) -> bool:
        """Whether the number of presses decides when it is due."""
        return any(
            rule is not None and rule.every_presses for _, rule in self.plans[one.id]
        )

    def entries(self, one: Terminal) -> list[tuple[Visit, Entry]]:
        """The visits as the second computation takes them; presses are not known."""
        found = []
        for visit in self.visits[one.id]:
            done_ms = self.noted_ms(visit.done_minute)
            entered_ms = self.noted_ms(visit.minute)
            found.append((visit, Entry(visit.kind, done_ms, entered_ms, visit.marks)))
        return found

    def _write_plans(self) -> None:
        """Every fifth site goes by the plan of its region."""
        by_region = {name: self._rule(name, "site") for name in REGIONS}
        self.written += by_region.values()
        by_site: dict[str, Rule] = {}
        for number, site in enumerate(self._plan.sites):
            by_site[site] = by_region[self.regions[site]]
            if number % 5 != 0:
                by_site[site] = self._rule(site, "site", number=number)
                self.written.append(by_site[site])
        for one in self._plan.terminals:
            self.plans[one.id].append((BEFORE * DAY, by_site[one.site]))

    def _rule(
        self,
        subject: str,
        scope: str,
        kind: str = "inspection",
        *,
        number: int = 1,
        grid: int | None = None,
    ) -> Rule:
        dice, size = self._dice, self._plan.size
        every = dice.randint(*size.inspected_days)
        presses = None
        if subject in self._plan.dark and number % 2:
            presses = dice.randint(*size.inspected_presses)
        if not presses and number % 4 >= 2:
            grid = dice.randrange(BEFORE - every, BEFORE + every)
        return Rule(
            plan_id=f"{kind}-{subject}",
            scope=scope,
            subject=subject,
            kind=kind,
            every_days=None if presses and number % 3 == 0 else every,
            every_presses=presses,
            working=bool(dice.randrange(2)),
            grid=grid,
            grace=dice.randrange(3),
            remind=0 if presses else dice.randrange(min(every, 3)),
            degrades=bool(dice.randrange(2)),
            items=ITEMS[:1] if kind == "clean" else ITEMS[: 3 - (scope == "site")],
        )

    def _exempt_and_own(self) -> None:
        minute = self._plan.size.days * 2 // 5 * DAY + 6 * HOUR
        owned, self._exemptions = list[dict[str, object]](), list[dict[str, object]]()
        for one in self._plan.terminals:
            thrown = self._dice.random()
            if thrown < _EXEMPT:
                exempt = self._rule(one.id, "device")
                self._exemptions.append({**self.as_act(exempt), "enabled": False})
                self.plans[one.id] = [(BEFORE * DAY, None)]
            elif thrown < _EXEMPT + _OWN:
                own = self._rule(one.id, "device", number=self._dice.randrange(4))
                owned.append(self.as_act(own))
                self.plans[one.id].append((minute, own))
        said: dict[str, object] = {"author": "lead", "plans": owned}
        self.acts[minute].append(("inspection_plan_put", said))

    def as_act(self, rule: Rule) -> dict[str, object]:
        """A plan as people write it."""
        plan: dict[str, object] = {
            "plan_id": rule.plan_id,
            "scope": rule.scope,
            "subject": rule.subject,
            "type": rule.kind,
            "day_unit": "working" if rule.working else "natural",
            "grace_days": rule.grace,
            "remind_before_days": rule.remind,
            "on_overdue": "degrade" if rule.degrades else "warn",
            "checklist": rule.items,
        }
        if rule.every_days:
            plan["every_days"] = rule.every_days
        if rule.every_presses:
            plan["every_presses"] = rule.every_presses
        if rule.grid is not None:
            first = self._plan.size.first + timedelta(days=rule.grid)
            plan |= {"due_from": "grid", "grid_from": first.isoformat()}
        return plan

    def _visit(self, one: Terminal) -> None:
        """At random times, rather too seldom; some is written down days later."""
        dice, size, visits = self._dice, self._plan.size, list[Visit]()
        for kind in ("inspection", "clean"):
            often = 1.25 * sum(size.inspected_days) / 2
            for _ in range(int(dice.uniform(0.3, 1.7) * size.days / often)):
                visits.append(self._drawn(one, kind))
        self.visits[one.id] = sorted(set(visits))
        for visit in self.visits[one.id]:
            self.acts[visit.minute].append(self._record(one, visit))

    def _drawn(self, one: Terminal, kind: str) -> Visit:
        dice, size = self._dice, self._plan.size
        # The last minute of a day ends at midnight, when timers are due as well.
        minute = dice.randrange(size.days) * DAY + dice.randrange(DAY - 1)
        if minute // HOUR == size.outage * 24 + 10:
            minute += 2 * HOUR  # of what heartbeats tell meanwhile nothing is heard
        done, thrown = minute, dice.random()
        if thrown < _LATE and not self.pressed(one):
            done = max(0, minute - dice.randrange(2 * DAY))
            done -= done % DAY == DAY - 1
        if _LATE < thrown < _LATE + _REPAIRS:
            kind = "repair"
        items = ITEMS[: dice.choices((1, 2, 3), (1, 3, 16))[0]]
        return Visit(minute, done, kind, items, broken=dice.random() < _BROKEN)

    def _record(self, one: Terminal, visit: Visit) -> Said:
        marks = dict.fromkeys(visit.marks, "pass")
        if visit.broken:
            marks[ITEMS[0]] = "fail"
        said: dict[str, object] = {
            "author": "w",
            "operator": "w",
            "device_id": one.id,
            "type": visit.kind,
            "checklist": marks,
            "result": "degraded" if visit.broken else "ok",
        }
        if visit.done_minute != visit.minute:
            said["finished_ms"] = self.noted_ms(visit.done_minute)
        return "inspection_recorded", said

    def _maintain(self) -> None:
        """Some are taken out of service for two hours, silent, and mended too late."""
        begins = self._plan.size.early * DAY + 13 * HOUR
        ends = begins + 2 * HOUR
        for one in self._plan.some():
            self._plan.away(one, begins + 5, 100)
            self.maintained[one.id] = (begins, ends)
            self._plan.events[ends - 14].append((one, Change("faults", '"display"')))
            self._plan.events[ends + 30].append((one, Change("faults", "")))
            self._plan.follows.add(("fault_display", one.id))
            for minute, name in ((begins, "maintenance"), (ends, "approved")):
                said: dict[str, object] = {"author": "lead", "device_id": one.id}
                self.acts[minute].append((f"device_{name}", said))
