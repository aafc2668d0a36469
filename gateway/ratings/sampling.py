"""Samples for inspection: drawn by a seed, without replacement, the same for ever.

Source: rating rules, "Figures", sampling. The rank of a candidate is a digest of seed
and name, so neither the order of candidates nor a version of Python matters.
"""

import hashlib
from collections.abc import Collection
from fractions import Fraction
from heapq import nsmallest
from typing import Final, Literal, NamedTuple

import msgspec

from gateway.ratings.scoring import share

UNRATED_SHARE: Final = "0.30"
Verdict = Literal["matches", "differs", "exempt"]


class Sample(NamedTuple):
    """What was drawn, in the order of the draw, and how many were missing."""

    rated: tuple[str, ...]
    unrated: tuple[str, ...]
    rated_shortfall: int
    unrated_shortfall: int


def draw(
    rated: Collection[str],
    unrated: Collection[str],
    volume: int,
    seed: str,
    unrated_share: str = UNRATED_SHARE,
) -> Sample:
    """Draw `volume` of all, ⌈share·volume⌉ of them unrated sessions.

    Where fewer exist all are taken and the shortfall is reported: nothing else is
    taken in their place.

    Raises:
        ValueError: the volume is negative, or the share not between 0 and 1.
    """
    part = Fraction(unrated_share)
    if volume < 0 or not 0 <= part <= 1:
        raise ValueError("a sample needs a volume from 0 and a share from 0 to 1")
    wanted_unrated = -(-part.numerator * volume // part.denominator)
    wanted_rated = volume - wanted_unrated
    picked = shortlist(rated, wanted_rated, seed)
    picked_unrated = shortlist(unrated, wanted_unrated, seed)
    return Sample(
        picked,
        picked_unrated,
        wanted_rated - len(picked),
        wanted_unrated - len(picked_unrated),
    )


def shortlist(names: Collection[str], count: int, seed: str) -> tuple[str, ...]:
    """The first so many by their rank: nobody else of these can be among as many.

    So the shortlist of two shortlists is that of both together.
    """
    before, digest = f"{seed}\0".encode(), hashlib.sha256  # a million names a second
    ranked = ((digest(before + name.encode()).digest(), name) for name in set(names))
    return tuple([name for _, name in nsmallest(count, ranked)])


class Finding(msgspec.Struct, frozen=True):
    """What an inspector found of one member of a sample."""

    member: str
    verdict: Verdict
    note: str = ""


def correct_rate(matches: int, differs: int) -> str | None:
    """A percentage; exempt members do not count, None: nothing does."""
    return share(matches, matches + differs)
