"""The journal in SQLite: one row a block, one synced transaction an append.

WAL with `synchronous=FULL`: NORMAL returns before the log is on the disk, and loses
acknowledged blocks in a power cut.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import apsw

from gateway import crashpoints
from gateway.clock import Clock
from gateway.errors import DiskFullError, JournalBrokenError, PermanentError
from gateway.journal.assembling import Assembler
from gateway.journal.block import BlockCodec
from gateway.journal.mark import HighWaterMark
from gateway.journal.redacting import Change, Redacting
from gateway.journal.reserve import Reserve
from gateway.journal.table import BlockTable
from gateway.places import Place
from gateway.ports import Block, Header, Record
from gateway.sealing import Keyring

SYNCHRONOUS: Final = "FULL"
READ_BYTES_MAX: Final = 32 << 20


class SqliteJournal:
    """The writing side; one process, one call at a time, from any thread."""

    def __init__(
        self,
        table: BlockTable,
        assembler: Assembler,
        mark: HighWaterMark,
        reserve: Reserve,
        clock: Clock,
    ) -> None:
        self._table = table
        self._assembler = assembler
        self._mark = mark
        self._reserve = reserve
        self._clock = clock
        self._redacting = Redacting(table, assembler, clock)
        self.full = False
        self.broken = False

    @property
    def head(self) -> Header | None:
        return self._assembler.head

    @property
    def log_bytes(self) -> int:
        """The size of the engine's log: what a stuck reader makes grow."""
        return self._table.log_bytes

    def append(self, records: Sequence[Record]) -> Header:
        if self.broken:
            raise JournalBrokenError("the journal's disk failed before")
        header, body = self._assembler.assemble(records)
        crashpoints.reach("append.before")
        self._insert(header, body)
        self._assembler.committed(header)
        self._follow(header)
        crashpoints.reach("append.after")
        return header

    def accept_clock(self) -> None:
        """Believe the wall clock as it is now."""
        self._assembler.accept_clock()

    def prune(
        self, before: int, limit: int, appended_before_ms: int | None = None
    ) -> int:
        """Delete at most `limit` blocks below `before`, never the newest; how many.

        Of these, only what is older than `appended_before_ms`, when it is given. The
        chain keeps its anchor. Call it in portions: appends wait meanwhile.

        Raises:
            DiskFullError: nothing was deleted.
            JournalBrokenError: end this process, acknowledge nothing.

        """
        try:
            if appended_before_ms is not None:
                before = self._table.expired(before, appended_before_ms, limit)
            crashpoints.reach("prune.before")
            pruned = self._table.prune(min(before, self._table.last_number()), limit)
        except apsw.FullError as error:
            raise DiskFullError("no space to prune the journal") from error
        except apsw.Error as error:
            raise self._break("pruning the journal", error) from error
        crashpoints.reach("prune.after")
        return pruned

    def redact(self, places: Sequence[Place], change: Change) -> Header | None:
        """Rewrite the blocks that hold these records, and record that they were.

        See `gateway.journal.redacting`. None: there was nothing to do.

        Raises:
            DiskFullError: nothing was changed.
            JournalBrokenError: end this process, acknowledge nothing.

        """
        if self.broken:
            raise JournalBrokenError("the journal's disk failed before")
        try:
            header = self._redacting.redact(places, change)
        except apsw.FullError as error:
            raise DiskFullError("no space to redact the journal") from error
        except apsw.Error as error:
            raise self._break("redacting the journal", error) from error
        if header is not None:
            self._follow(header)
        return header

    def forget_log(self) -> bool:
        """Leave no overwritten body in the engine's log; False: try again later.

        Raises:
            JournalBrokenError: end this process, acknowledge nothing.

        """
        try:
            return self._table.forget_log()
        except apsw.Error as error:
            raise self._break("emptying the journal's log", error) from error

    def free_reserve(self) -> None:
        """Let an orderly stop write its last blocks on a full disk."""
        self._reserve.free()

    def close(self) -> None:
        """Bring the mark level and fold the engine's log into its file.

        Nothing is written where the disk failed: the engine would take what it
        failed to sync for synced.
        """
        if self.full:
            self._reserve.free()
        try:
            if self.head and not self.broken:
                self._mark.write(self.head)
            self._table.close()
        except (apsw.Error, OSError) as error:
            raise JournalBrokenError(f"closing the journal: {error}") from error
        finally:
            self._mark.close()

    def _break(self, what: str, error: Exception) -> JournalBrokenError:
        """The disk failed: this process never writes to it again."""
        self.broken = True
        self._table.abandon()
        return JournalBrokenError(f"{what}: {error}")

    def _insert(self, header: Header, body: bytes) -> None:
        try:
            self._table.insert(header, body)
        except apsw.FullError as error:  # rolled back by the engine: nothing is kept
            self.full = True
            raise DiskFullError("the journal's disk is full") from error
        except apsw.Error as error:
            raise self._break("appending to the journal", error) from error
        if self.full:
            self.full = not self._reserve.hold()

    def _follow(self, header: Header) -> None:
        """The block is durable: what now fails costs no record."""
        try:
            self._mark.advance(header, self._clock.monotonic_ms())
            self._table.checkpoint_when_due()
        except (apsw.Error, OSError) as error:
            raise self._break("after an append to the journal", error) from error


class SqliteJournalReader:
    """The reading side, for any process: short transactions, nothing kept."""

    def __init__(self, table: BlockTable, codec: BlockCodec) -> None:
        self._table = table
        self._codec = codec

    @classmethod
    def open(cls, path: Path, keyring: Keyring) -> "SqliteJournalReader":
        """The journal at `path`.

        Raises:
            PermanentError: there is none, or it cannot be read.

        """
        try:
            return cls(BlockTable.reading(path), BlockCodec(keyring))
        except apsw.Error as error:
            raise PermanentError(f"{path}: cannot read the journal: {error}") from error

    def blocks(self, after: int, limit: int) -> list[Block]:
        """Blocks above `after`: at most `limit`, and some 32 MiB.

        Raises:
            JournalBrokenError: unreadable, or out of order; `verify` says more.

        """
        try:
            rows = self._table.rows(after, limit, READ_BYTES_MAX)
        except apsw.InterruptError:  # asked for: nothing is broken
            raise
        except (apsw.Error, TypeError) as error:
            raise JournalBrokenError(f"reading the journal: {error}") from error
        last = after
        for header, _, _ in rows:
            if header.number <= last:
                raise JournalBrokenError(f"block {header.number} follows {last}")
            last = header.number
        records = self._codec.records
        return [Block(row.header, records(*row)) for row in rows]

    def last_number(self) -> int:
        try:
            return self._table.last_number()
        except apsw.Error as error:
            raise JournalBrokenError(f"reading the journal: {error}") from error

    def close(self) -> None:
        self._table.close()
