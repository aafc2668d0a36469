"""Sealed months, and what their counts are by now."""

from collections.abc import Iterable
from datetime import tzinfo
from typing import Final

import apsw
import msgspec

from gateway.ledger.queries.counts import counts
from gateway.queries.counts import CountFilter
from gateway.queries.statements import StatementDetail, StatementRow
from gateway.ratings.periods import LocalTime, period
from gateway.ratings.statements import Cells, Statement, adjustments

GROUP_BY: Final = ("department", "employee")
_STATEMENT: Final = msgspec.json.Decoder(Statement)


def ends_ms(month: str, zones: Iterable[tzinfo]) -> int:
    """When a month is over in all of these zones.

    Raises:
        ValueError: it names none.
    """
    _, end = period(month)
    return max(LocalTime(zone).begin_ms(end) for zone in zones)


def cells(connection: apsw.Connection, site: str, month: str) -> Cells:
    """What is counted by department and employee; each key is a JSON array.

    The month is that of each site's own clocks.
    """
    first, end = period(month)
    wanted = CountFilter(
        group_by=GROUP_BY,
        site=site or None,
        days=(first.toordinal(), end.toordinal()),
    )
    return {
        msgspec.json.encode(key).decode(): cell
        for key, cell in counts(connection, [wanted])[0].items()
    }


def listed(connection: apsw.Connection) -> list[StatementRow]:
    rows = connection.execute(
        "SELECT author, data FROM statement ORDER BY period DESC, site"
    )
    return [StatementRow(author, _STATEMENT.decode(data)) for author, data in rows]


def detail(
    connection: apsw.Connection, site: str, month: str
) -> StatementDetail | None:
    """A sealed month, and what has changed since."""
    for author, data in connection.execute(
        "SELECT author, data FROM statement WHERE site = ? AND period = ?",
        (site, month),
    ):
        statement = _STATEMENT.decode(data)
        now = cells(connection, site, month)
        row = StatementRow(author, statement)
        return StatementDetail(row, adjustments(statement, now))
    return None
