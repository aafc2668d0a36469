"""The journal as readers see it: `gateway.queries.journal` on SQLite."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import apsw

from gateway.journal.block import BlockCodec
from gateway.journal.looking import records_at, tail
from gateway.journal.sqlite import SqliteJournalReader
from gateway.journal.table import BlockTable
from gateway.places import Place
from gateway.ports import Header
from gateway.queries.asking import Page, Slice
from gateway.queries.journal import (
    Head,
    JournalExtent,
    JournalFigures,
    Kept,
    Mark,
    TailFilter,
)
from gateway.reading import Reader
from gateway.sealing import Keyring


class SqliteJournalQueries:
    """It needs no key: bodies stay sealed."""

    def __init__(self, reader: Reader, path: Path) -> None:
        self._read = reader.read
        self._paths = (path, path.with_name(f"{path.name}-wal"))

    def extent(self) -> JournalExtent:
        return JournalExtent(self._read(_newest), self._bytes())

    def figures(self) -> JournalFigures:
        return self._read(lambda connection: _figures(connection, self._bytes()))

    def received(self, block: int) -> int:
        return self._read(lambda connection: _received(connection, block))

    def _bytes(self) -> int:
        return sum(_bytes(path) for path in self._paths)


class SqliteJournalRecords:
    """`JournalRecords`: opens bodies with the keyring."""

    def __init__(self, reader: Reader, keyring: Keyring) -> None:
        self._read = reader.read
        self._keyring = keyring

    def at(self, places: Sequence[Place]) -> Mapping[Place, Kept]:
        return self._read(lambda connection: records_at(self._in(connection), places))

    def tail(self, wanted: TailFilter, part: Slice) -> Page[Kept]:
        def find(connection: apsw.Connection) -> Page[Kept]:
            newest = BlockTable(connection).last_number()
            if wanted.until_ms is not None:
                newest = _last_until(connection, newest, wanted.until_ms)
            return tail(self._in(connection), newest, wanted, part)

        return self._read(find)

    def _in(self, connection: apsw.Connection) -> SqliteJournalReader:
        return SqliteJournalReader(BlockTable(connection), BlockCodec(self._keyring))


def _newest(connection: apsw.Connection) -> int:
    return BlockTable(connection).last_number()


def _figures(connection: apsw.Connection, size: int) -> JournalFigures:
    table = BlockTable(connection)
    newest, anchor = table.newest(), table.anchor()
    oldest = next(table.headers(), None)
    last = newest or anchor
    return JournalFigures(
        messages=last.first_message + last.messages if last else 0,
        bytes=size,
        head=_head(newest) if newest else None,
        oldest=_mark(oldest) if oldest else None,
        pruned=_mark(anchor) if anchor else None,
        redacted=len(table.redactions()),
    )


def _head(header: Header) -> Head:
    chain = header.chain.hex()
    return Head(header.number, header.appended_ms, header.generation, chain)


def _mark(header: Header) -> Mark:
    return Mark(header.number, header.appended_ms)


def _last_until(connection: apsw.Connection, newest: int, until_ms: int) -> int:
    """The last block appended by then; times of blocks never go back."""
    low, high = 0, newest
    while low < high:
        middle = (low + high + 1) // 2
        ((appended_ms,),) = connection.execute(
            "SELECT appended_ms FROM block WHERE number >= ? ORDER BY number LIMIT 1",
            (middle,),
        )
        low, high = (middle, high) if appended_ms <= until_ms else (low, middle - 1)
    return low


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
