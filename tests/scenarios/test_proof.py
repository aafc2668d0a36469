"""Proof of a fleet: what is shown equals what its script says, reckoned a second time.

The second computation counts ten-minute steps of the script, and days, in plain Python;
it shares no code with the rules, the fold or the queries.
"""

import random
from typing import Final, NamedTuple

import pytest

from fleet.availability import Tally
from gateway.ledger.queries.availability import found
from gateway.ports import Record
from gateway.queries.availability import AvailabilityFilter
from tests.support.folding import DAY_MS, START_MS, FoldedLedger, act, message, snapshot

HOUR_MS: Final = 3_600_000
STEP_MS: Final = 600_000
DAY: Final = 144
MONDAY_MS: Final = START_MS + DAY_MS + 4 * HOUR_MS
"""Midnight in Shanghai before 23 November 2026."""
FIRST_DAY: Final = 739_943
"""23 November 2026 as an ordinal."""
DAYS: Final = 8
DEVICES: Final = 12
SITES: Final = ("hall", "annex", "north")
EVERY, GRACE = 2, 1
INSPECTED_AT: Final = 84
OUTAGE: Final = (DAY + 66, DAY + 75)
"""Tuesday, 11:00 to 12:30."""
WINDOWS: Final = (
    ("hall", None, DAY + 60, DAY + 84, None),
    (None, "d-1", 3 * DAY + 70, 3 * DAY + 100, 3 * DAY + 80),
    ("north", None, 4 * DAY + 40, 4 * DAY + 58, None),
    (None, "d-2", 4 * DAY + 50, 4 * DAY + 70, None),
    ("annex", None, 4 * DAY + 80, 4 * DAY + 90, 4 * DAY + 60),
)
"""Maintenance windows of a site or a device: planned from, to, and ended sooner.

The hall's holds the beginning of the outage; the last one is ended before it begins.
"""
CLOSED: Final = {"annex": 2, "north": 3}
"""The annex is closed on Wednesday; that of the north, Thursday, is entered late."""


class Life(NamedTuple):
    """A terminal: away from step to step, inspected on days (at two)."""

    name: str
    site: str
    away: list[tuple[int, int]]
    inspected: list[int]


def serves(site: str, step: int, *, late: bool) -> bool:
    """Whether a site is open; `late`: with the closure that was entered late."""
    day, of_day = divmod(step, DAY)
    closed = CLOSED.get(site) == day and (late or site != "north")
    return day % 7 < 5 and 54 <= of_day < 102 and not closed


def script(seed: int) -> list[Life]:
    dice = random.Random(seed)
    lives = []
    for number in range(DEVICES):
        site = SITES[number % len(SITES)]
        away: list[tuple[int, int]] = []
        for _ in range(5):
            since = dice.randrange(DAY, (DAYS - 1) * DAY)
            until = since + dice.choice((2, 5, 20, 110))
            apart = all(until + 6 < a or since > b + 6 for a, b in away)
            ends_seen = not any(
                OUTAGE[0] - 1 <= end <= OUTAGE[1] + 1 for end in (since, until)
            )
            if serves(site, since, late=False) and apart and ends_seen:
                away.append((since, until))
        inspected = sorted(dice.sample(range(1, DAYS), dice.randrange(4)))
        lives.append(Life(f"d-{number}", site, sorted(away), inspected))
    return lives


def second_opinion(life: Life) -> Tally:
    seen = {
        step
        for step in range(DAYS * DAY)
        if serves(life.site, step, late=True) and not OUTAGE[0] <= step < OUTAGE[1]
    }
    unseen = sum(serves(life.site, step, late=True) for step in range(*OUTAGE))
    planned, absent = planned_steps(life)
    required = seen - planned
    harms = [[s for s in steps if s in required] for steps in absent]
    harms = [harm for harm in harms if harm]
    down = sum(map(len, harms))
    fell_due, in_time = inspections(life)
    return Tally(
        required_ms=len(required) * STEP_MS,
        down_ms=down * STEP_MS,
        maintenance_ms=len(seen & planned) * STEP_MS,
        unobserved_ms=unseen * STEP_MS,
        failures=len(harms),
        repairs=len(harms),
        repair_ms=down * STEP_MS,
        inspections=fell_due,
        in_time=in_time,
    )


def planned_steps(life: Life) -> tuple[set[int], list[list[int]]]:
    """The steps of its windows, and those of each absence that nobody planned.

    An absence that begins in a window counts when that is over; one that was there
    before goes on, and its steps are no planned ones.
    """
    windows = {
        step
        for site, name, since, until, ended in WINDOWS
        if life.site == site or life.name == name
        for step in range(since, until if ended is None else min(until, ended))
    }
    absent = []
    for since, until in life.away:
        steps = list(range(since, until))
        while steps and since in windows and steps[0] in windows:
            steps.pop(0)
        absent.append(steps)
    return windows - {step for steps in absent for step in steps}, absent


