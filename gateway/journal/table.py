"""All of the journal's SQL: the table of blocks and the few facts beside it."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Final, NamedTuple

import apsw

from gateway import migrations
from gateway.ports import Header

BUSY_MS_MAX: Final = 5_000
CHECKPOINT_BUSY_MS_MAX: Final = 100
PAGE_BYTES: Final = 4_096
CHECKPOINT_PAGES: Final = 2_048  # 8 MiB: some 10 ms of copying a step
_COLUMNS: Final = (
    "number, generation, first_message, messages, records, appended_ms, flags,"
    " key_id, digest, chain"
)
_DEFINITIONS: Final = """
  generation INTEGER NOT NULL, first_message INTEGER NOT NULL,
  messages INTEGER NOT NULL, records INTEGER NOT NULL, appended_ms INTEGER NOT NULL,
  flags INTEGER NOT NULL, key_id INTEGER NOT NULL,
  digest BLOB NOT NULL, chain BLOB NOT NULL"""
MIGRATIONS: Final = (
    # The body stands last: reading headers alone never touches its pages. `anchor`
    # is the header of the newest pruned block: the chain of the rest hangs on it.
    f"""
    CREATE TABLE block (number INTEGER PRIMARY KEY, {_DEFINITIONS},
      body BLOB NOT NULL) STRICT;
    CREATE TABLE anchor (number INTEGER PRIMARY KEY, {_DEFINITIONS}) STRICT;
    CREATE TABLE journal (generation INTEGER NOT NULL) STRICT;
    INSERT INTO journal VALUES (1);
    """,  # noqa: S608 - constants only
    # The digest of the body that stands in the place of the header's, and the block
    # whose record says so.
    """
    CREATE TABLE redaction (block INTEGER PRIMARY KEY, digest BLOB NOT NULL,
      told INTEGER NOT NULL) STRICT;
    """,
)
_INSERT: Final = f"INSERT INTO block ({_COLUMNS}, body) VALUES (?,?,?,?,?,?,?,?,?,?,?)"  # noqa: S608 - constants only
_NAMED: Final = ", ".join(f"block.{name.strip()}" for name in _COLUMNS.split(","))
_BODIES: Final = (
    f"SELECT {_NAMED}, body, redaction.digest FROM block"  # noqa: S608 - constants only
    " LEFT JOIN redaction ON redaction.block = number"
)
_ROWS: Final = f"{_BODIES} WHERE number > ? ORDER BY number LIMIT ?"
_BODY: Final = f"{_BODIES} WHERE number = ?"
_SCAN: Final = f"SELECT {_COLUMNS}, body FROM block ORDER BY number"  # noqa: S608 - constants only
_SCAN_BACK: Final = f"{_SCAN} DESC"
_HEADERS: Final = f"SELECT {_COLUMNS} FROM block WHERE number > ? ORDER BY number"  # noqa: S608 - constants only
_AT: Final = f"SELECT {_COLUMNS} FROM block WHERE number = ?"  # noqa: S608 - constants only
_NEWEST: Final = f"SELECT {_COLUMNS} FROM block ORDER BY number DESC LIMIT 1"  # noqa: S608 - constants only
_MESSAGES: Final = (
    "SELECT coalesce(sum(messages), 0) FROM block WHERE number > ? AND number <= ?"
)
_OLDEST: Final = "SELECT number, appended_ms FROM block ORDER BY number LIMIT ?"
_ANCHOR: Final = f"SELECT {_COLUMNS} FROM anchor"  # noqa: S608 - constants only
_DROP_ANCHOR: Final = (
    "DELETE FROM anchor WHERE EXISTS (SELECT 1 FROM block WHERE number < :before)"
)
_ANCHOR_INSERT: Final = f"INSERT INTO anchor ({_COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?,?)"  # noqa: S608 - constants only
_REDACTIONS: Final = "SELECT block, digest, told FROM redaction ORDER BY block"
_REDACT: Final = "INSERT OR REPLACE INTO redaction VALUES (?, ?, ?)"
_PRUNE_REDACTIONS: Final = (
    "DELETE FROM redaction WHERE block <= (SELECT number FROM anchor)"
)
_PRUNE: Final = "DELETE FROM block WHERE number <= (SELECT number FROM anchor)"
_SET_ANCHOR: Final = f"""
INSERT INTO anchor SELECT {_COLUMNS} FROM block
WHERE number IN (SELECT number FROM block WHERE number < :before
                 ORDER BY number LIMIT :limit)
