"""The ledger's connection and its transactions; small tables that every fold needs."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import apsw

from gateway import migrations
from gateway.ledger.identities import Identities
from gateway.ledger.schema import MIGRATIONS

Row = tuple[Any, ...]

CACHE_KIB = 4 * 1024  # the rest is in the system's cache
PAGE_BYTES = 8 * 1024
WAL_PAGES = 8_000
"""The log holds 64 MiB: pages that change often are copied and synced once."""

OWNED = (
    # The writer's thread is the only one that uses it: a lock for each value that is
    # bound, and there are forty a rating, would keep nobody out.
    apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE | apsw.SQLITE_OPEN_NOMUTEX
)

BUSY_MS = 5_000
_FORGET_BUSY_MS = 100


def connect(path: Path) -> apsw.Connection:
    """A connection of the one writing process, migrated to the current schema.

    Never for two threads at a time.
    """
    connection = apsw.Connection(str(path), flags=OWNED)
    connection.set_busy_timeout(BUSY_MS)
    for pragma in (
        f"page_size = {PAGE_BYTES}",  # of a new file
        "journal_mode = WAL",
        # After a power cut it may lag the journal, never lead it: it folds again.
        "synchronous = NORMAL",
        f"cache_size = -{CACHE_KIB}",
        f"wal_autocheckpoint = {WAL_PAGES}",
        "temp_store = MEMORY",
        "secure_delete = ON",  # what is erased is overwritten, in free pages, too
    ):
        connection.execute(f"PRAGMA {pragma}")
    migrations.apply(connection, MIGRATIONS)
    return connection


class Store:
    """State that one process folds: one transaction for each call of `begin`."""

    def __init__(
        self, connection: apsw.Connection, identity_period_ms: int | None = None
    ) -> None:
        self.connection = connection
        self.identities = Identities(connection, identity_period_ms)
        self._cursor = connection.cursor()

    def begin(self) -> None:
        self._cursor.execute("BEGIN IMMEDIATE")

    def commit(self) -> None:
        self._cursor.execute("COMMIT")

    def rollback(self) -> None:
        if not self.connection.get_autocommit():
            self._cursor.execute("ROLLBACK")

    def forget_log(self) -> bool:
        """Leave nothing overwritten in the log; False: somebody reads in it."""
        self.connection.set_busy_timeout(_FORGET_BUSY_MS)
        try:
            self.connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
        except (apsw.BusyError, apsw.FullError):
            return False
        finally:
            self.connection.set_busy_timeout(BUSY_MS)
        return True

    def close(self) -> None:
        self.connection.close()

    def all(self, sql: str, values: Sequence[object] = ()) -> list[Row]:
        return list(self._cursor.execute(sql, values))

    def one(self, sql: str, values: Sequence[object] = ()) -> Row | None:
        return next(iter(self.all(sql, values)), None)

    def run(self, sql: str, values: Sequence[object] = ()) -> None:
        self._cursor.execute(sql, values)

    def many(self, sql: str, rows: Iterable[Sequence[object]]) -> None:
        self._cursor.executemany(sql, rows)

    def each(self, sql: str, rows: Iterable[Sequence[object]]) -> Iterator[Row]:
        """The rows that the statement gives for each of the bindings."""
        return iter(self._cursor.executemany(sql, rows))