def inspections(life: Life) -> tuple[int, int]:
    """How many fell due within the days, and how many of them were done in time."""
    base, fell_due, in_time = 0, 0, 0
    for day in life.inspected:
        due = base + EVERY
        if due < DAYS:
            fell_due += 1
            in_time += day <= due + GRACE
        base = day
    still_due = base + EVERY
    overdue = still_due + GRACE < DAYS
    return fell_due + (overdue and still_due < DAYS), in_time


class World:
    def __init__(self, lives: list[Life]) -> None:
        self.lives = lives
        self.ledger = FoldedLedger(start_ms=MONDAY_MS)
        self.ledger.journal.append([])
        profile = {"profiles": {"E5": {"heartbeat_interval_s": 600}}}
        rows = [{"device_id": o.name, "site": o.site, "profile": "E5"} for o in lives]
        plan = {
            "plan_id": "p",
            "scope": "profile",
            "subject": "E5",
            "every_days": EVERY,
            "grace_days": GRACE,
            "checklist": ["clean"],
        }
        day = {"site": "annex", "from": "2026-11-25", "to": "2026-11-26"}
        sites = [{"id": name, "hours": "09:00-17:00"} for name in SITES]
        self.take(
            0,
            self.act("rules_applied", {"rules": {"unknown_devices": "approve"}}),
            self.act("profiles_applied", profile),
            self.act("tables_applied", {"table": "sites", "rows": sites}),
            self.act("tables_applied", {"table": "closures", "rows": [day]}),
            self.act("tables_applied", {"table": "devices", "rows": rows}),
            self.act("inspection_plan_put", {"author": "t", "plans": [plan]}),
        )

    def act(self, name: str, data: object) -> Record:
        return act(name, data, self.ledger.clock.wall_ms())

    def take(self, step: int, *records: Record) -> None:
        clock = self.ledger.clock
        clock.advance(MONDAY_MS + step * STEP_MS - clock.wall_ms())
        self.ledger.take(*records)

    def run(self) -> None:
        for step in range(DAYS * DAY + 5):
            clock = self.ledger.clock
            clock.advance(MONDAY_MS + step * STEP_MS - clock.wall_ms())
            if step == OUTAGE[0]:
                self.take(step, self.act("link_down", {"reason": "gone"}))
            elif step == OUTAGE[1]:
                self.take(step, self.act("link_up", {}), self.act("link_drained", {}))
            self.plan(step)
            if not OUTAGE[0] <= step < OUTAGE[1]:
                self.take(step, *(r for o in self.lives for r in self.told(o, step)))
        row = {"site": "north", "from": "2026-11-26", "to": "2026-11-27"}
        late = {"table": "closures", "rows": [row]}
        self.take(DAYS * DAY + 5, self.act("tables_applied", late))

    def plan(self, step: int) -> None:
        """Windows are entered an hour before they begin; some are ended sooner."""
        for number, (site, name, since, until, ended) in enumerate(WINDOWS, 1):
            if step == min(since, ended or since) - 6:
                times = {
                    "from_ms": MONDAY_MS + since * STEP_MS,
                    "until_ms": MONDAY_MS + until * STEP_MS,
                }
                what = {"author": "t", "device_id": name, "site": site}
                self.take(step, self.act("maintenance_window_opened", what | times))
            if step == ended:
                ending = {"author": "t", "window_id": number}
                self.take(step, self.act("maintenance_window_ended", ending))

    def told(self, life: Life, step: int) -> list[Record]:
        now_ms = self.ledger.clock.wall_ms()

        def presence(state: str) -> Record:
            body = {"v": 1, "state": state, "conn_id": "c", "boot_id": "b"}
            return message(life.name, body, now_ms, "presence")

        told = []
        if step == 0 or step in {until for _, until in life.away}:
            told.append(presence("online"))
        if step in {since for since, _ in life.away}:
            told.append(presence("offline"))
        if not any(since <= step < until for since, until in life.away):
            told.append(message(life.name, {"v": 1}, now_ms, "heartbeat"))
        if step % DAY == INSPECTED_AT and step // DAY in life.inspected:
            done = {
                "device_id": life.name,
                "operator": "w",
                "checklist": {"clean": "pass"},
            }
            told.append(self.act("inspection_recorded", {"author": "t", **done}))
        return told


@pytest.mark.parametrize("seed", [1, 2, 101])
def test_availability_and_inspections_equal_the_script(seed: int) -> None:
    world = World(script(seed))
    world.run()
    wanted = AvailabilityFilter(
        days=(FIRST_DAY, FIRST_DAY + DAYS), group_by=("device",)
    )
    groups = found(world.ledger.store.connection, wanted).groups
    assert {key.device: tally for key, tally in groups.items()} == {
        life.name: second_opinion(life) for life in world.lives
    }
    refolded = world.ledger.refolded(blocks=9)
    assert snapshot(refolded.store) == snapshot(world.ledger.store)
    assert sum(tally.failures for tally in groups.values()) > DEVICES / 2
    assert sum(tally.maintenance_ms > 0 for tally in groups.values()) > DEVICES / 2
    world.ledger.close()
