"""What the ids of a report are called: names for people who read it."""

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from gateway.queries import LedgerQueries
from gateway.queries.asking import Slice

TABLES: Final[Mapping[str, str]] = {
    "site": "sites",
    "department": "departments",
    "window": "windows",
    "employee": "employees",
}
"""The table that has the ids of a dimension."""


class Named(NamedTuple):
    """What people read, and the id on hover that programs know it by."""

    name: str
    id: str


def names_of(
    ledger: LedgerQueries, dimension: str, keys: Iterable[object], subtree: str | None
) -> dict[str, str]:
    """By id, of the keys of a dimension that have one and that the subtree may see."""
    asked = sorted({str(key) for key in keys if key is not None})
    table = TABLES.get(dimension)
    if table is None or not asked:
        return {}
    rows = ledger.registry(table, Slice(len(asked)), subtree, asked)
    told = ((it["id"], name_of(it)) for it in rows.items)
    return {str(key): name for key, name in told if name}


def name_of(row: Mapping[str, str | None]) -> str | None:
    """What a row of the organisation is called; None: by its id alone."""
    return row.get("name") or row.get("pseudonym")
