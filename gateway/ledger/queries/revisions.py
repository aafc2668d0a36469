"""Which state of a table somebody saw: another number once anything in it changed."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Final

import apsw

PLANS: Final = "inspection_plans"
"""The plans of inspections, beside the tables of the organisation."""

_ROWS: Final = "SELECT key, data FROM registry_row WHERE kind = ? ORDER BY key"
_OTHER_ROWS: Final[Mapping[str, str]] = {
    PLANS: "SELECT plan_id, data FROM inspection_plan WHERE ? <> '' ORDER BY plan_id",
}
_BYTES: Final = 6  # fifteen digits at most, as an ETag has


def revision(connection: apsw.Connection, table: str) -> int:
    """A number made of all that a table says, so that nothing is kept for it."""
    digest = sha256()
    for row in connection.execute(_OTHER_ROWS.get(table, _ROWS), (table,)):
        digest.update("\0".join([*map(str, row), ""]).encode())
    return int.from_bytes(digest.digest()[:_BYTES])