ORDER BY number DESC LIMIT 1"""  # noqa: S608 - constants only


class Stored(NamedTuple):
    """A block as it stands: `digest` is that of a redacted body, else None."""

    header: Header
    body: bytes
    digest: bytes | None


class Redaction(NamedTuple):
    """Block `block` has another body, of `digest`; a record in block `told` says so."""

    block: int
    digest: bytes
    told: int


class DisorderError(Exception):
    """The engine gave blocks out of order: its file is damaged."""


class BlockTable:
    """Rows of one connection; every method is one short transaction."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        self._log_pages = 0
        self._checkpoint_at_pages = CHECKPOINT_PAGES

    @classmethod
    def reading(cls, path: Path) -> "BlockTable":
        connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
        connection.set_busy_timeout(BUSY_MS_MAX)
        return cls(connection)

    @classmethod
    def salvaging(cls, path: Path) -> "BlockTable":
        """Open a damaged file, even one shorter than it says."""
        connection = apsw.Connection(str(path))
        connection.pragma("writable_schema", True)  # noqa: FBT003 - a pragma's value
        return cls(connection)

    @classmethod
    def writing(
        cls, path: Path, synchronous: str, vfs: str | None = None
    ) -> "BlockTable":
        """Open for writing: create, migrate, recover what is in the log."""
        connection = apsw.Connection(str(path), vfs=vfs)
        connection.set_busy_timeout(BUSY_MS_MAX)
        connection.pragma("page_size", PAGE_BYTES)
        connection.pragma("journal_mode", "wal")
        connection.pragma("synchronous", synchronous)
        connection.pragma("secure_delete", True)  # noqa: FBT003 - a pragma's value
        migrations.apply(connection, MIGRATIONS)
        # What an earlier process failed to sync may seem whole: write it all anew.
        with suppress(apsw.BusyError):
            connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
        table = cls(connection)
        connection.set_wal_hook(table._log_grown)  # replaces automatic checkpoints
        return table

    @property
    def log_bytes(self) -> int:
        """The size of the write-ahead log."""
        return self._log_pages * PAGE_BYTES

    def checkpoint_when_due(self) -> None:
        """Copy the log into the file when it has grown by a step, so that it restarts.

        A reader in the middle of a transaction may keep the log from restarting; past
        four steps its end is waited for, a moment. A full disk only postpones this.
        """
        if self._log_pages < self._checkpoint_at_pages:
            return
        mode = apsw.SQLITE_CHECKPOINT_PASSIVE
        if self._log_pages >= 4 * CHECKPOINT_PAGES:
            mode = apsw.SQLITE_CHECKPOINT_RESTART
        self._connection.set_busy_timeout(CHECKPOINT_BUSY_MS_MAX)
        with suppress(apsw.FullError, apsw.BusyError):
            self._connection.wal_checkpoint(mode=mode)
        self._connection.set_busy_timeout(BUSY_MS_MAX)
        self._checkpoint_at_pages = self._log_pages + CHECKPOINT_PAGES

    def _log_grown(self, _: apsw.Connection, __: str, pages: int) -> int:
        if pages < self._log_pages:  # the log restarted
            self._checkpoint_at_pages = CHECKPOINT_PAGES
        self._log_pages = pages
        return apsw.SQLITE_OK

    def insert(self, header: Header, body: bytes) -> None:
        self._connection.execute(_INSERT, (*_fields(header), body))

    def block(self, number: int) -> Stored | None:
        for *fields, body, digest in self._connection.execute(_BODY, (number,)):
            return Stored(Header(*fields), body, digest)
        return None

    def replace_body(self, redaction: Redaction, body: bytes) -> None:
        """Put another body into a block; its header stays as it is."""
        self._connection.execute(
            "UPDATE block SET body = ? WHERE number = ?", (body, redaction.block)
        )
        self.note_redaction(redaction)

    def note_redaction(self, redaction: Redaction) -> None:
        self._connection.execute(_REDACT, redaction)

    def redactions(self) -> list[Redaction]:
        return [Redaction(*row) for row in self._connection.execute(_REDACTIONS)]

    def forget_log(self) -> bool:
        """Leave nothing overwritten in the log; False: somebody reads in it."""
        self._connection.set_busy_timeout(CHECKPOINT_BUSY_MS_MAX)
        try:
            self._connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
        except (apsw.FullError, apsw.BusyError):
            return False
        finally:
            self._connection.set_busy_timeout(BUSY_MS_MAX)
        return True

    def rows(self, after: int, limit: int, bytes_max: int) -> list[Stored]:
        """Blocks above `after`, at least one if there is any, until a bound is met."""
        chosen, size_bytes = [], 0
        cursor = self._connection.execute(_ROWS, (after, limit))
        for *fields, body, digest in cursor:
            chosen.append(Stored(Header(*fields), body, digest))
            size_bytes += len(body)
            if size_bytes >= bytes_max:
                cursor.close()
                break
        return chosen

    def headers(self, after: int = 0) -> Iterator[Header]:
        """All headers above `after`, from one read transaction."""
        last = after
        for fields in self._connection.execute(_HEADERS, (after,)):
            header = Header(*fields)
            if header.number <= last:
                raise DisorderError(f"block {header.number} follows {last}")
            last = header.number
            yield header

    def scan(self, *, backwards: bool = False) -> Iterator[tuple[Header, bytes]]:
        """All blocks, for salvage: as far as they can be read."""
        query = _SCAN_BACK if backwards else _SCAN
        for *fields, body in self._connection.execute(query):
            yield Header(*fields), body

    def set_anchor(self, header: Header) -> None:
        """The chain of this table's blocks begins after `header`."""
        self._connection.execute(_ANCHOR_INSERT, _fields(header))

    def set_generation(self, generation: int) -> None:
        self._connection.execute("UPDATE journal SET generation = ?", (generation,))

    def header(self, number: int) -> Header | None:
        return self._one(_AT, (number,))

    def newest(self) -> Header | None:
        return self._one(_NEWEST)

    def anchor(self) -> Header | None:
        """The newest pruned header."""
        return self._one(_ANCHOR)

    def last_number(self) -> int:
        number = self._connection.execute("SELECT max(number) FROM block").get
        return number or 0

    def generation(self) -> int:
        generation = self._connection.execute("SELECT generation FROM journal").get
        assert isinstance(generation, int)
        return generation

    def messages(self, after: int, last: int) -> int:
        """The messages of blocks above `after` and up to `last`, by their headers."""
        total = self._connection.execute(_MESSAGES, (after, last)).get
        assert isinstance(total, int)
        return total

    def expired(self, before: int, appended_before_ms: int, limit: int) -> int:
        """The first number to keep, of the `limit` oldest blocks at most.

        Below it all blocks are below `before` and older than `appended_before_ms`.
        """
        first = 0
        for number, appended_ms in self._connection.execute(_OLDEST, (limit,)):
            if number >= before or appended_ms >= appended_before_ms:
                return int(number)
            first = number + 1
        return first

    def prune(self, before: int, limit: int) -> int:
        """Delete the oldest blocks below `before`, at most `limit`; how many."""
        bounds = {"before": before, "limit": limit}
        with self._connection:
            self._connection.execute(_DROP_ANCHOR, bounds)
            self._connection.execute(_SET_ANCHOR, bounds)
            self.drop_to_anchor()
            pruned = self._connection.changes()
        return pruned  # noqa: RET504 -- once it is committed

    def drop_to_anchor(self) -> None:
        """Delete the blocks that the anchor stands for."""
        self._connection.execute(_PRUNE_REDACTIONS)
        self._connection.execute(_PRUNE)

    def transaction(self) -> AbstractContextManager[object]:
        """All of several writes, or none."""
        return self._connection

    def snapshot(self) -> AbstractContextManager[object]:
        """One read transaction around several reads."""
        return self._connection

    def abandon(self) -> None:
        """From now on write nothing, not even when closing."""
        self._connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)

    def close(self) -> None:
        self._connection.close()

    def _one(self, query: str, values: tuple[int, ...] = ()) -> Header | None:
        fields = self._connection.execute(query, values).get
        return Header(*fields) if fields else None


def is_full(error: apsw.Error) -> bool:
    """Whether the disk is full, rather than broken."""
    result = getattr(error, "extendedresult", None)
    return isinstance(error, apsw.FullError) or result == apsw.SQLITE_IOERR_SHMSIZE


def _fields(header: Header) -> tuple[int | bytes, ...]:
    return (
        header.number,
        header.generation,
        header.first_message,
        header.messages,
        header.records,
        header.appended_ms,
        header.flags,
        header.key_id,
        header.digest,
        header.chain,
    )
