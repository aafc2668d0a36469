"""Sealed months, and what their counts are by now."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import tzinfo
from typing import Final

import apsw
import msgspec

from device_protocol.profiles.model import FULL_SCALE
from gateway.ledger.queries.changes import changes
from gateway.ledger.queries.counts import counts
from gateway.queries.asking import CursorError, Page, Slice
from gateway.queries.counts import CountFilter
from gateway.queries.statements import ChangeRow, StatementDetail, StatementRow
from gateway.ratings.periods import LocalTime, period
from gateway.ratings.statements import Cells, Statement, adjustments

GROUP_BY: Final = ("department", "employee")
COMPARED_MAX: Final = 12
"""Months of one page that are counted again: each takes as long as it has groups."""
_BEHIND_ALL: Final = "~"
"""Sorts behind every month."""
_STATEMENTS: Final = "SELECT author, data, by_scale FROM statement"
_SCALES: Final = "SELECT DISTINCT scale FROM binding WHERE scale <> ? ORDER BY scale"
_STATEMENT: Final = msgspec.json.Decoder(Statement)


def ends_ms(month: str, zones: Iterable[tzinfo]) -> int:
    """When a month is over in all of these zones.

    Raises:
        ValueError: it names none.
    """
    _, end = period(month)
    return max(LocalTime(zone).begin_ms(end) for zone in zones)


def cells(
    connection: apsw.Connection, site: str, month: str, *, by_scale: bool = True
) -> Cells:
    """What is counted by department and employee; each key is a JSON array.

    The month is that of each site's own clocks.
    """
    return _cells(connection, site, [month], by_scale=by_scale)[0]


def _cells(
    connection: apsw.Connection, site: str, months: Sequence[str], *, by_scale: bool
) -> list[Cells]:
    """As `cells`, of several months: what names the groups is read once.

    Each scale but the full one is told apart: whatever scores it is given, these
    counts make its figures.
    """
    scales = connection.execute(_SCALES, (FULL_SCALE,)) if by_scale else ()
    apart = tuple(scale for (scale,) in scales)
    wanted = [
        CountFilter(
            group_by=GROUP_BY,
            site=site or None,
            days=(first.toordinal(), end.toordinal()),
            scales=apart,
        )
        for first, end in map(period, months)
    ]
    return [
        {msgspec.json.encode(key).decode(): cell for key, cell in groups.items()}
        for groups in counts(connection, wanted)
    ]


def listed(connection: apsw.Connection, part: Slice) -> Page[StatementRow]:
    """The newest month first, of a month its sites by name."""
    month, site = _after(part.cursor)
    rows = connection.execute(
        f"{_STATEMENTS}"
        " WHERE period < ?1 OR period = ?1 AND site > ?2"
        " ORDER BY period DESC, site LIMIT ?3",
        (month, site, part.limit + 1),
    )
    found = [_row(*row) for row in rows]
    shown, last = found[: part.limit], None
    if len(found) > part.limit:
        last = f"{shown[-1].statement.period}:{shown[-1].statement.site}"
    return Page(shown, last)


def compared(connection: apsw.Connection, part: Slice) -> Page[StatementDetail]:
    """As `listed`, each with what has changed since; `COMPARED_MAX` at most."""
    found = listed(connection, part._replace(limit=min(part.limit, COMPARED_MAX)))
    months: defaultdict[tuple[str, bool], list[str]] = defaultdict(list)
    for row in found.items:
        months[row.statement.site, row.by_scale].append(row.statement.period)
    now = {
        (site, month): one
        for (site, by_scale), some in months.items()
        for month, one in zip(
            some, _cells(connection, site, some, by_scale=by_scale), strict=True
        )
    }
    details = [
        StatementDetail(
            row,
            adjustments(row.statement, now[row.statement.site, row.statement.period]),
        )
        for row in found.items
    ]
    return Page(details, found.next_cursor)


def detail(
    connection: apsw.Connection, site: str, month: str
) -> StatementDetail | None:
    """A sealed month, and what has changed since."""
    row = _found(connection, site, month)
    if row is None:
        return None
    now = cells(connection, site, month, by_scale=row.by_scale)
    return StatementDetail(row, adjustments(row.statement, now))


def later(
    connection: apsw.Connection, site: str, month: str, part: Slice
) -> Page[ChangeRow] | None:
    """What changed a sealed month since, one by one; None: it was not sealed."""
    row = connection.execute(
        "SELECT 1 FROM statement WHERE site = ? AND period = ?", (site, month)
    ).get
    return None if row is None else changes(connection, site, month, part)


def _found(connection: apsw.Connection, site: str, month: str) -> StatementRow | None:
    for row in connection.execute(
        f"{_STATEMENTS} WHERE site = ? AND period = ?",
        (site, month),
    ):
        return _row(*row)
    return None


def _row(author: str, data: str, by_scale: int) -> StatementRow:
    return StatementRow(author, _STATEMENT.decode(data), bool(by_scale))


def _after(cursor: str | None) -> tuple[str, str]:
    """The month and site that a page begins behind.

    Raises CursorError for what is none.
    """
    if cursor is None:
        return _BEHIND_ALL, ""
    month, colon, site = cursor.partition(":")
    if not colon:
        raise CursorError(cursor)
    return month, site
