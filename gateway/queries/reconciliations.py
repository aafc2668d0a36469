"""Days of sites as readers see them."""

from typing import NamedTuple

from gateway.queries.asking import SiteBound
from gateway.ratings.reconciliation import Reconciliation


class ReconciliationFilter(SiteBound, frozen=True, kw_only=True):
    """Half-open `from_day <= day < to_day`, ordinals; None means any."""

    site: str | None = None
    from_day: int | None = None
    to_day: int | None = None
    equal: bool | None = None


class ReconciliationRow(NamedTuple):
    """A site's local day (an ordinal) as it was recorded last."""

    site: str
    day: int
    version: int
    at_ms: int
    record: Reconciliation
