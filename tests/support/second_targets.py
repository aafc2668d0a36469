"""Targets, streaks and samples, worked out from the rules' words alone.

As `second_figures`, whose figures are held against them here.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_CEILING, Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

from tests.support import second_figures as second
from tests.support.population import GATEWAY_ZONE, Question, World

SETTLED_MS: Final = 30 * 60_000


@dataclass(frozen=True)
class Target:
    """At least so much of a figure, in a scope and a period."""

    figure: str
    at_least: Decimal
    scope: Mapping[str, str]
    period: str


def missed(
    world: World, target: Target, first: date, until_ms: int
) -> list[dict[str, Any]]:
    """What was below, of each period that was over by then, the first one first."""
    asked = Question((*target.scope, target.period))
    zones = [world.zone(name) for name in (None, *world.sites)]
    found: list[dict[str, Any]] = []
    for name, last in _periods(target.period, first):
        over_ms = max(second.end_of_day(last, zone) for zone in zones) + SETTLED_MS
        if over_ms > until_ms:
            break
        groups = second.of_groups(world.heard(over_ms), asked)
        found += [
            {
                "period": name,
                "figure": target.figure,
                "scope": dict(zip(target.scope, place, strict=True)),
                "value": str(value),
                "target": str(target.at_least),
                "n": figures["rated"],
                "told_at": over_ms,
            }
            for (*place, period), figures in groups.items()
            if period == name and _covers(target, place)
            if (value := figures[target.figure]) is not None
            if Decimal(value) < target.at_least
        ]
    return found


def _covers(target: Target, place: Sequence[second.Value]) -> bool:
    wanted = target.scope.values()
    return all(one in {"*", two} for one, two in zip(wanted, place, strict=True))


def _periods(unit: str, day: date) -> Iterator[tuple[str, date]]:
    """The names of periods from that of a day on, each with its last day."""
    while True:
        following = day + timedelta(days=1)
        name = _name(unit, day)
        if _name(unit, following) != name:
            yield name, day
        day = following


def _name(unit: str, day: date) -> str:
    clock = ZoneInfo(GATEWAY_ZONE)
    return str(second.times_of(second.end_of_day(day, clock) - 1, clock)[unit])


def streaks(
    months: Mapping[str, Mapping[str, Any]], below: Decimal, least: int
) -> list[tuple[str, list[str], list[str]]]:
    """Who was below a level for so many months in a row: each longest row, by name."""
    found = []
    for who, figures in sorted(months.items()):
        row: list[str] = []
        for month in _calendar(sorted(figures)):
            value = figures.get(month)
            if value is not None and Decimal(value) < below:
                row.append(month)
                continue
            if len(row) >= least:
                found.append((who, row, [str(figures[one]) for one in row]))
            row = []
    return found


def unrated_of(volume: int, share: Decimal, there: int) -> tuple[int, int]:
    """Unrated sessions in a sample, and how many are missing for ⌈share · volume⌉."""
    wanted = int((share * volume).to_integral_value(ROUND_CEILING))
    return min(wanted, there), max(0, wanted - there)


def _calendar(months: Sequence[str]) -> list[str]:
    """Every month from the first to the last, and the one after."""
    if not months:
        return []
    found, last = [months[0]], months[-1]
    while found[-1] <= last:
        year, month = map(int, found[-1].split("-"))
        found.append(f"{year + month // 12}-{month % 12 + 1:02}")
    return found
