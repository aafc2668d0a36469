"""Acts as who looks after them sees them."""

from typing import Final

import apsw

from gateway.queries.asking import Page, Slice
from gateway.queries.audit import AuditFilter, AuditRow
from gateway.reading.paging import Columns, Conditions, Listing, page

_SELECT: Final = "SELECT place, name, author, at_ms, coalesce(outcome, '{}') FROM act"

# What configuration put in force is somebody's doing, though nobody is named in it.
_PEOPLE: Final = r"(author IS NOT NULL OR name LIKE '%\_applied' ESCAPE '\') = ?"


def audited(
    connection: apsw.Connection, wanted: AuditFilter, part: Slice
) -> Page[AuditRow]:
    """Acts, the latest in the journal first."""
    conditions = Conditions()
    conditions.where("at_ms >= ?", wanted.from_ms)
    conditions.where("at_ms < ?", wanted.to_ms)
    conditions.where("author = ?", wanted.by)
    conditions.where("name = ?", wanted.kind)
    if not wanted.everything and wanted.kind is None:
        conditions.where(_PEOPLE, 1)
    return page(connection, _ACTS, conditions, part)


def _act(row: Columns) -> AuditRow:
    return AuditRow(**dict(zip(AuditRow.__struct_fields__, row, strict=True)))


_ACTS: Final = Listing(_SELECT, "act", "place", _act)
