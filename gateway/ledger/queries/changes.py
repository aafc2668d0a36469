"""What changed a sealed month since: ratings and sessions, one by one.

The fold tells of each when it moves counts of that month: a page costs what is on it,
however many sessions the month has.
"""

from typing import Final

import apsw

from gateway.ledger.queries.names import SESSION_KEY
from gateway.queries.asking import Page, Slice
from gateway.queries.statements import ChangeRow
from gateway.reading.paging import Columns, Conditions, Listing, page

_SELECT: Final = f"""
SELECT c.no, c.at_ms, c.kind,
    iif(c.is_rating, d.device_id || ':' || r.event_id, NULL) AS rating_id,
    {SESSION_KEY} AS session_key,
    nullif(coalesce(nullif(x.site, ''), b.site), '') AS site,
    coalesce(x.department, b.department) AS department,
    coalesce(x.employee_id, r.employee_id) AS employee, r.level AS level,
    r.void ->> '$.by' AS by, coalesce(r.void ->> '$.reason', c.reason) AS reason
FROM restatement AS c
LEFT JOIN rating AS r ON c.is_rating AND r.place = c.subject
LEFT JOIN device AS d ON d.no = r.device_no LEFT JOIN binding AS b ON b.no = r.binding
LEFT JOIN session AS x ON x.no = iif(c.is_rating, r.session_no, c.subject)
"""


def _build(row: Columns) -> ChangeRow:
    return ChangeRow._make(row[1:])


_CHANGES: Final = Listing(_SELECT, "restatement AS c", "c.no", _build)


def changes(
    connection: apsw.Connection, site: str, month: str, part: Slice
) -> Page[ChangeRow]:
    """What changed the counts of a sealed month, the newest first."""
    conditions = Conditions()
    conditions.seek("c.site = ?", site)
    conditions.seek("c.period = ?", month)
    return page(connection, _CHANGES, conditions, part)
