"""Which state of a table somebody saw: another number once anything in it changed."""

from hashlib import sha256
from typing import Final

import apsw

from gateway.ledger.queries.inspections import PLANNED_AT
from gateway.ledger.queries.organisation import BELONGS
from gateway.reading.paging import Conditions

PLANS: Final = "inspection_plans"
"""The plans of inspections, beside the tables of the organisation."""

_BYTES: Final = 6  # fifteen digits at most, as an ETag has


def revision(connection: apsw.Connection, table: str, subtree: str | None) -> int:
    """A number made of all that a table says of a site and those below it.

    So nothing is kept for it, and who is bound to a site learns nothing of others.
    """
    conditions = Conditions()
    if table == PLANS:
        rows = "SELECT plan_id, data FROM inspection_plan"
        conditions.where(PLANNED_AT, subtree)
    else:
        rows = "SELECT key, data FROM registry_row"
        conditions.where("kind = ?", table)
        conditions.where(BELONGS[table], subtree)
    digest = sha256()
    for key, data in connection.execute(
        f"{rows} WHERE {conditions.clause} ORDER BY 1", conditions.values
    ):
        digest.update(f"{key}\0{data}\0".encode())
    return int.from_bytes(digest.digest()[:_BYTES])
