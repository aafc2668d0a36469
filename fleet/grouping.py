"""Devices of one site that are away together, and why they probably are."""

from collections.abc import Sequence
from typing import Final, NamedTuple

TOGETHER_MIN: Final = 3
SHARE_MIN: Final = 0.6
SPREAD_MS_MAX: Final = 20 * 60_000
"""What happens to all happens to them at about the same time."""


class Absent(NamedTuple):
    """A device of a site; `on_mains` is None when it does not tell."""

    on_mains: bool | None
    since_ms: int


def likely_cause(away: Sequence[Absent], present: Sequence[Absent]) -> str | None:
    """In words, if so many of a site are away that one thing must be the reason."""
    if len(away) < TOGETHER_MIN:
        return None
    if len(away) / (len(away) + len(present)) < SHARE_MIN:
        return _mains_alone(away, present)
    sinces = [one.since_ms for one in away]
    if max(sinces) - min(sinces) > SPREAD_MS_MAX:
        return "several reasons, or a network that fades"
    if all(one.on_mains for one in away):
        return "probably the power of the hall"
    return "probably the access point or the line of the site"


def _mains_alone(away: Sequence[Absent], present: Sequence[Absent]) -> str | None:
    """All on mains gone, and those on batteries still there."""
    if not all(one.on_mains for one in away):
        return None
    if any(one.on_mains is not False for one in present) or not present:
        return None
    return "the power of the hall: what runs on batteries is still there"
