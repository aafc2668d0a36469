"""Sealed months as readers see them."""

from typing import NamedTuple

from gateway.ratings.statements import Adjustment, Statement


class StatementRow(NamedTuple):
    """Who sealed a month, and its counts as they were."""

    author: str
    statement: Statement


class StatementDetail(NamedTuple):
    row: StatementRow
    adjustments: list[Adjustment]
