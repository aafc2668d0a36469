"""What is remembered of a device's health from heartbeat to heartbeat."""

from math import log
from typing import Final

import msgspec

from fleet.trend import days_left
from fleet.vitals import Vitals, presses_between

DAY_MS: Final = 86_400_000
HOUR_MS: Final = 3_600_000
HOURS_A_WEEK: Final = 168
SAMPLES_MAX: Final = 14
CHARGED_PCT: Final = 5
RESTARTS_KEPT: Final = 8
STUCK_PRESSES_MIN: Final = 30
STUCK_PER_MINUTE: Final = 20
QUARTERS_MAX: Final = 254
DEAD_PRESSES_MIN: Final = 2_000
"""Presses of the others after which a key that was never pressed is suspected."""
DEAD_SURPRISE: Final = 16.0
"""So long a pause of a key, by its own share till then, comes once in e^16 times."""
LEARNED_MS: Final = 14 * DAY_MS
"""A device that is younger has no habits yet."""


class Reason(msgspec.Struct, gc=False):
    """Why a device is not well, in a code and in a sentence."""

    code: str
    since_ms: int
    text: str


class Findings(msgspec.Struct, gc=False, omit_defaults=True):
    """The memory of the rules of health.

    Of each key: `moved`, its presses since counting began, and `marks`, those of all
    keys when it moved last; `unmoved` are those that stand still. `habit` holds, for
    each hour of the week (UTC), one more than quarters of a rating, 0: not yet learnt.
    `expected` ratings did not come since the last one. `day_*` are counts at the
    beginning of the day. `behind` says what its firmware is behind of, `overdue` which
    routine work degrades it.
    """

    reasons: tuple[Reason, ...] = ()
    bad_since: dict[str, int] | None = None  # None: nothing, of nearly all devices
    counts: tuple[int, ...] = ()
    moved: tuple[int, ...] = ()
    marks: tuple[int, ...] = ()
    unmoved: tuple[int, ...] = ()
    stuck_ms: int | None = None
    stuck_key: int | None = None
    restarts: tuple[int, ...] = ()
    uptime_s: int | None = None
    batteries: tuple[tuple[int, float], ...] = ()
    days_left: float | None = None
    tested_ms: int = 0
    failed_checks: tuple[str, ...] = ()
    missed_keys: tuple[int, ...] = ()
    met_ms: int = 0
    heard_ms: int = 0
    ratings: int = 0
    hour_ratings: int = 0
    habit: bytes = b""
    expected: float = 0.0
    day: int = 0
    day_presses: int = 0
    day_ratings: int = 0
    lacking: int = 0
    pressed: int = 0
    behind: str = ""
    overdue: tuple[str, ...] = ()


