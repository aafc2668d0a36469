"""Where figures are heading: a robust line through a few of them."""

from collections.abc import Sequence
from itertools import combinations
from statistics import median
from typing import Final

SAMPLES_MIN: Final = 5
FALL_MIN: Final = 0.2
"""A fall of less a day is noise, not a trend."""


def days_left(samples: Sequence[tuple[int, float]]) -> float | None:
    """Days until a figure that falls is 0, from (day, figure); None: it does not fall.

    The slope is the median of those between all pairs (Theil and Sen): a third of the
    samples may be odd without a change.
    """
    if len(samples) < SAMPLES_MIN:
        return None
    slope = median(
        (later - earlier) / (day - before)
        for (before, earlier), (day, later) in combinations(samples, 2)
    )
    return samples[-1][1] / -slope if slope < -FALL_MIN else None
