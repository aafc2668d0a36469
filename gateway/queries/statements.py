"""Sealed months as readers see them."""

from typing import NamedTuple

from gateway.ratings.statements import Adjustment, Statement


class StatementRow(NamedTuple):
    """Who sealed a month, and its counts as they were.

    `by_scale`: they tell ratings on other scales than 5 apart.
    """

    author: str
    statement: Statement
    by_scale: bool


class StatementDetail(NamedTuple):
    row: StatementRow
    adjustments: list[Adjustment]


class ChangeRow(NamedTuple):
    """What changed the counts of a sealed month; `at_ms`: when it did so last.

    `kind` is late, amended, default, voided, flagged or moved (to another month) of a
    rating, service of a session: then `reason` names its news (ended, cancelled, …), of
    a void it says why.
    """

    at_ms: int
    kind: str
    rating_id: str | None
    session_key: str | None
    site: str | None
    department: str | None
    employee: str | None
    level: int | None
    by: str | None
    reason: str | None