def remember(found: Findings, vitals: Vitals, ratings: int, *, serving: bool) -> None:
    """Take in a heartbeat; `ratings` are all that were ever received of the device.

    `serving`: its site is open, on a day that is as others of its weekday.
    """
    at_ms = vitals.received_ms
    found.met_ms = found.met_ms or at_ms
    _restarts(found, vitals, at_ms)
    _keys(found, vitals, at_ms)
    _battery(found, vitals, at_ms // DAY_MS)
    _habit(found, vitals, ratings, serving=serving)
    _balance(found, vitals, at_ms // DAY_MS, ratings)
    found.ratings, found.heard_ms = ratings, at_ms


def _restarts(found: Findings, vitals: Vitals, at_ms: int) -> None:
    uptime_s, before_s = vitals.uptime_s, found.uptime_s
    if uptime_s is not None:
        if before_s is not None and uptime_s < before_s:
            found.restarts = (*found.restarts, at_ms)[-RESTARTS_KEPT:]
        found.uptime_s = uptime_s


def _keys(found: Findings, vitals: Vitals, at_ms: int) -> None:
    counts = vitals.key_counts
    if counts == found.counts:
        return
    presses = presses_between(found.counts, counts)
    found.counts = counts
    if presses is None:
        found.moved = found.marks = (0,) * len(counts)
        found.unmoved = ()
        found.day_presses = 0
        found.day = 0
        return
    most = max(presses, default=0)
    minutes = max((at_ms - found.heard_ms) / 60_000, 1.0)
    if most >= STUCK_PRESSES_MIN and most / minutes >= STUCK_PER_MINUTE:
        found.stuck_ms, found.stuck_key = at_ms, presses.index(most)
        presses[found.stuck_key] = 0  # nobody pressed: they say nothing of other keys
    found.moved = moved = tuple(map(int.__add__, found.moved, presses))
    total = sum(moved)
    found.marks = marks = tuple(
        [
            total if pressed else mark
            for pressed, mark in zip(presses, found.marks, strict=True)
        ]
    )
    found.unmoved = tuple(
        [
            key
            for key, mark in enumerate(marks)
            if mark < total and _stands_still(moved[key], mark, total)
        ]
    )


def _stands_still(moved: int, mark: int, total: int) -> bool:
    """Whether a key that moved `moved` times, at `mark` last, should have by now."""
    if moved:
        return moved * log(total / mark) >= DEAD_SURPRISE
    return total >= DEAD_PRESSES_MIN


def _battery(found: Findings, vitals: Vitals, day: int) -> None:
    level = vitals.battery_pct
    if level is None or vitals.power == "mains":
        found.batteries, found.days_left = (), None
        return
    samples = found.batteries
    if samples and samples[-1][0] == day:
        return
    if samples and level > samples[-1][1] + CHARGED_PCT:
        samples = ()
    found.batteries = (*samples, (day, level))[-SAMPLES_MAX:]
    found.days_left = days_left(found.batteries)


def forget_habit(found: Findings, at_ms: int) -> None:
    """It stands elsewhere from now on: what it was used to lets expect nothing."""
    found.habit, found.expected, found.met_ms = b"", 0.0, at_ms


def _habit(found: Findings, vitals: Vitals, ratings: int, *, serving: bool) -> None:
    """How many ratings its own past lets expect, and how many it learns from."""
    at_ms = vitals.received_ms
    hour, before = at_ms // HOUR_MS, found.heard_ms // HOUR_MS
    if ratings != found.ratings:
        found.expected = 0.0
    if not serving:
        found.hour_ratings = ratings
        return
    habit = found.habit or bytes(HOURS_A_WEEK)
    if hour != before:
        if hour == before + 1:
            found.habit = habit = _learnt(habit, before, ratings - found.hour_ratings)
        found.hour_ratings = ratings
    if at_ms - found.met_ms < LEARNED_MS or ratings != found.ratings:
        return
    known = habit[hour % HOURS_A_WEEK]
    if known > 1 and not vitals.buffer_depth:  # what waits in it is not lacking
        on_ms = HOUR_MS if vitals.uptime_s is None else vitals.uptime_s * 1000
        share = min(at_ms - found.heard_ms, on_ms, HOUR_MS) / HOUR_MS
        found.expected += (known - 1) / 4 * share


def usual_ratings(found: Findings, at_ms: int) -> float | None:
    """How many ratings it gives in that hour of the week; None: not yet learnt."""
    known = found.habit[at_ms // HOUR_MS % HOURS_A_WEEK] if found.habit else 0
    return (known - 1) / 4 if known else None


def _learnt(habit: bytes, hour: int, ratings: int) -> bytes:
    """The habit after an hour with so many ratings: half of it is the last week."""
    at = hour % HOURS_A_WEEK
    seen, known = min(ratings * 4, QUARTERS_MAX) + 1, habit[at]
    fresh = known + (seen - known) // 2 if known else seen
    return bytes((*habit[:at], fresh, *habit[at + 1 :]))


def _balance(found: Findings, vitals: Vitals, day: int, ratings: int) -> None:
    """Presses of the last whole day that never came as ratings."""
    if day == found.day:
        return
    presses = sum(found.moved)
    if found.day == day - 1:
        waiting = vitals.buffer_depth or 0
        found.pressed = presses - found.day_presses
        found.lacking = found.pressed - (ratings - found.day_ratings) - waiting
    else:
        found.pressed = found.lacking = 0
    found.day, found.day_presses, found.day_ratings = day, presses, ratings
