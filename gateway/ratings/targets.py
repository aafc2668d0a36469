"""Targets: figures that fell below, and who was below for months in a row."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Final, Literal, NamedTuple

import msgspec

from gateway.ratings.dimensions import PLACES, Value, grouping_error
from gateway.ratings.figures import Asked, Figures, figures
from gateway.ratings.periods import period

EACH: Final = "*"
Unit = Literal["day", "week", "month"]


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """A figure, named as in the API, is to be at least so high in a scope.

    `scope` is what the figures are grouped by: {"department": "d1"}; EACH is every
    value, on its own. It is looked at when each `period` is over.
    """

    figure: str
    at_least: Decimal
    scope: Mapping[str, str] = {}
    period: Unit = "month"

    def covers(self, key: Mapping[str, Value]) -> bool:
        """Whether a group is one that this target is set for."""
        return self.scope.keys() == key.keys() and all(
            wanted in {EACH, key[name]} for name, wanted in self.scope.items()
        )


class Below(NamedTuple):
    """A figure below its target; both as decimal strings."""

    figure: str
    scope: Mapping[str, Value]
    value: str
    at_least: str


def target_error(target: Target) -> str | None:
    """Why a target cannot be set, in one line; None: it can."""
    try:
        value_of(figures({}, Asked()), target.figure)
    except ValueError as error:
        return str(error)
    wrong = [name for name in target.scope if name not in PLACES]
    if wrong:
        return f"scope: {wrong[0]!r} is none of {', '.join(PLACES)}"
    return grouping_error(tuple(target.scope))


def below_targets(
    targets: Iterable[Target], key: Mapping[str, Value], found: Figures
) -> list[Below]:
    """The targets of one group that its figures miss; withheld ones miss none."""
    missed = []
    for target in targets:
        value = value_of(found, target.figure)
        if target.covers(key) and value is not None and value < target.at_least:
            missed.append(Below(target.figure, key, f"{value}", f"{target.at_least}"))
    return missed


def value_of(found: Figures, figure: str) -> Decimal | None:
    """A figure as a number; None when it is withheld or there is nothing.

    Raises:
        ValueError: no figure is called so.
    """
    value = getattr(found, figure, None)
    if figure not in Figures.__struct_fields__ or isinstance(value, Mapping | bool):
        raise ValueError(f"{figure!r} is no figure that can have a target")
    return None if value is None else Decimal(str(value))


class Streak(NamedTuple):
    """Who was below a level in each of these months, which follow one another."""

    who: str
    months: tuple[str, ...]
    values: tuple[str, ...]


def streaks(
    series: Mapping[str, Mapping[str, str | None]], level: Decimal, months: int
) -> list[Streak]:
    """Who was below a level for at least so many months in a row, by name.

    `series` is who → month (`2026-11`) → figure. A month without a figure ends a row:
    nobody is held to what was not measured.
    """
    found = []
    for who, by_month in sorted(series.items()):
        for row in _rows(by_month, level):
            if len(row) >= months:
                values = tuple(str(by_month[month]) for month in row)
                found.append(Streak(who, tuple(row), values))
    return found


def _rows(
    by_month: Mapping[str, str | None], level: Decimal
) -> Iterator[Sequence[str]]:
    """Runs of months below the level that follow one another."""
    below = [
        month
        for month, value in sorted(by_month.items())
        if value is not None and Decimal(value) < level
    ]
    row = below[:1]
    for before, month in pairwise(below):
        if period(before).end != period(month).first:
            yield row
            row = []
        row.append(month)
    if row:
        yield row
