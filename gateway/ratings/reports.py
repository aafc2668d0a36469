"""The monthly report: one row a site, department or employee, ready for CSV."""

from collections.abc import Iterable, Mapping
from typing import Final

from gateway.ratings.figures import Figures
from gateway.ratings.scoring import LEVELS
from gateway.ratings.tabular import safe_name, to_csv

COLUMNS: Final = (
    "rated",
    "defaulted",
    "eligible",
    "unrated",
    "awaiting",
    "voided",
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
    "min_n_met",
)
"""Named as in the API; completeness stands beside every score."""


def header(dimensions: Iterable[str]) -> list[str]:
    """The names of a report's columns."""
    return [*dimensions, *(f"n_{level}" for level in reversed(LEVELS)), *COLUMNS]


def row(key: Mapping[str, str | int | None], found: Figures) -> list[object]:
    """One group as a row; what is withheld or empty is an empty cell."""
    counts = [found.n[str(level)] for level in reversed(LEVELS)]
    values = [getattr(found, name) for name in COLUMNS]
    shown = [str(one).lower() if isinstance(one, bool) else one for one in values]
    return [*map(safe_name, key.values()), *counts, *shown]


def monthly_csv(
    dimensions: tuple[str, ...],
    groups: Iterable[tuple[Mapping[str, str | int | None], Figures]],
) -> str:
    """A report as CSV; groups keep their order, keys have all dimensions in theirs."""
    return to_csv(header(dimensions), (row(key, found) for key, found in groups))
