"""What changed a sealed month since: ratings and sessions, one by one.

Nothing but the counts is kept of a seal; what came later is told by where it lies in
the journal, by the order of its fold, and by when it was voided or issued.
"""

from typing import Final
from zoneinfo import ZoneInfo

import apsw

from gateway.ledger.queries.names import SESSION_KEY
from gateway.ledger.queries.zones import bounds_in, by_zone, terms
from gateway.ledger.schema_arrivals import LATE, SLICE_MS
from gateway.queries.asking import CursorError, Page, Slice
from gateway.queries.counts import CountFilter
from gateway.queries.statements import ChangeRow
from gateway.ratings.periods import period
from gateway.ratings.statements import Statement
from gateway.reading.paging import Columns

_DAY_MS: Final = 86_400_000
_FAR_MS: Final = 31 * _DAY_MS
"""How long after a month what was pressed in it may come to count instead."""
_NEAR: Final = 1_000
_LOOKED: Final = """
SELECT no FROM session WHERE look IS NOT NULL AND look ->> '$[6]' >= :from_ms
    AND look ->> '$[6]' < :to_ms AND look ->> '$[1]' >= :as_of_ms
"""
"""Sessions of the month that were looked at since: its sessions are read once."""
_NEWS: Final = f"""
SELECT r.place FROM rating AS r INDEXED BY rating_late
WHERE {LATE} AND r.occurred_ms >= :from_ms AND r.occurred_ms < :to_ms
UNION SELECT place FROM rating WHERE place > :sealed AND place <=
    (SELECT max(last_place) FROM arrival WHERE slice <= (:to_ms + {SLICE_MS})
        / {SLICE_MS})
UNION SELECT place FROM quarantine WHERE state = 'replayed'
UNION SELECT m.value FROM looked AS l JOIN session AS o ON o.no = l.no,
    json_each(json_insert(o.ratings, '$[#]', o.default_place)) AS m
"""
"""Where a rating may lie that changed something: pressed in the month and come late or
at its very end, let out of quarantine, or of a session that was looked at since."""

_VOIDED: Final = "coalesce(r.void ->> '$.at_ms', -1) >= :as_of_ms"
_FOLDED_SINCE: Final = """(r.place > :sealed OR r.ordinal >=
    (SELECT ordinal FROM rating WHERE place > :sealed ORDER BY place LIMIT 1)
    OR r.place < 0 AND r.received_ms >= :as_of_ms)"""
_RATINGS: Final = f"""
SELECT iif({_VOIDED}, r.void ->> '$.at_ms', r.received_ms) AS at_ms,
    d.device_id || ':' || r.event_id AS name,
    CASE WHEN {_VOIDED} THEN 'voided' WHEN r.origin = 'system_default' THEN 'default'
        WHEN r.amends IS NOT NULL THEN 'amended' ELSE 'late' END AS kind,
    1 AS is_rating, {SESSION_KEY} AS session_key,
    coalesce(nullif(x.site, ''), b.site) AS site,
    coalesce(x.department, b.department) AS department,
    coalesce(x.employee_id, r.employee_id) AS employee, r.level AS level,
    r.void ->> '$.by' AS by, r.void ->> '$.reason' AS reason
FROM ({_NEWS}) AS n CROSS JOIN rating AS r ON r.place = n.place
JOIN device AS d ON d.no = r.device_no JOIN binding AS b ON b.no = r.binding
LEFT JOIN session AS x ON x.no = r.session_no
WHERE r.mode = 'live' AND r.level IS NOT NULL
    AND coalesce(x.look ->> '$[6]', r.occurred_ms) >= :from_ms
    AND coalesce(x.look ->> '$[6]', r.occurred_ms) < :to_ms
    AND ({_VOIDED} OR r.effective AND {_FOLDED_SINCE})
"""
_SERVICES: Final = """
SELECT o.look ->> '$[1]' AS at_ms,
    o.site || ':' || o.session_id || ':' || o.stage || ':' || o.n AS name,
    'service' AS kind, 0 AS is_rating, NULL AS session_key, o.site AS site,
    o.department AS department, o.employee_id AS employee, NULL AS level, NULL AS by,
    (SELECT e.action FROM session_event AS e
        WHERE e.session_no = o.no AND e.place > :sealed
        ORDER BY e.place DESC LIMIT 1) AS reason
FROM looked AS l JOIN session AS o ON o.no = l.no
WHERE EXISTS (SELECT 1 FROM session_event AS e
    WHERE e.session_no = o.no AND e.place > :sealed)
"""
_MOVED: Final = f"""
SELECT max(:as_of_ms, coalesce((SELECT received_ms FROM rating
        WHERE place = x.effective_place), 0)) AS at_ms,
    d.device_id || ':' || r.event_id AS name,
    'moved' AS kind, 1 AS is_rating, {SESSION_KEY} AS session_key, x.site AS site,
    x.department AS department, x.employee_id AS employee, r.level AS level,
    NULL AS by, NULL AS reason
FROM session AS x INDEXED BY session_counted
CROSS JOIN rating AS r ON r.place = x.ratings ->> '$[0]'
JOIN device AS d ON d.no = r.device_no
WHERE x.look IS NOT NULL AND x.no <= :newest AND x.look ->> '$[1]' >= :as_of_ms
    AND x.look ->> '$[6]' >= :from_ms - {_DAY_MS}
    AND x.look ->> '$[6]' < :to_ms + {_FAR_MS}
    AND NOT (x.look ->> '$[6]' >= :from_ms AND x.look ->> '$[6]' < :to_ms)
    AND r.place BETWEEN 0 AND :sealed AND r.mode = 'live' AND r.level IS NOT NULL
    AND r.occurred_ms >= :from_ms AND r.occurred_ms < :to_ms
"""
"""Pressed in the month and counted there; a later answer, or the service's end, took it
to another one."""
_NEWEST: Final = f"""
SELECT coalesce(max(session_no), 0) FROM (SELECT session_no FROM rating
    WHERE place BETWEEN 0 AND :sealed ORDER BY place DESC LIMIT {_NEAR})
"""
"""The newest session that had a rating when the month was sealed."""
_SEALED: Final = """
SELECT coalesce(
    (SELECT min(place) FROM act WHERE name = 'month_sealed' AND at_ms = :as_of_ms),
    (SELECT max(last_place) FROM arrival WHERE slice < :as_of_ms / :slice_ms), 0)
"""
"""The place of the act; everything behind it came later."""


