"""Follow-ups and complaints as readers see them, on the journal's time."""

from typing import Final

import apsw

from gateway.ledger.queries.names import SESSION_KEY, SESSION_NUMBER
from gateway.ledger.queries.organisation import binding_numbers
from gateway.ledger.queries.ratings import place_of
from gateway.queries.asking import Page, Slice
from gateway.queries.duties import DutyFilter, DutyRow, TakenEvent
from gateway.reading.paging import Columns, Conditions, Listing, page

_NOW: Final = "(SELECT value FROM state WHERE name = 'now_ms')"
_ANSWERED: Final = "coalesce(o.contacted_ms, o.fixed_ms, o.confirmed_ms)"
_MENDED: Final = "coalesce(o.fixed_ms, o.confirmed_ms)"
_OVERDUE: Final = f"""(({_ANSWERED} IS NULL AND o.due_ms <= {_NOW})
    OR ({_MENDED} IS NULL AND o.rectify_due_ms <= {_NOW}))"""
_STATE: Final = f"""CASE WHEN o.closed THEN 'closed' WHEN coalesce({_OVERDUE}, 0)
    THEN 'overdue' ELSE 'due' END"""
_SHARED: Final = f"""o.since_ms, o.due_ms, o.rectify_due_ms, o.contacted_ms,
    o.fixed_ms, o.confirmed_ms, {_STATE}"""
_FOLLOWUPS: Final = f"""
SELECT o.place, o.subject, d.device_id, s.site, s.department, s.window, r.employee_id,
    {SESSION_NUMBER}, r.level, NULL, {_SHARED}
FROM duty AS o
JOIN rating AS r ON r.place = o.place
JOIN binding AS s ON s.no = r.binding
JOIN device AS d ON d.no = r.device_no
LEFT JOIN session AS x ON x.no = r.session_no
"""
_COMPLAINTS: Final = f"""
SELECT c.place, o.subject, d.device_id, s.site, s.department, s.window, c.employee_id,
    c.session_id, NULL, c.category, {_SHARED}
FROM complaint AS c
CROSS JOIN duty AS o ON o.place = c.place
JOIN binding AS s ON s.no = c.binding
JOIN device AS d ON d.no = c.device_no
"""
_WEIGHT: Final = 4  # each row's site is that of its rating, or complaint
_OPEN: Final = {"due", "overdue", "open"}


def _build(row: Columns) -> DutyRow:
    return DutyRow(**dict(zip(DutyRow.__struct_fields__, row[1:], strict=True)))


_LISTINGS: Final = {
    "followup": Listing(_FOLLOWUPS, "duty AS o", "o.place", _build, _WEIGHT),
    "complaint": Listing(_COMPLAINTS, "complaint AS c", "c.place", _build, _WEIGHT),
}


def listed(
    connection: apsw.Connection, wanted: DutyFilter, part: Slice
) -> Page[DutyRow]:
    """Duties, the newest first."""
    bindings = binding_numbers(connection, wanted.site, None, wanted.subtree)
    conditions = Conditions()
    conditions.where("o.kind = ?", wanted.kind)
    if wanted.state is not None:
        conditions.where("o.closed = ?", wanted.state not in _OPEN)
    if wanted.state in {"due", "overdue"}:
        conditions.where(f"{_STATE} = ?", wanted.state)
    conditions.among("s.no", bindings)
    return page(connection, _LISTINGS[wanted.kind], conditions, part)


def one(connection: apsw.Connection, kind: str, subject: str) -> DutyRow | None:
    """A duty by what it is about; a rating's as long as its identity is kept."""
    if kind == "followup":
        device_id, _, event_id = subject.partition(":")
        where = "o.place = ?"
        value: int | str | None = place_of(connection, device_id, event_id)
    else:
        where, value = "c.complaint_id = ?", subject
    select = _LISTINGS[kind].select
    for row in connection.execute(
        f"{select} WHERE o.kind = ? AND {where}", (kind, value)
    ):
        return _build(row)
    return None


def taken_event(connection: apsw.Connection, place: int) -> TakenEvent | None:
    """What a session event of this place became part of."""
    for key, state in connection.execute(
        f"SELECT {SESSION_KEY}, x.state FROM session_event AS e"
        " JOIN session AS x ON x.no = e.session_no WHERE e.place = ?",
        (place,),
    ):
        return TakenEvent(place, key, state)
    return None
