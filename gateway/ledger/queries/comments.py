"""Opinions as readers see them: sealed, beside the rating that they are about."""

import json
from typing import Final

import apsw

from gateway.ledger.queries import ratings
from gateway.ledger.queries.organisation import binding_numbers
from gateway.queries.asking import Page, Slice
from gateway.queries.comments import CommentFilter, CommentRow
from gateway.reading.paging import Columns, Conditions, Listing, page

_SELECT: Final = """
SELECT p.place, p.rating_id, r.details ->> '$.comment_for', d.device_id, b.site,
    b.department, b.window, r.level, r.details ->> '$.reasons', r.occurred_ms, p.key_id,
    p.sealed
FROM personal AS p JOIN rating AS r ON r.place = p.place
JOIN device AS d ON d.no = r.device_no JOIN binding AS b ON b.no = r.binding
"""
_WEIGHT: Final = 8  # each row is joined with its rating
_AT: Final = "p.place IN (SELECT value FROM json_each(?))"
_HAS_REASON: Final = """
r.details ->> '$.reasons' IS NOT NULL
AND EXISTS (SELECT 1 FROM json_each(r.details, '$.reasons') WHERE value = ?)
"""


def _build(row: Columns) -> CommentRow:
    own_id, about, device_id = row[1:4]
    if about is not None and ":" not in about:
        about = f"{device_id}:{about}"
    return CommentRow(
        own_id=own_id,
        rating_id=about or own_id,
        site=row[4],
        department=row[5],
        window=row[6],
        level=row[7],
        reasons=tuple(json.loads(row[8])) if row[8] else (),
        occurred_ms=row[9],
        key_id=row[10],
        sealed=row[11],
    )


_COMMENTS: Final = Listing(_SELECT, "personal AS p", "p.place", _build, _WEIGHT)


def listed(
    connection: apsw.Connection, wanted: CommentFilter, part: Slice
) -> Page[CommentRow]:
    """What customers said, in the order of the journal; contacts alone, too."""
    bindings = binding_numbers(
        connection, wanted.site, wanted.department, wanted.subtree
    )
    conditions = Conditions()
    conditions.where("r.occurred_ms >= ?", wanted.from_ms)
    conditions.where("r.occurred_ms < ?", wanted.to_ms)
    conditions.among("r.binding", bindings)
    conditions.where("r.level = ?", wanted.level)
    conditions.where(_HAS_REASON, wanted.reason)
    conditions.seek(_AT, _about(connection, wanted.rating_id))
    spans = ratings.where_pressed(connection, wanted.from_ms, wanted.to_ms)
    return page(connection, _COMMENTS, conditions, part, spans)


def _about(connection: apsw.Connection, rating_id: str | None) -> str | None:
    """A JSON array of where a rating's own comment lies, and those about it."""
    if rating_id is None:
        return None
    rows = connection.execute(
        "SELECT place FROM personal WHERE subject = ?", (rating_id,)
    )
    device_id, _, event_id = rating_id.partition(":")
    own = ratings.place_of(connection, device_id, event_id)
    return json.dumps([own, *(place for (place,) in rows)])


def unredacted(connection: apsw.Connection, subject: str) -> int:
    """How many records the journal still holds of what was erased with this."""
    count = connection.execute(
        "SELECT count(*) FROM erasure WHERE subject = ? AND redacted IS NULL",
        (subject,),
    ).get
    assert isinstance(count, int)
    return count
