"""The figures of a cell, each in two forms: answers alone, and with defaults.

Source: rating rules, "Figures"; names as in the API. Shares are percentages with two
places, means have four, as decimal strings; None where nothing is to be divided.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

import msgspec

from gateway.ratings.cells import (
    AWAITING,
    CUSTOMERS,
    DEFAULTS,
    ELIGIBLE,
    EXCLUDED,
    INVITED,
    LOST,
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
    mean,
    share,
    total_of,
)

SATISFIED: Final = (5, 4)


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """How figures are to be worked out; each answer says so.

    Below `min_n` ratings a score is withheld. `include_flagged` brings back what
    excluding flags keep out.
    """

    satisfied_levels: tuple[int, ...] = SATISFIED
    scores: ScoreMap = msgspec.field(default_factory=lambda: dict(DEFAULT_SCORES))
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


class _Scores(msgspec.Struct, frozen=True):
    """The scores of one form."""

    share: dict[str, str | None]
    satisfaction: str | None
    level: str | None
    score: str | None


_SLOTS: Final = {
    (origins, flagged): {
        level: [
            level_slot(origin, level, excluded=excluded)
            for origin in origins
            for excluded in ((False, True) if flagged else (False,))
        ]
        for level in LEVELS
    }
    for origins in (CUSTOMERS, DEFAULTS)
    for flagged in (False, True)
}
"""The slots of each level, worked out once."""


def figures(cell: Cell, asked: Asked) -> Figures:
    """All figures of a cell.

    Raises:
        ValueError: the score map gives no score to a level that was rated.
    """
    answers = _counts(cell, CUSTOMERS, flagged=asked.include_flagged)
    defaults = _counts(cell, DEFAULTS, flagged=asked.include_flagged)
    both = {level: answers[level] + defaults[level] for level in LEVELS}
    rated, defaulted = sum(answers.values()), sum(defaults.values())
    active, whole = _scores(answers, asked), _scores(both, asked)
    eligible, received = cell.get(ELIGIBLE, 0), cell.get(RECEIVED, 0)
    responses = cell.get(RATED, 0)
    if asked.include_flagged:
        responses += cell.get(RATED + EXCLUDED, 0)
    return Figures(
        n={str(level): count for level, count in answers.items()},
        rated=rated,
        defaulted=defaulted,
        eligible=eligible,
        unrated=eligible - responses,
        awaiting=cell.get(AWAITING, 0),
        voided=cell.get(VOIDED, 0),
        unrated_by_reason=_by_reason(cell),
        share=active.share,
        share_with_defaults=whole.share,
        satisfaction_rate=active.satisfaction,
        satisfaction_rate_with_defaults=whole.satisfaction,
        mean_level=active.level,
        mean_level_with_defaults=whole.level,
        mean_score=active.score,
        mean_score_with_defaults=whole.score,
        unrated_share=share(eligible - responses, eligible),
        overdue_share=share(defaulted, rated + defaulted),
        response_rate=share(responses, eligible),
        invitation_rate=share(cell.get(INVITED, 0), eligible),
        completeness=share(received, received + cell.get(LOST, 0)),
        min_n_met=rated >= asked.min_n,
    )


def trend(now: str | None, before: str | None) -> str | None:
    """By how much a figure has changed, in its own unit; None when one is missing."""
    if now is None or before is None:
        return None
    change = Decimal(now) - Decimal(before)  # exact: both have the same few places
    return f"{change:+}" if change else f"{abs(change)}"


def _counts(cell: Cell, origins: tuple[str, str], *, flagged: bool) -> dict[int, int]:
    counts = dict.fromkeys(LEVELS, 0)
    for level, slots in _SLOTS[origins, flagged].items():
        for slot in slots:
            if slot in cell:
                counts[level] += cell[slot]
    return counts


def _scores(counts: Mapping[int, int], asked: Asked) -> _Scores:
    """The scores of one form; withheld when too few have answered."""
    n = sum(counts.values())
    seen = n if n >= asked.min_n else 0
    satisfied = sum(counts[level] for level in set(asked.satisfied_levels))
    return _Scores(
        {str(level): share(count, seen) for level, count in counts.items()},
        share(satisfied, seen),
        mean(sum(level * count for level, count in counts.items()), seen),
        mean(total_of(counts, asked.scores), seen),
    )


def _by_reason(cell: Cell) -> dict[str, int]:
    return {
        slot.removeprefix(REASON): count
        for slot, count in sorted(cell.items())
        if slot.startswith(REASON)
    }
