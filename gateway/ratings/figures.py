"""The figures of a cell, each in two forms: answers alone, and with defaults.

Source: rating rules, "Figures"; names as in the API. Shares are percentages with two
places, means have four, as decimal strings; None where nothing is to be divided.
"""

import operator
from collections.abc import Mapping
from fractions import Fraction
from functools import lru_cache
from math import lcm
from typing import Any, Final, NamedTuple

import msgspec

from gateway.ratings.cells import (
    AWAITING,
    CUSTOMERS,
    DEFAULTS,
    ELIGIBLE,
    EXCLUDED,
    INVITED,
    LOST,
    ON_SCALE,
    RATED,
    REASON,
    RECEIVED,
    VOIDED,
    Cell,
    level_slot,
)
from gateway.ratings.scoring import (
    DEFAULT_SCORES,
    LEVELS,
    ScoreMap,
    ScoreMaps,
    mean,
    ratio,
    share,
)

SATISFIED: Final = (5, 4)


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """How figures are to be worked out; each answer says so.

    Below `min_n` ratings a score is withheld. `include_flagged` brings back what
    excluding flags keep out. A rating counts by the map of its scale in `scales`; one
    whose scale, or level, has none there by `scores`.
    """

    satisfied_levels: tuple[int, ...] = SATISFIED
    scores: ScoreMap = msgspec.field(default_factory=lambda: dict(DEFAULT_SCORES))
    scales: ScoreMaps = msgspec.field(default_factory=dict)
    include_flagged: bool = False
    min_n: int = 1


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of one group, as the API names them."""

    n: Mapping[str, int]
    rated: int
    defaulted: int
    eligible: int
    unrated: int
    awaiting: int
    voided: int
    unrated_by_reason: Mapping[str, int]
    share: Mapping[str, str | None]
    share_with_defaults: Mapping[str, str | None]
    satisfaction_rate: str | None
    satisfaction_rate_with_defaults: str | None
    mean_level: str | None
    mean_level_with_defaults: str | None
    mean_score: str | None
    mean_score_with_defaults: str | None
    unrated_share: str | None
    overdue_share: str | None
    response_rate: str | None
    invitation_rate: str | None
    completeness: str | None
    min_n_met: bool


_LEVEL_SLOTS: Final = {
    flagged: {
        level_slot(origin, level, excluded=excluded): (form, level - 1)
        for form, origins in enumerate((CUSTOMERS, DEFAULTS))
        for origin in origins
        for level in LEVELS
        for excluded in ((False, True) if flagged else (False,))
    }
    for flagged in (False, True)
}
"""Which slots count, with and without those kept out: form, and level from 0.