def changes(
    connection: apsw.Connection, statement: Statement, part: Slice
) -> Page[ChangeRow]:
    """What changed the counts of a sealed month, the newest first."""
    bound: dict[str, object] = {"as_of_ms": statement.as_of_ms, "slice_ms": SLICE_MS}
    ((bound["sealed"],),) = connection.execute(_SEALED, bound)
    ((bound["newest"],),) = connection.execute(_NEWEST, bound)
    bound["limit"] = part.limit + 1
    bound["before_ms"], bound["before"] = _read(part.cursor)
    first, end = period(statement.period)
    wanted = CountFilter(days=(first.toordinal(), end.toordinal()))
    found: list[Columns] = []
    for zone, standing in by_zone(terms(connection).book):
        bound["from_ms"], bound["to_ms"] = bounds_in(ZoneInfo(zone), wanted)
        condition = standing.condition("nullif(site, '')").replace("?", ":sites")
        bound["sites"] = standing.listed or "[]"
        bound["site"] = statement.site
        found.extend(
            connection.execute(
                f"WITH looked AS MATERIALIZED ({_LOOKED})"
                f" SELECT * FROM ({_RATINGS} UNION ALL {_SERVICES} UNION ALL {_MOVED})"
                f" WHERE {condition} AND (:site = '' OR site = :site)"
                " AND (at_ms, name) < (:before_ms, :before)"
                " ORDER BY at_ms DESC, name DESC LIMIT :limit",
                bound,
            )
        )
    found.sort(key=lambda row: (row[0], row[1]), reverse=True)
    shown = [_build(row) for row in found[: part.limit]]
    more = len(found) > part.limit
    return Page(shown, _cursor(shown[-1]) if more else None)


def _build(row: Columns) -> ChangeRow:
    at_ms, name, kind, is_rating, session_key, site, *rest = row
    return ChangeRow(
        at_ms,
        kind,
        name if is_rating else None,
        session_key if is_rating else name,
        site or None,
        *rest,
    )


def _cursor(row: ChangeRow) -> str:
    return f"{row.at_ms}:{row.rating_id or row.session_key}"


def _read(cursor: str | None) -> tuple[int, str]:
    """Raises CursorError for what `_cursor` has not made."""
    if cursor is None:
        return (1 << 63) - 1, ""
    at_ms, colon, name = cursor.partition(":")
    if not colon or not at_ms.isascii() or not at_ms.isdecimal():
        raise CursorError(cursor)
    return min(int(at_ms[:19]), (1 << 63) - 1), name
