"""Exact arithmetic of figures: fractions inside, decimals half-up outside.

Source: rating rules, "Figures". Nothing here is a float: a figure that decides an
appraisal must be the same on every machine.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from math import lcm
from typing import Final, NamedTuple

LEVELS: Final = (1, 2, 3, 4, 5)
SHARE_PLACES: Final = 2
MEAN_PLACES: Final = 4
WHOLE: Final = 100

ScoreMap = Mapping[int, Fraction]
"""One score for each level of the scale."""

ScoreMaps = Mapping[str, ScoreMap]
"""Those of scales with scores of their own, by the scale's name."""


def score_map(scores: Mapping[int, float | str | Decimal]) -> dict[int, Fraction]:
    """A score map as written: 0.1 is a tenth, not the nearest binary number."""
    return {level: Fraction(str(score)) for level, score in scores.items()}


DEFAULT_SCORES: Final = score_map({level: level for level in LEVELS})


def half_up(value: Fraction, places: int) -> str:
    """A number in decimal digits; of two equally near ones that further from zero."""
    return ratio(value.numerator, value.denominator, places)


@lru_cache(maxsize=65_536)
def ratio(part: int, whole: int, places: int) -> str:
    """As `half_up`, of a quotient; `whole` is above 0.

    Counts are small and come again: most of a page's figures are looked up.
    """
    digits = (2 * abs(part) * 10**places + whole) // (2 * whole)
    sign = "-" if part < 0 and digits else ""
    before, after = divmod(digits, 10**places)
    return f"{sign}{before}.{after:0{places}d}" if places else f"{sign}{before}"


def share(part: int, whole: int) -> str | None:
    """A percentage with two places; None when there is nothing to share."""
    return ratio(WHOLE * part, whole, SHARE_PLACES) if whole else None


def mean(total: Fraction | int, count: int) -> str | None:
    """A mean with four places; None of nothing."""
    if not count:
        return None
    return ratio(total.numerator, total.denominator * count, MEAN_PLACES)


def total_of(counts: Mapping[int, int], scores: ScoreMap) -> Fraction:
    """The sum of scores over counts by level.

    Raises:
        ValueError: a level was rated that the map gives no score to.
    """
    whole = lcm(*(score.denominator for score in scores.values()))
    total = 0  # in parts of `whole`: integers add up ten times as fast as fractions
    for level, count in counts.items():
        if not count:
            continue
        if level not in scores:
            raise ValueError(f"the score map has no score for level {level}")
        score = scores[level]
        total += score.numerator * (whole // score.denominator) * count
    return Fraction(total, whole)


class Weighted(NamedTuple):
    """An item of a composite: its weight, and its score, None when it is absent."""

    weight: Fraction
    score: Fraction | None


def composite(items: Iterable[Weighted], *, renormalise: bool = False) -> str | None:
    """The weighted score of several items, with four places.

    The weights' sum is 100. With an item absent there is none, unless the others'
    weights are to be scaled up (`renormalise`).

    Raises:
        ValueError: the weights' sum is not 100.
    """
    given = list(items)
    if sum(one.weight for one in given) != WHOLE:
        raise ValueError("the weights of a composite must add up to 100")
    present = [(one.weight, one.score) for one in given if one.score is not None]
    weights = sum((weight for weight, _ in present), Fraction(0))
    if not weights or (len(present) < len(given) and not renormalise):
        return None
    total = sum((weight * score for weight, score in present), Fraction(0))
    return half_up(total / weights, MEAN_PLACES)
