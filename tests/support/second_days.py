"""Terminals that a test made up, and their days worked out from the rules' words.

A second implementation of day's end: it shares no code with the gateway and knows the
terminals from inside. Source: docs/rating-rules.md, "Day's end", and rating rules.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final

MINUTE_MS: Final = 60_000
DAY_MS: Final = 86_400_000
HOUR: Final = 60
FIRST_BEAT: Final = 10
LAST_BEAT: Final = 23 * HOUR + 50
OPENS, CLOSES = 9 * HOUR, 17 * HOUR
PRESS_FATES: Final = ("ok",) * 5 + ("twice", "lost", "bad", "flagged", "late")
OTHER_FATES: Final = ("ok", "ok", "lost", "late")
_HALF: Final = 0.5
_PRESSED: Final = 0.75
UNTOLD: Final = frozenset({"lost"})
REFUSED: Final = frozenset({"bad"})


@dataclass(frozen=True)
class Event:
    """A press, or news of a session; `boot` says in which epoch its number is one."""

    device: str
    at_ms: int
    seq: int
    boot: int
    fate: str
    pressed: bool

    @property
    def name(self) -> str:
        return f"{self.device}-{self.boot}-{self.seq:04d}"

    @property
    def came_ms(self) -> list[int]:
        """When the gateway hears of it."""
        if self.fate == "late":
            return [self.at_ms + 20 * HOUR * MINUTE_MS]
        if self.fate == "twice":
            return [self.at_ms, self.at_ms + 7 * MINUTE_MS]
        return [] if self.fate in UNTOLD else [self.at_ms]


@dataclass(frozen=True)
class Beat:
    """What a heartbeat tells: how often its key was pressed, the last number given."""

    device: str
    at_ms: int
    keys: int
    seq: int
    boot: int


@dataclass
class Terminal:
    """Switched on before the first day; every number but a restart's goes on."""

    device: str
    begin_ms: int
    keys: int = 0
    seq: int = 0
    boot: int = 1
    log: list[Event | Beat] = field(default_factory=list)

    def live(self, dice: random.Random, days: int) -> None:
        """So many days; it begins and ends each epoch with a number that comes.

        Who restarts beats at both ends of each day and sends nothing late: numbers of
        former epochs tell nobody which of them were given.
        """
        restarts = dice.random() < _HALF
        for day in range(days):
            minutes = sorted(dice.sample(range(OPENS, CLOSES), dice.randint(0, 9)))
            again = dice.choice(minutes) if restarts and minutes else None
            told = {FIRST_BEAT, dice.randrange(HOUR, OPENS), LAST_BEAT}
            if not restarts and day and dice.random() < _HALF:
                told = set(dice.choice((sorted(told)[:2], sorted(told)[2:])))
            whole = LAST_BEAT in told
            for minute in sorted({*minutes, *told}):
                at_ms = self.begin_ms + (day * 24 * HOUR + minute) * MINUTE_MS
                if minute in told:
                    self._beat(at_ms)
                    continue
                fates = set(PRESS_FATES)
                if minute == again:
                    self._restart(dice, at_ms - 1_000)
                if restarts:
                    fates.discard("late")
                if not whole:  # a number kept back is looked for on its own day
                    fates.discard("bad")
                after = [*minutes[minutes.index(minute) + 1 :], again][:1]
                if self.seq == 0 or (restarts and after in ([again], [None])):
                    fates = {"ok"}
                self._event(dice, at_ms, fates)
        self._beat(self.begin_ms + (days * 24 * HOUR + FIRST_BEAT) * MINUTE_MS)

    def _restart(self, dice: random.Random, at_ms: int) -> None:
        self.boot += 1
        self.seq = 0
        if dice.random() < _HALF:
            self.keys = 0
        self._beat(at_ms)

    def _beat(self, at_ms: int) -> None:
        self.log.append(Beat(self.device, at_ms, self.keys, self.seq, self.boot))

    def _event(self, dice: random.Random, at_ms: int, fates: set[str]) -> None:
        pressed = dice.random() < _PRESSED
        among = PRESS_FATES if pressed else OTHER_FATES
        fate = dice.choice([one for one in among if one in fates])
        self.seq += 1
        self.keys += pressed
        one = Event(self.device, at_ms, self.seq, self.boot, fate, pressed)
        self.log.append(one)

    def day_of(self, at_ms: int) -> int:
        return (at_ms - self.begin_ms) // DAY_MS

    def events(self, day: int | None = None) -> Iterator[Event]:
        for one in self.log:
            if isinstance(one, Event) and day in {None, self.day_of(one.at_ms)}:
                yield one

    def beats(self) -> list[Beat]:
        return [one for one in self.log if isinstance(one, Beat)]


def days_of(terminal: Terminal, days: int, first: int) -> list[dict[str, Any]]:
    """What the record of each day is to say of a terminal when all has come.

    Days before the `first` are not recorded and take no presses.
    """
    found: list[dict[str, Any]] = []
    over = 0  # presses of the span before the day that the day before left it
    for day in range(days):
        one = _counted(terminal, day)
        told, span, exact = _risen(terminal, day)
        told += over
        ratings = one["accepted"] + one["quarantined"] + one["missing"]
        own = min(max(ratings - told, 0), span) if day >= first else 0
        over = span - own
        one["presses"] = told + own
        one["unexplained"] = one["presses"] - ratings
        if not exact:
            one["unexplained"] = max(0, one["unexplained"])
        one["equal"] = not (one["missing"] or one["quarantined"] or one["unexplained"])
        found.append(one)
    return found


def _counted(terminal: Terminal, day: int) -> dict[str, Any]:
    came = [one for one in terminal.events(day) if one.fate not in UNTOLD]
    kept = [one for one in came if one.fate not in REFUSED]
    return {
        "accepted": sum(one.pressed for one in kept),
        "other": sum(not one.pressed for one in kept),
        "duplicate": sum(one.fate == "twice" for one in kept),
        "flagged": sum(one.fate == "flagged" for one in kept),
        "quarantined": sum(one.fate in REFUSED for one in came),
        "missing": sum(
            one.fate in UNTOLD and _told_on(terminal, one) == day
            for one in terminal.events()
        ),
    }


def _told_on(terminal: Terminal, lost: Event) -> int:
    """The day by whose last heartbeat a number was given; of a former epoch its own."""
    for beat in terminal.beats():
        if beat.at_ms > lost.at_ms:
            same = beat.boot == lost.boot
            return terminal.day_of(beat.at_ms if same else lost.at_ms)
    raise AssertionError(lost)


def _risen(terminal: Terminal, day: int) -> tuple[int, int, bool]:
    """Presses between a day's heartbeats, then up to the next one; whether that is all.

    Counters that began anew count what they show; they have forgotten the rest. So has
    the first heartbeat of all.
    """
    within = span = 0
    beats = terminal.beats()
    exact = terminal.day_of(beats[0].at_ms) != day
    for before, beat in pairwise(beats):
        anew = beat.keys < before.keys
        rose = beat.keys if anew else beat.keys - before.keys
        if terminal.day_of(before.at_ms) != day:
            continue
        exact = exact and not anew
        if terminal.day_of(beat.at_ms) == day:
            within += rose
        else:
            span += rose
    return within, span, exact
