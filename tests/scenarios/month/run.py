"""Folds what a plan says, minute by minute, and compares what was found."""

import random
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple, TypeVar

from gateway.ledger.comparison import digest
from gateway.ports import Record
from tests.scenarios.month.plan import (
    DAY,
    HOUR,
    TABLE,
    Boot,
    Change,
    Cut,
    Event,
    Plan,
    Size,
    Test,
)
from tests.scenarios.month.proof import Line, Proof
from tests.scenarios.month.rounds import REGIONS, Rounds
from tests.scenarios.month.scores import Score, scored
from tests.scenarios.month.terminal import Terminal, waited
from tests.support.folding import FoldedLedger, act

T = TypeVar("T")

MINUTE_MS: Final = 60_000
BLOCK_MAX: Final = 500
SLOT: Final = 10
OUTAGE_MINUTES: Final = 60
SETTLED_MINUTES: Final = 40
"""After the last day, until it was summed up."""
_PRUNED_EVERY: Final = 500
_OF_USE: Final = {
    "dead_key",
    "duplicate_identity",
    "fault_display",
    "fault_tamper",
    "flapping",
    "restarts",
    "stuck_key",
}
"""Troubles by which a terminal may be of no use: what it tells is written down."""


class Outcome(NamedTuple):
    scores: list[Score]
    proof: list[Line]
    wrong: list[str]
    """What was missed, what is false, and what was reckoned otherwise, in words."""
    messages: int
    simulated_s: float
    folding_s: float
    digest: str
    told: Counter[str]
    """Events about terminals and alerts, each as its schema says."""

    @property
    def speed(self) -> float:
        """How many times faster than the days themselves."""
        return self.simulated_s / self.folding_s


class Interruptions(NamedTuple):
    """How often the fold begins anew, and how many blocks a transaction may have."""

    restarts: float = 0.0
    blocks: tuple[int, int] = (8, 8)
    seed: int = 0


