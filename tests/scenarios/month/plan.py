"""What happens to the fleet, and what must be found of it."""

import random
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from gateway.settings.calendars import day_table
from tests.scenarios.month.terminal import HOURS_OPEN, Signal, Terminal

SHANGHAI: Final = ZoneInfo("Asia/Shanghai")
HOUR: Final = 60
DAY: Final = 24 * HOUR
TABLE: Final = day_table("china", {}, 2026)


_SIGNALS: Final[tuple[Signal | None, ...]] = (None, "will", "goodbye")


class Planted(NamedTuple):
    """An alert that must be opened once, not before `minute`."""

    cause: str
    subject: str
    minute: int


class Change(NamedTuple):
    """Something of a terminal is otherwise from now on."""

    name: str
    value: object


class Cut(NamedTuple):
    signal: Signal | None


class Boot(NamedTuple):
    pass


class Test(NamedTuple):
    """It tests itself, and every key is pressed."""


Event = Change | Cut | Boot | Test


class Size(NamedTuple):
    """Days are counted from the first one; None: does not fit into so few.

    `each` says how many terminals have each kind of trouble; `inspected_…` from how
    many days, or presses, to how many are between two inspections.
    """

    first: date
    days: int
    devices: int
    sites: int
    each: int
    blackout: int
    access_point: int
    closure: int
    outage: int
    brisk: tuple[int, int]
    dead_key: int
    clones: int
    make_up: int
    early: int
    silent: int | None
    lossy: int | None
    drain: tuple[int, float]
    drift_s_a_day: int
    inspected_days: tuple[int, int]
    inspected_presses: tuple[int, int]


MONTH: Final = Size(
    first=date(2026, 9, 14),
    days=30,
    devices=2_000,
    sites=40,
    each=3,
    blackout=3,
    access_point=4,
    closure=10,
    outage=9,
    brisk=(15 * DAY, 16 * DAY),
    dead_key=8,
    clones=14,
    make_up=6,
    early=1,
    silent=16,
    lossy=8,
    drain=(2, 6.0),
    drift_s_a_day=20,
    inspected_days=(3, 9),
    inspected_presses=(40, 160),
)
"""With a make-up Sunday (20 September), Mid-Autumn and National Day."""

DAYS: Final = Size(
    first=date(2026, 9, 20),
    days=3,
    devices=200,
    sites=8,
    each=1,
    blackout=1,
    access_point=2,
    closure=1,
    outage=1,
    brisk=(2 * DAY + 14 * HOUR, 2 * DAY + 15 * HOUR),
    dead_key=1,
    clones=1,
    make_up=0,
    early=0,
    silent=None,
    lossy=None,
    drain=(0, 45.0),
    drift_s_a_day=200,
    inspected_days=(1, 2),
    inspected_presses=(6, 20),
)
"""Begins with the make-up Sunday; habits, and trends, need longer."""


