"""Sealed months of maintenance, and what they come to by now."""

from collections.abc import Mapping
from typing import Final

import apsw
import msgspec

from fleet.availability import Key, Tally, statement_cells
from gateway.ledger.queries.availability import found
from gateway.queries.availability import AvailabilityFilter
from gateway.queries.maintenance import MaintenanceDetail, MaintenanceRow
from gateway.ratings.periods import period
from gateway.ratings.statements import MaintenanceStatement, adjustments

GROUP_BY: Final = ("device", "site", "model", "firmware")
_STATEMENT: Final = msgspec.json.Decoder(MaintenanceStatement)
_SELECT: Final = "SELECT author, key_id, signature, data FROM maintenance_statement"


def sums_of(connection: apsw.Connection, site: str, month: str) -> Mapping[Key, Tally]:
    """The sums of a month by device, and what it was; `site` "": of all sites."""
    first, end = period(month)
    wanted = AvailabilityFilter(
        days=(first.toordinal(), end.toordinal()),
        group_by=GROUP_BY,
        site=site or None,
    )
    return found(connection, wanted).groups


def listed(connection: apsw.Connection) -> list[MaintenanceRow]:
    rows = connection.execute(f"{_SELECT} ORDER BY period DESC, site")
    return [_row(*row) for row in rows]


def detail(
    connection: apsw.Connection, site: str, month: str
) -> MaintenanceDetail | None:
    """A sealed month, and what has changed since."""
    for row in connection.execute(
        f"{_SELECT} WHERE site = ? AND period = ?", (site, month)
    ):
        sealed = _row(*row)
        now = statement_cells(sums_of(connection, site, month).items())
        return MaintenanceDetail(sealed, adjustments(sealed.statement, now))
    return None


def _row(author: str, key_id: int, signature: str, data: str) -> MaintenanceRow:
    return MaintenanceRow(author, key_id, signature, _STATEMENT.decode(data))
