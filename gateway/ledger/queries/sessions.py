"""Sessions as readers see them, with the rating in force."""

from collections.abc import Iterator
from typing import Final

import apsw

from gateway.ledger.queries import ratings
from gateway.ledger.queries.names import SESSION_KEY, SESSION_NUMBER
from gateway.ledger.queries.organisation import device_numbers, of_site
from gateway.queries.asking import Page, SessionFilter, Slice
from gateway.queries.rows import EffectiveRating, SessionDetail, SessionRow
from gateway.reading.paging import Columns, Conditions, Listing, page

_SELECT: Final = f"""
SELECT x.no, {SESSION_KEY}, {SESSION_NUMBER}, x.site, x.business_date,
    nullif(x.stage, 0), x.state, x.department, x.window, x.employee_id,
    x.service_code, x.invited_ms, x.eligible, x.unrated_reason, x.opened_ms,
    x.ended_ms, x.deadline_ms, x.amend_until_ms, x.estimated, x.provisional,
    x.followup_due_ms, x.rectify_due_ms, x.ratings, x.default_place,
    e.event_id, e.level, e.origin
FROM session AS x
LEFT JOIN rating AS e ON e.place = x.effective_place
"""
_MOMENT: Final = "coalesce(x.ended_ms, x.began_ms)"


def _build(row: Columns) -> SessionRow:
    event_id, level, origin = row[24:]
    return SessionRow(
        session_key=row[1],
        session_id=row[2],
        site=row[3] or None,  # as of ratings: the scope alone writes it as no text
        business_date=row[4],
        stage=row[5],
        state=row[6],
        department=row[7],
        window=row[8],
        employee_id=row[9],
        service_code=row[10],
        invited_ms=row[11],
        eligible=None if row[12] is None else bool(row[12]),
        unrated_reason=row[13],
        opened_ms=row[14],
        ended_ms=row[15],
        deadline_ms=row[16],
        amend_until_ms=row[17],
        estimated=bool(row[18]),
        provisional=bool(row[19]),
        followup_due_ms=row[20],
        rectify_due_ms=row[21],
        effective=None
        if event_id is None
        else EffectiveRating(event_id, level, origin),
    )


def listed(
    connection: apsw.Connection, wanted: SessionFilter, part: Slice
) -> Page[SessionDetail]:
    """Sessions with their ratings, the latest begun in the fold first."""
    conditions = Conditions()
    conditions.seek("x.session_id = ?", wanted.session)
    conditions.where("x.site = ?", wanted.site)
    conditions.where(of_site("x.site"), wanted.subtree)
    conditions.where("x.state = ?", wanted.state)
    conditions.among("x.device_no", device_numbers(connection, wanted.device))
    conditions.where(f"{_MOMENT} >= ?", wanted.from_ms)
    conditions.where(f"{_MOMENT} < ?", wanted.to_ms)
    listing = Listing(
        _SELECT, "session AS x", "x.no", lambda row: _detailed(connection, row)
    )
    return page(connection, listing, conditions, part)


def detail(connection: apsw.Connection, session_key: str) -> SessionDetail | None:
    for site, session_id, stage, n in _readings(session_key):
        for row in connection.execute(
            f"{_SELECT} WHERE x.session_id = ? AND x.site = ? AND x.stage = ?"
            " AND x.n = ?",
            (session_id, site, stage, n),
        ):
            return _detailed(connection, row)
    return None


def _detailed(connection: apsw.Connection, row: Columns) -> SessionDetail:
    places = ratings.with_default(row[22], row[23])
    return SessionDetail(_build(row), ratings.at(connection, places))


def number(connection: apsw.Connection, session_key: str) -> int | None:
    """The number of a session's row."""
    for site, session_id, stage, n in _readings(session_key):
        for (found,) in connection.execute(
            "SELECT no FROM session WHERE session_id = ? AND site = ? AND stage = ?"
            " AND n = ?",
            (session_id, site, stage, n),
        ):
            return int(found)
    return None


def keys(
    connection: apsw.Connection, session_id: str, subtree: str | None, limit: int
) -> list[str]:
    conditions = Conditions()
    conditions.where("x.session_id = ?", session_id)
    conditions.where(of_site("x.site"), subtree)
    rows = connection.execute(
        f"SELECT {SESSION_KEY} FROM session AS x WHERE {conditions.clause} LIMIT ?",
        (*conditions.values, limit),
    )
    return [key for (key,) in rows]


def _readings(session_key: str) -> Iterator[tuple[str, str, int, int]]:
    """Every (site, session_id, stage, n) written so: both names may hold colons."""
    scope, *numbers = session_key.rsplit(":", 2)
    if len(numbers) < len(("stage", "n")) or not all(map(str.isdecimal, numbers)):
        return
    stage, n = (int(number[:18]) for number in numbers)
    for at, letter in enumerate(scope):
        if letter == ":":
            yield scope[:at], scope[at + 1 :], stage, n