class Month:
    """One fold of a plan."""

    def __init__(self, size: Size, seed: int, how: Interruptions) -> None:
        self.plan = Plan(size, seed)
        self.rounds = Rounds(self.plan, seed)
        self.ledger = FoldedLedger(start_ms=self.plan.first_ms - 3_600_000)
        self._how = how
        self._chance = random.Random(how.seed)
        self._by_minute = [
            sorted((one for one in self.plan.terminals if one.minute == at), key=_ms)
            for at in range(SLOT)
        ]
        self._all = sorted(self.plan.terminals, key=_ms)
        self._waiting: list[Record] = []  # at the broker
        self._unfolded = 0
        planted = {(one.cause, one.subject) for one in self.plan.truth}
        for one in self.plan.terminals:
            ailing = any((cause, one.id) in planted for cause in _OF_USE)
            if ailing or one.id in self.rounds.maintained:
                one.diary = []
        self._by_id = {one.id: one for one in self.plan.terminals}
        self._told: dict[str, dict[int, int]] = {one: {} for one in self._by_id}
        self._presses: dict[tuple[str, int], int] = {}
        self._outage = size.outage * DAY + 10 * HOUR
        self.folding_s = 0.0
        self.messages = 0

    def run(self) -> None:
        self._prepare()
        days, outage = self.plan.size.days, self._outage
        for minute in range(days * DAY + SETTLED_MINUTES):
            now_ms = self.plan.first_ms + minute * MINUTE_MS
            records = sorted(self._minute(minute, now_ms), key=_received_ms)
            clock = self.ledger.clock
            clock.advance(now_ms + MINUTE_MS - clock.wall_ms())
            away = outage <= minute < outage + OUTAGE_MINUTES
            if minute == outage:
                self._append([act("link_down", {"reason": "gone"}, now_ms)])
            if minute == outage + OUTAGE_MINUTES:
                self._drain(now_ms)
            if away:
                held = [one for one in records if not one.topic.endswith("heartbeat")]
                self._waiting += held
                records = []
            self._append_all(records)
            self._change_pace(minute, now_ms)
            self._visit(minute, now_ms)
        self._fold()

    def _visit(self, minute: int, now_ms: int) -> None:
        """What people say in a minute, and what terminals had told by then."""
        said = self.rounds.acts.pop(minute, ())
        if said:
            self._append_all([act(name, data, now_ms) for name, data in said])
        for name, data in said:
            if name == "inspection_recorded":
                device_id = str(data["device_id"])
                self._presses[device_id, minute] = self._by_id[device_id].told
        if minute % DAY == DAY - 1:
            for one in self.plan.terminals:
                self._told[one.id][minute // DAY] = one.told

    def _drain(self, now_ms: int) -> None:
        """We are back: first what the broker kept for us."""
        self._append([act("link_up", {}, now_ms)])
        self._append_all([waited(one, now_ms) for one in self._waiting])
        self._waiting.clear()
        self._append([act("link_drained", {}, now_ms)])

    def _minute(self, minute: int, now_ms: int) -> Iterator[Record]:
        plan = self.plan
        if minute % HOUR == 0:
            self._open = {site: plan.is_open(site, minute) for site in plan.sites}
            self._month = f"{plan.day(minute // DAY):%Y-%m}"
        for one, event in plan.events.pop(minute, ()):
            yield from _happen(one, event, now_ms + one.ms)
        low, high = plan.size.brisk
        beating = self._all if low <= minute < high else self._by_minute[minute % SLOT]
        for one in beating:
            if one.on:
                yield one.beat(now_ms + one.ms)
        hour, dice = minute % DAY // HOUR, plan.dice
        for one in self._by_minute[(minute + SLOT // 2) % SLOT]:
            if one.on and self._open[one.site]:
                at_ms = now_ms + one.ms
                pressed = one.press(hour, at_ms, dice)
                if pressed:
                    one.rated[self._month] = one.rated.get(self._month, 0) + 1
                    yield pressed
                if one.twin:
                    yield one.beat_of_twin(at_ms + 1)

    def _append_all(self, records: Sequence[Record]) -> None:
        self.messages += len(records)
        for some in _blocks(records):
            self._append(some)
        if not records:
            self._append([])

    def _append(self, records: Sequence[Record]) -> None:
        self.ledger.journal.append(records)
        self._unfolded += 1
        if self._unfolded >= self._chance.randint(*self._how.blocks):
            self._fold()

    def _fold(self) -> None:
        """All that was appended; what the fold needs no more is forgotten."""
        ledger = self.ledger
        if self._chance.random() < self._how.restarts:
            ledger.restart()
        started_s = time.process_time()
        ledger.catch_up(self._unfolded)
        self.folding_s += time.process_time() - started_s
        self._unfolded = 0
        ledger.journal.prune(ledger.state.block, BLOCK_MAX)
        if ledger.state.block % _PRUNED_EVERY < self._how.blocks[1]:
            ledger.store.run("DELETE FROM outbox")

    def _change_pace(self, minute: int, now_ms: int) -> None:
        """The profile follows once every terminal has begun to beat otherwise."""
        for at, interval_s in zip(self.plan.size.brisk, (60, 600), strict=True):
            if minute == at:
                self._append([_profiles(interval_s, now_ms)])

    def _prepare(self) -> None:
        plan, ledger = self.plan, self.ledger
        ledger.rules()
        ledger.act("calendar_applied", {"calendar": _calendar()})
        ledger.append([_profiles(600, plan.first_ms)])
        rows = [{"id": name, "hours": "09:00-17:00"} for name in REGIONS]
        rows += [
            {"id": site, "parent": region}
            for site, region in self.rounds.regions.items()
        ]
        ledger.act("tables_applied", {"table": "sites", "rows": rows})
        closure = plan.size.closure
        since, until = plan.day(closure), plan.day(closure + 1)
        rows = [
            {"site": site, "from": since.isoformat(), "to": until.isoformat()}
            for site in sorted(plan.closed)
        ]
        ledger.act("tables_applied", {"table": "closures", "rows": rows})
        rows = [
            {"device_id": one.id, "site": one.site, "profile": "E5"}
            for one in plan.terminals
        ]
        for some in _blocks(rows):
            ledger.act("tables_applied", {"table": "devices", "rows": some})
        ledger.act(*self.rounds.first_acts())

    def outcome(self) -> Outcome:
        """What was found, compared with the script."""
        plan, ledger = self.plan, self.ledger
        for one in plan.terminals:
            one.ended(ledger.state.now_ms)
        outage_ms = plan.first_ms + self._outage * MINUTE_MS
        outage = (outage_ms, outage_ms + OUTAGE_MINUTES * MINUTE_MS)
        proof = Proof(plan, self.rounds, ledger, outage)
        lines = proof.lines(self._told, self._presses)
        # Blocks are sealed with dice: which journal it was differs from run to run.
        ledger.store.run("DELETE FROM state WHERE name = 'chain_low'")
        found = scored(plan, ledger)
        return Outcome(
            found.scores,
            lines,
            [*found.wrong, *proof.wrong],
            self.messages,
            plan.size.days * DAY * 60.0,
            self.folding_s,
            digest(ledger.store.connection),
            ledger.checked,
        )


def fold(size: Size, seed: int, how: Interruptions | None = None) -> Outcome:
    month = Month(size, seed, how or Interruptions())
    month.run()
    return month.outcome()


def _blocks(items: Sequence[T]) -> Iterator[Sequence[T]]:
    for low in range(0, len(items), BLOCK_MAX):
        yield items[low : low + BLOCK_MAX]


def _happen(one: Terminal, event: Event, at_ms: int) -> Sequence[Record]:
    match event:
        case Boot():
            return one.boot(at_ms)
        case Cut(signal):
            return one.cut(at_ms, signal)
        case Change(name, value):
            one.set(name, value, at_ms)
            return ()
        case Test():
            return [one.selftest(at_ms)] if one.on else ()


def _profiles(interval_s: int, at_ms: int) -> Record:
    profile = {"heartbeat_interval_s": interval_s}
    return act("profiles_applied", {"profiles": {"E5": profile}}, at_ms)


def _calendar() -> dict[str, object]:
    return {"calendar": TABLE.calendar, "days": TABLE.days, "years": TABLE.years}


def _ms(one: Terminal) -> int:
    return one.ms


def _received_ms(record: Record) -> int:
    return record.received_ms
