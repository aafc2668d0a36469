"""A SQLite journal in a directory: written, damaged and opened again by tests."""

import json
from collections.abc import Sequence
from pathlib import Path

import apsw

from gateway.clock import SteppedClock
from gateway.journal.opening import Known, Opened, open_journal
from gateway.journal.sqlite import SqliteJournalReader
from gateway.ports import Block, Record, RecordKind
from gateway.sealing import Keyring

KEYRING = Keyring({1: bytes(32)})
START_MS = 1_795_000_000_000


def message(n: int, size: int = 8) -> Record:
    payload = (b"%d" % n).ljust(size, b".")
    return Record(RecordKind.MESSAGE.value, f"t/{n}", payload, START_MS + n)


class Directory:
    """Opens the journal as a start would; closes everything at the end."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.file = path / "journal.db"
        self.clock = SteppedClock(START_MS)
        self._opened: list[Opened] = []

    def open(
        self,
        known: Sequence[Known] = (),
        headers_after: int = 0,
        bodies_after: int = 0,
        vfs: str | None = None,
        keyring: Keyring = KEYRING,
    ) -> Opened:
        opened = open_journal(
            self.file,
            keyring,
            self.clock,
            known=known,
            headers_after=headers_after,
            bodies_after=bodies_after,
            synchronised=lambda: False,
            reserve_bytes=65_536,
            vfs=vfs,
        )
        self._opened.append(opened)
        return opened

    def close(self) -> None:
        """Stop in order."""
        while self._opened:
            self._opened.pop().journal.close()

    def write(self, blocks: int, size: int = 8) -> None:
        """Start, append so many blocks of one message, stop."""
        journal = self.open().journal
        for _ in range(blocks):
            number = journal.head.number + 1 if journal.head else 1
            journal.append([message(number, size)])
            self.clock.advance(10)
        self.close()

    def read(self) -> list[Block]:
        reader = SqliteJournalReader.open(self.file, KEYRING)
        blocks = reader.blocks(0, 100_000)
        reader.close()
        return blocks

    def sql(self, statement: str) -> None:
        """Do to the file what no version of the gateway does."""
        connection = apsw.Connection(str(self.file))
        connection.execute(statement)
        connection.close()


def acts(block: Block) -> list[tuple[str, dict[str, object]]]:
    assert block.records is not None
    return [(record.topic, json.loads(record.payload)) for record in block.records]