Form 0 are answers, 1 defaults.
"""
_Scores = tuple[dict[str, str | None], str | None, str | None, str | None]
"""Shares, satisfaction rate, mean level, mean score."""
_NAMES: Final = tuple(str(level) for level in LEVELS)


class Score(NamedTuple):
    """A mean score, None when too few answered, and of how many ratings it is."""

    rated: int
    mean: Fraction | None


class Reckoning:
    """Works figures out of cells; what they have in common is worked out once."""

    def __init__(self, asked: Asked) -> None:
        self._asked = asked
        self._slots = _LEVEL_SLOTS[asked.include_flagged]
        self._satisfied = [level - 1 for level in set(asked.satisfied_levels)]
        scores = asked.scores
        maps = (scores, *asked.scales.values())
        self._unit = lcm(*(one.denominator for some in maps for one in some.values()))
        # Integers, in parts of the unit, add up ten times as fast as fractions.
        self._points = [
            (scores[level] * self._unit).numerator if level in scores else None
            for level in LEVELS
        ]
        self._all_points = [one for one in self._points if one is not None]
        if len(self._all_points) < len(LEVELS):
            self._all_points = []
        self._beyond: dict[str, tuple[int, int]] = {}  # of slots seen so far

    def of(self, cell: Cell) -> Figures:
        """All figures of a cell.

        Raises:
            ValueError: the score map gives no score to a level that was rated.
        """
        return Figures(**self.named(cell))

    def named(self, cell: Cell) -> dict[str, Any]:
        """As `of`, by the names of `Figures`."""
        answers, defaults = self._counts(cell)
        rated, defaulted = sum(answers), sum(defaults)
        eligible, received = cell.get(ELIGIBLE, 0), cell.get(RECEIVED, 0)
        responses = cell.get(RATED, 0)
        if self._asked.include_flagged:
            responses += cell.get(RATED + EXCLUDED, 0)
        unrated = eligible - responses
        min_n = self._asked.min_n
        more = self._more(cell)
        alone = whole = self._scores(answers, rated if rated >= min_n else 0, more[0])
        if defaulted:
            both = list(map(operator.add, answers, defaults))
            n = rated + defaulted
            whole = self._scores(both, n if n >= min_n else 0, sum(more))
        return {
            "n": dict(zip(_NAMES, answers, strict=True)),
            "rated": rated,
            "defaulted": defaulted,
            "eligible": eligible,
            "unrated": unrated,
            "awaiting": cell.get(AWAITING, 0),
            "voided": cell.get(VOIDED, 0),
            "unrated_by_reason": _by_reason(cell) if unrated else {},
            "share": alone[0],
            "share_with_defaults": whole[0],
            "satisfaction_rate": alone[1],
            "satisfaction_rate_with_defaults": whole[1],
            "mean_level": alone[2],
            "mean_level_with_defaults": whole[2],
            "mean_score": alone[3],
            "mean_score_with_defaults": whole[3],
            "unrated_share": share(unrated, eligible),
            "overdue_share": share(defaulted, rated + defaulted),
            "response_rate": share(responses, eligible),
            "invitation_rate": share(cell.get(INVITED, 0), eligible),
            "completeness": share(received, received + cell.get(LOST, 0)),
            "min_n_met": rated >= min_n,
        }

    def exact(self, cell: Cell) -> tuple[Score, Score]:
        """The mean score before it is rounded: of answers, and with defaults.

        Raises:
            ValueError: as `of`.
        """
        answers, defaults = self._counts(cell)
        both = list(map(operator.add, answers, defaults))
        more = self._more(cell)
        return self._exact(answers, more[0]), self._exact(both, sum(more))

    def _exact(self, counts: list[int], more: int) -> Score:
        seen = sum(counts)
        if not seen or seen < self._asked.min_n:
            return Score(seen, None)
        return Score(seen, Fraction(self._total(counts) + more, self._unit * seen))

    def _more(self, cell: Cell) -> tuple[int, int]:
        """What answers and defaults score beyond `scores`, in parts of the unit."""
        if not self._asked.scales:
            return 0, 0
        forms = [0, 0]
        for slot, count in cell.items():
            if ON_SCALE in slot:
                form, points = self._beyond.get(slot) or self._of_scale(slot)
                forms[form] += points * count
        return forms[0], forms[1]

    def _of_scale(self, slot: str) -> tuple[int, int]:
        """The form of a rating counted there, and what it scores beyond `scores`."""
        name, _, scale = slot.partition(ON_SCALE)
        form, at = self._slots.get(name, (0, -1))  # one that a flag keeps out
        score = self._asked.scales.get(scale, {}).get(at + 1)
        beyond = 0 if score is None else score - self._asked.scores.get(at + 1, 0)
        self._beyond[slot] = found = form, int(beyond * self._unit)
        return found

    def _counts(self, cell: Cell) -> tuple[list[int], list[int]]:
        """Answers and defaults by level."""
        forms = [0] * len(LEVELS), [0] * len(LEVELS)
        slots = self._slots
        for slot, count in cell.items():
            if slot in slots:
                form, level = slots[slot]
                forms[form][level] += count
        return forms

    def _scores(self, counts: list[int], seen: int, more: int) -> _Scores:
        """The scores of one form; withheld, with `seen` 0, when too few answered."""
        satisfied = sum([counts[level] for level in self._satisfied])
        return (
            dict(zip(_NAMES, [share(count, seen) for count in counts], strict=True)),
            share(satisfied, seen),
            mean(sum(map(operator.mul, counts, LEVELS)), seen),
            mean(self._total(counts) + more, self._unit * seen),
        )

    def _total(self, counts: list[int]) -> int:
        """The sum of scores, in parts of the unit."""
        if self._all_points:
            return sum(map(operator.mul, counts, self._all_points))
        total = 0
        for level, count, points in zip(LEVELS, counts, self._points, strict=True):
            if not count:
                continue
            if points is None:
                raise ValueError(f"the score map has no score for level {level}")
            total += points * count
        return total


def figures(cell: Cell, asked: Asked) -> Figures:
    """All figures of one cell, as `Reckoning.of`."""
    return Reckoning(asked).of(cell)


@lru_cache(maxsize=65_536)
def trend(now: str | None, before: str | None) -> str | None:
    """By how much a figure has changed, in its own unit; None when one is missing."""
    if now is None or before is None:
        return None
    places = len(now) - now.find(".") - 1  # both have the same
    change = int(now.replace(".", "")) - int(before.replace(".", ""))
    return _signed(change, places)


@lru_cache(maxsize=65_536)
def _signed(change: int, places: int) -> str:
    text = ratio(change, 10**places, places)
    return f"+{text}" if change > 0 else text


def _by_reason(cell: Cell) -> dict[str, int]:
    return {
        slot.removeprefix(REASON): count
        for slot, count in sorted(cell.items())
        if slot.startswith(REASON)
    }
