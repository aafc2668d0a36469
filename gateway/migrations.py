"""Numbered migrations of a SQLite store, each in a transaction of its own."""

from collections.abc import Sequence

import apsw

from gateway.errors import PermanentError


def apply(connection: apsw.Connection, steps: Sequence[str]) -> int:
    """Bring the schema to `len(steps)`; answers the number it had before.

    `steps[n]` is the SQL that leads from schema n to n + 1; a step that has been
    released never changes. The number is kept in `user_version`.

    Raises:
        PermanentError: the store was written by a newer version.

    """
    found = connection.pragma("user_version")
    assert isinstance(found, int)
    if found > len(steps):
        raise PermanentError(
            f"{connection.filename} has schema {found}, this version knows "
            f"{len(steps)}: install the version that wrote it, or a newer one"
        )
    for number in range(found, len(steps)):
        with connection:
            connection.execute(steps[number])
            connection.pragma("user_version", number + 1)
    return found
