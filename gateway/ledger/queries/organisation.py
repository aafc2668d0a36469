"""Sites and what belongs to them, as readers see them."""

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Final

import apsw

from gateway.queries.asking import Page, Slice
from gateway.reading.paging import Conditions, cut

BELOW: Final = """
WITH RECURSIVE below (id) AS (
    SELECT ? UNION
    SELECT r.key FROM registry_row AS r, below
    WHERE r.kind = 'sites' AND r.data ->> '$.parent' = below.id
) SELECT id FROM below
"""
_WINDOWS: Final = f"""
SELECT key FROM registry_row WHERE kind = 'windows' AND data ->> '$.site' IN ({BELOW})
"""
BELONGS: Final[Mapping[str, str]] = {
    "sites": f"key IN ({BELOW})",
    "departments": f"data ->> '$.site' IN ({BELOW})",
    "windows": f"data ->> '$.site' IN ({BELOW})",
    "closures": f"data ->> '$.site' IN ({BELOW})",
    "bindings": f"data ->> '$.window' IN ({_WINDOWS})",
    "employees": "key IN (SELECT data ->> '$.employee' FROM registry_row"
    f" WHERE kind = 'bindings' AND data ->> '$.window' IN ({_WINDOWS}))",
}
"""What of each table belongs to a site; its one `?` is the site."""
_LISTED: Final = """
SELECT key, data ->> '$.site' FROM registry_row
WHERE kind = 'windows' AND key IN (SELECT value FROM json_each(?))
"""
_STAND: Final = """
SELECT DISTINCT window, site FROM device
WHERE site IS NOT NULL AND window IN (SELECT value FROM json_each(?))
"""

_MET: Final[Mapping[str, str]] = {
    "sites": "SELECT site, site FROM device UNION ALL SELECT site, site FROM binding",
    "departments": "SELECT department, site FROM binding UNION ALL"
    " SELECT data ->> '$.department', data ->> '$.site' FROM registry_row"
    " WHERE kind = 'windows'",
    "windows": "SELECT window, site FROM device"
    " UNION ALL SELECT window, site FROM binding",
    "employees": "SELECT k.employee, b.site FROM figure_key AS k"
    " JOIN binding AS b ON b.no = k.binding",
    "devices": "SELECT device_id, site FROM device",
}
"""What has come up, with its site, whether a table lists it or not."""


def of_site(column: str) -> str:
    """A condition: the column names the site `?` or one below it."""
    return f"{column} IN ({BELOW})"


def within(connection: apsw.Connection, site: str | None, subtree: str) -> bool:
    found = connection.execute(f"SELECT ? IN ({BELOW})", (site, subtree)).fetchone()
    return bool(found and found[0])


def below(connection: apsw.Connection, subtree: str) -> frozenset[str]:
    return frozenset(site for (site,) in connection.execute(BELOW, (subtree,)))


def is_known(
    connection: apsw.Connection, table: str, key: str, subtree: str | None
) -> bool:
    """Whether a table lists something, or it has come up, at a site or below it."""
    listed, met = Conditions(), Conditions()
    listed.where("kind = ?", table)
    listed.where("key = ?", key)
    met.where("name = ?", key)
    if table in BELONGS:
        listed.where(BELONGS[table], subtree)
    met.where(of_site("site"), subtree)
    found = connection.execute(
        f"WITH met(name, site) AS ({_MET[table]})"
        f" SELECT EXISTS (SELECT 1 FROM registry_row WHERE {listed.clause})"
        f" OR EXISTS (SELECT 1 FROM met WHERE {met.clause})",
        (*listed.values, *met.values),
    ).get
    return bool(found)


def device_numbers(
    connection: apsw.Connection, device_id: str | None
) -> list[int] | None:
    """The number of a device, none of one that is not known; None: any will do."""
    conditions = Conditions()
    conditions.where("device_id = ?", device_id)
    return _numbers(connection, "device", conditions)


def binding_numbers(
    connection: apsw.Connection,
    site: str | None,
    department: str | None,
    subtree: str | None,
    window: str | None = None,
) -> list[int] | None:
    """The numbers of the bindings there; None: any will do."""
    conditions = Conditions()
    conditions.where("site = ?", site)
    conditions.where("department = ?", department)
    conditions.where("window = ?", window)
    conditions.where(of_site("site"), subtree)
    return _numbers(connection, "binding", conditions)


def _numbers(
    connection: apsw.Connection, table: str, conditions: Conditions
) -> list[int] | None:
    if not conditions.values:
        return None
    rows = connection.execute(
        f"SELECT no FROM {table} WHERE {conditions.clause}", conditions.values
    )
    return [no for (no,) in rows]


def registry(
    connection: apsw.Connection,
    table: str,
    part: Slice,
    subtree: str | None,
    keys: Sequence[str] | None = None,
) -> Page[dict[str, str | None]]:
    """Rows in the order of their keys, which are the cursors."""
    conditions = Conditions()
    conditions.where("kind = ?", table)
    asked = None if keys is None else json.dumps(keys)
    conditions.where("key IN (SELECT value FROM json_each(?))", asked)
    conditions.where(BELONGS[table], subtree)
    conditions.where("key > ?", part.cursor)
    rows = connection.execute(
        f"SELECT key, data FROM registry_row WHERE {conditions.clause}"
        " ORDER BY key LIMIT ?",
        (*conditions.values, part.limit + 1),
    )
    return cut(rows, part, lambda row: json.loads(row[1]))


def registry_row(
    connection: apsw.Connection, table: str, key: str
) -> dict[str, str | None] | None:
    for (data,) in connection.execute(
        "SELECT data FROM registry_row WHERE kind = ? AND key = ?", (table, key)
    ):
        row: dict[str, str | None] = json.loads(data)
        return row
    return None


def window_sites(
    connection: apsw.Connection, windows: Collection[str]
) -> dict[str, frozenset[str]]:
    """Its own site; of one that no table names, those of the terminals there."""
    names = (json.dumps([*windows]),)
    stand: dict[str, set[str]] = {}
    for window, site in connection.execute(_STAND, names):
        stand.setdefault(window, set()).add(site)
    for window, site in connection.execute(_LISTED, names):
        stand[window] = {site} if site else set()
    return {window: frozenset(sites) for window, sites in stand.items()}
