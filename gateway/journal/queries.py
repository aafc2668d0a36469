"""The journal as readers see it: `gateway.queries.JournalQueries` on SQLite.

It needs no key: bodies stay sealed.
"""

from pathlib import Path

import apsw

from gateway.queries import JournalExtent
from gateway.reading import Reader


class SqliteJournalQueries:
    def __init__(self, reader: Reader, path: Path) -> None:
        self._read = reader.read
        self._paths = (path, path.with_name(f"{path.name}-wal"))

    def extent(self) -> JournalExtent:
        size = sum(_bytes(path) for path in self._paths)
        return JournalExtent(self._read(_newest), size)

    def received(self, block: int) -> int:
        return self._read(lambda connection: _received(connection, block))


def _newest(connection: apsw.Connection) -> int:
    ((number,),) = connection.execute("SELECT coalesce(max(number), 0) FROM block")
    assert isinstance(number, int)
    return number


def _received(connection: apsw.Connection, block: int) -> int:
    """From the newest header up to `block`; of pruned blocks the anchor knows."""
    for table in ("block", "anchor"):
        for (messages,) in connection.execute(
            f"SELECT first_message + messages FROM {table}"  # noqa: S608 -- our tables
            " WHERE number <= ? ORDER BY number DESC LIMIT 1",
            (block,),
        ):
            return int(messages)
    return 0


def _bytes(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