class Plan:
    """The script: events by minute, and the truth."""

    def __init__(self, size: Size, seed: int) -> None:
        self.size = size
        self.dice = dice = random.Random(seed)
        self.sites = [f"site-{number:02d}" for number in range(size.sites)]
        self.terminals = [
            Terminal(number, self.sites[number % size.sites], dice)
            for number in range(size.devices)
        ]
        self.first_ms = int(
            datetime.combine(size.first, datetime.min.time(), SHANGHAI).timestamp()
            * 1000
        )
        self.closed = set(self.sites[2:4])
        self.dark = set(self.sites[-(size.sites // 4) :])
        self.truth: set[Planted] = set()
        self.follows: set[tuple[str, str]] = set()
        """Alerts that follow from what was planted, as (cause, subject)."""
        self.events: defaultdict[int, list[tuple[Terminal, Event]]] = defaultdict(list)
        steady = [
            one
            for one in self.terminals
            if one.site not in {*self.sites[:4], *self.dark}
        ]
        dice.shuffle(steady)
        self._healthy = iter(steady)
        self._plan()

    def day(self, number: int) -> date:
        return self.size.first + timedelta(days=number)

    def works(self, number: int) -> bool:
        """Whether the halls open on a day."""
        day = self.day(number)
        kind = TABLE.days.get(day.isoformat())
        return kind == "work" if kind else day.weekday() in TABLE.workweek

    def is_open(self, site: str, minute: int) -> bool:
        day, of_day = divmod(minute, DAY)
        if site in self.closed and day == self.size.closure:
            return False
        return of_day // HOUR in HOURS_OPEN and self.works(day)

    def _plan(self) -> None:
        for one in self.terminals:
            self.events[one.minute].append((one, Boot()))
        self._nights()
        self._sites()
        self._single_absences()
        self._clocks_and_cells()
        self._keys()
        self._figures()
        self._identities()
        self._reboots()

    def some(self) -> Iterator[Terminal]:
        for _ in range(self.size.each):
            yield next(self._healthy)

    def _at(self, minute: int, one: Terminal, event: Event) -> None:
        self.events[minute].append((one, event))

    def _find(self, cause: str, subject: str, minute: int) -> None:
        self.truth.add(Planted(cause, subject, minute))

    def away(
        self, one: Terminal, minute: int, minutes: int, signal: Signal | None = None
    ) -> None:
        self._at(minute, one, Cut(signal))
        self._at(minute + minutes, one, Boot())

    def _nights(self) -> None:
        """Some halls cut the power when they close, until they open again."""
        for one in self.terminals:
            if one.site not in self.dark:
                continue
            for day in range(self.size.days):
                if self.works(day):
                    late = self.dice.randrange(5, 40)
                    signal = self.dice.choice(_SIGNALS)
                    self._at(day * DAY + 17 * HOUR + late, one, Cut(signal))
                    early = self.dice.randrange(5, 40)
                    self._at(day * DAY + 9 * HOUR - early, one, Boot())

    def _sites(self) -> None:
        """A hall without power, one without its access point, two closed for a day."""
        size = self.size
        for site, day, hour, hours in (
            (0, size.blackout, 10, 4),
            (1, size.access_point, 11, 2),
        ):
            minute = day * DAY + hour * HOUR
            self._find("site_offline", self.sites[site], minute)
            for one in self._at_site(site):
                self.away(one, minute + self.dice.randrange(2), hours * HOUR, "will")
        for site in (2, 3):
            for one in self._at_site(site):
                minute = size.closure * DAY + 7 * HOUR + self.dice.randrange(60)
                self.away(one, minute, 12 * HOUR)

    def _at_site(self, number: int) -> Iterator[Terminal]:
        return (one for one in self.terminals if one.site == self.sites[number])

    def _single_absences(self) -> None:
        size = self.size
        for day, hour in ((size.early, 11), (size.make_up, 10)):
            for signal in (None, "will"):
                for one in self.some():
                    minute = day * DAY + hour * HOUR
                    self.away(one, minute, 4 * HOUR, signal)
                    self._find("offline", one.id, minute)
        # Nobody misses what is unplugged at night, or shortly before the close.
        for hour, hours in ((20, 2), (17, 14)):
            for one in self.some():
                minute = size.early * DAY + hour * HOUR - 30
                self.away(one, minute, hours * HOUR)
        for one in self.some():  # comes and goes
            minute = size.early * DAY + 13 * HOUR
            for turn in range(10):
                self.away(one, minute + 4 * turn, 2, "will")
            self._find("flapping", one.id, minute)
            self.follows.add(("offline", one.id))

    def _clocks_and_cells(self) -> None:
        size = self.size
        for one in self.some():
            self._at(HOUR, one, Change("drift_ms_a_day", size.drift_s_a_day * 1000))
            self._find("clock", one.id, HOUR)
        for hours in (-8, 8):
            for one in self.some():
                self._at(HOUR, one, Change("clock_off_ms", hours * 3_600_000))
                self._find("clock", one.id, HOUR)
        day, drain = size.drain
        for one in self.some():
            self._at(day * DAY, one, Change("on_mains", value=False))
            self._at(day * DAY, one, Change("drain_a_day", drain))
            self._find("battery", one.id, day * DAY)
            empty = day * DAY + int(90 / drain * DAY)
            self._at(empty, one, Cut(None))
            self._find("offline", one.id, empty)
            if drain < 10:
                self._find("battery_forecast", one.id, day * DAY)

    def _keys(self) -> None:
        size, noon = self.size, 14 * HOUR
        minute = size.dead_key * DAY + noon
        for one in self.some():  # the key of most presses: found by counting
            self._at(minute, one, Change("dead_key", 0))
            self._at(0, one, Change("pace", 0.9))
            self._find("dead_key", one.id, minute)
            self.follows.add(("silent", one.id))
        for one in self.some():  # a key seldom pressed: found by pressing it
            self._at(minute, one, Change("dead_key", 3))
            self._at(minute + DAY, one, Test())
            self._find("dead_key", one.id, minute)
        for one in self.some():
            self._at(minute, one, Change("faults", '"dead_key"'))
            self._find("dead_key", one.id, minute)
        for one in self.terminals[:: max(len(self.terminals) // 200, 1)]:
            self._at(minute + DAY + one.minute, one, Test())
        for one in self.some():
            stuck = (size.dead_key + 1) * DAY + noon
            self._at(stuck, one, Change("stuck", 400))
            self._find("stuck_key", one.id, stuck)
            self.follows.add(("lost_presses", one.id))
            self.follows.add(("reconciliation_unequal", one.site))
        for day, name in ((size.silent, "mute"), (size.lossy, "lossy")):
            if day is None:
                continue
            for one in self.some():
                self._at(0, one, Change("pace", 0.9))
                self._at(day * DAY, one, Change(name, value=True))
                cause = "silent" if name == "mute" else "lost_presses"
                self._find(cause, one.id, day * DAY)
                self.follows.add(("silent", one.id))
                if name == "lossy":
                    self.follows.add(("reconciliation_unequal", one.site))

    def _figures(self) -> None:
        minute = self.size.early * DAY + 15 * HOUR
        for cause, name, value in (
            ("signal", "rssi_dbm", -88),
            ("storage", "storage_free_pct", 4),
            ("temperature", "temperature_c", 71),
            ("buffer", "buffer_depth", 300),
            ("fault_display", "faults", '"display"'),
            ("fault_tamper", "faults", '"tamper"'),
        ):
            for one in self.some():
                self._at(minute, one, Change(name, value))
                self._find(cause, one.id, minute)

    def _identities(self) -> None:
        """Two terminals with one id; one that keeps restarting."""
        minute = self.size.clones * DAY + 9 * HOUR
        for one in self.some():
            self._at(minute, one, Change("twin", value=True))
            self._find("duplicate_identity", one.id, minute)
            self.follows.add(("restarts", one.id))
        for one in self.some():
            for turn in range(7):
                self._at(minute + 7 * turn, one, Boot())
            self._find("restarts", one.id, minute)

    def _reboots(self) -> None:
        """Every terminal starts again now and then."""
        for one in self.terminals:
            if one.site not in self.dark:
                minute = self.dice.randrange(DAY, self.size.days * DAY)
                if not self._is_cut(one, minute):
                    self._at(minute, one, Boot())

    def _is_cut(self, one: Terminal, minute: int) -> bool:
        """Whether a restart then would end an absence that was planned."""
        return one.site in self.sites[:4] or (one.id in self._troubled())

    def _troubled(self) -> set[str]:
        return {one.subject for one in self.truth}
