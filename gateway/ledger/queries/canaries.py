"""How presses of ghosts arrive."""

import apsw

from gateway.queries.canaries import CanaryRow


def listed(connection: apsw.Connection) -> list[CanaryRow]:
    """By site, the journal first."""
    columns = ", ".join(CanaryRow._fields)
    rows = connection.execute(f"SELECT {columns} FROM canary ORDER BY site, sink")
    return [CanaryRow(*row) for row in rows]
