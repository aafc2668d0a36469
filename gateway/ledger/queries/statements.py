"""Sealed months, and what their counts are by now."""

from datetime import tzinfo
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

import apsw
import msgspec

from gateway.ledger.queries.counts import counts, terms
from gateway.queries.counts import CountFilter
from gateway.queries.statements import StatementDetail, StatementRow
from gateway.ratings.periods import LocalTime, period
from gateway.ratings.statements import Cells, Statement, adjustments

GROUP_BY: Final = ("department", "employee")
_STATEMENT: Final = msgspec.json.Decoder(Statement)


class Bounds(NamedTuple):
    """Milliseconds, the last left out."""

    from_ms: int
    to_ms: int


def bounds_of(month: str, zone: tzinfo) -> Bounds:
    """A month of a zone.

    Raises:
        ValueError: it names none.
    """
    first, end = period(month)
    local = LocalTime(zone)
    return Bounds(local.begin_ms(first), local.begin_ms(end))


def cells(connection: apsw.Connection, site: str, bounds: Bounds) -> Cells:
    """What is counted by department and employee; each key is a JSON array."""
    wanted = CountFilter(
        group_by=GROUP_BY,
        site=site or None,
        from_ms=bounds.from_ms,
        to_ms=bounds.to_ms,
    )
    return {
        msgspec.json.encode(key).decode(): cell
        for key, cell in counts(connection, wanted).items()
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
        zone = ZoneInfo(terms(connection).rules.time_zone)
        now = cells(connection, site, bounds_of(month, zone))
        row = StatementRow(author, statement)
        return StatementDetail(row, adjustments(statement, now))
    return None
