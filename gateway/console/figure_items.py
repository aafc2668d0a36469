"""Figures as the API tells them: names and texts as the rules have them."""

from typing import Annotated, Final

from pydantic import BaseModel, Field

Percentage = str | None
Levels = dict[str, int]
Shares = dict[str, Percentage]
ScoreMap = dict[str, str]
ScoreMaps = Annotated[
    dict[str, ScoreMap],
    Field(
        description="Scales that have scores of their own, with those in force: a"
        " rating given on one of them counts by these, any other, or at a level that"
        " the scale has none for, by `score_map`. Empty when the question gave a map."
    ),
]
Value = str | int | None

TRENDS: Final = (
    "satisfaction_rate",
    "satisfaction_rate_with_defaults",
    "mean_level",
    "mean_level_with_defaults",
    "mean_score",
    "mean_score_with_defaults",
    "unrated_share",
    "overdue_share",
    "response_rate",
    "invitation_rate",
    "completeness",
)
"""Figures whose change from the period before is told."""


class Figures(BaseModel):
    """Percentages have two places, means four; null where nothing is to be divided.

    A score is withheld (null, `min_n_met` false) below `min_n` ratings.
    """

    n: Levels
    rated: int
    defaulted: int
    eligible: int
    unrated: int
    awaiting: int
    voided: int
    unrated_by_reason: dict[str, int]
    share: Shares
    share_with_defaults: Shares
    satisfaction_rate: Percentage
    satisfaction_rate_with_defaults: Percentage
    mean_level: str | None
    mean_level_with_defaults: str | None
    mean_score: str | None
    mean_score_with_defaults: str | None
    unrated_share: Percentage
    overdue_share: Percentage
    response_rate: Percentage
    invitation_rate: Percentage
    completeness: Percentage
    min_n_met: bool


class Statistic(Figures):
    """One group, the group that it is compared with, and by what rules this is."""

    key: dict[str, Value]
    previous: Figures | None = Field(
        description="The period before: of groups of the calendar theirs, else the"
        " stretch before `from`; null when there is none to be named."
    )
    trend: dict[str, str | None] | None = Field(
        description="By how much each figure has changed since, in its own unit."
    )
    include_flagged: bool
    satisfied_levels: list[int]
    score_map: ScoreMap
    score_maps: ScoreMaps
    min_n: int
    rules_revision: str = Field(
        description="The place of the record that put the rules in force."
    )


class Statistics(BaseModel):
    """Sorted by key, groups without one last; `next_cursor` asks for more."""

    items: list[Statistic]
    next_cursor: str | None


class ItemScore(BaseModel):
    """An item of a composite; its scores are null when too few rated it."""

    weight: str
    rated: int
    rated_with_defaults: int
    mean_score: str | None
    mean_score_with_defaults: str | None


class Composite(BaseModel):
    """The scores of several items as one: Σ weight · score / 100, with four places.

    Null when an item has no score, unless the other weights are scaled up.
    """

    key: dict[str, Value]
    composite: str | None
    composite_with_defaults: str | None
    items: dict[str, ItemScore]
    include_flagged: bool
    score_map: ScoreMap
    score_maps: ScoreMaps
    min_n: int
    renormalise: bool
    rules_revision: str


class Composites(BaseModel):
    """Sorted by key, groups without one last; `next_cursor` asks for more."""

    items: list[Composite]
    next_cursor: str | None
