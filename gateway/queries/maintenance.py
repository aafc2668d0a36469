"""Sealed months of maintenance as readers see them."""

from typing import NamedTuple

from gateway.ratings.statements import Adjustment, MaintenanceStatement


class MaintenanceRow(NamedTuple):
    """Who sealed a month; `signature` is that of its digest, by a key of the ring."""

    author: str
    key_id: int
    signature: str
    statement: MaintenanceStatement


class MaintenanceDetail(NamedTuple):
    row: MaintenanceRow
    adjustments: list[Adjustment]
