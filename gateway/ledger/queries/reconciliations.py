"""Records of days' ends."""

from typing import Final

import apsw
import msgspec

from gateway.ledger.queries.organisation import of_site
from gateway.queries.asking import Page, Slice
from gateway.queries.reconciliations import ReconciliationFilter, ReconciliationRow
from gateway.ratings.reconciliation import Reconciliation
from gateway.reading.paging import Columns, Conditions, Listing, page

_RECORD: Final = msgspec.json.Decoder(Reconciliation)
_SELECT: Final = "SELECT no, site, day, version, at_ms, data FROM reconciliation"


def listed(
    connection: apsw.Connection, wanted: ReconciliationFilter, part: Slice
) -> Page[ReconciliationRow]:
    """The record that was made last first."""
    conditions = Conditions()
    conditions.where("site = ?", wanted.site)
    conditions.where("day >= ?", wanted.from_day)
    conditions.where("day < ?", wanted.to_day)
    conditions.where("equal = ?", wanted.equal)
    conditions.where(of_site("site"), wanted.subtree)
    return page(
        connection, Listing(_SELECT, "reconciliation", "no", _row), conditions, part
    )


def _row(columns: Columns) -> ReconciliationRow:
    _, site, day, version, at_ms, data = columns
    return ReconciliationRow(site, day, version, at_ms, _RECORD.decode(data))
