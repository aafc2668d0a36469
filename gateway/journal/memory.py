"""A journal in memory, for tests and simulated worlds; nothing of it is durable."""

from bisect import bisect_right
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext

from gateway import crashpoints
from gateway.clock import Clock
from gateway.journal.assembling import FIRST, Assembler
from gateway.journal.block import BlockCodec
from gateway.journal.blocktime import BlockClock
from gateway.journal.redacting import Change, Redacting
from gateway.journal.table import Redaction, Stored
from gateway.places import Place
from gateway.ports import Block, Header, Record
from gateway.sealing import Keyring


class MemoryJournal:
    """Both sides of a journal: keeps the sealed bodies, as the others do."""

    def __init__(self, clock: Clock, keyring: Keyring) -> None:
        self._codec = BlockCodec(keyring)
        block_clock = BlockClock(
            None, clock.wall_ms(), clock.monotonic_ms(), synchronised=lambda: False
        )
        self._assembler = Assembler(self._codec, clock, block_clock, FIRST)
        self._headers: list[Header] = []
        self._bodies: list[bytes] = []
        self._redacted: dict[int, bytes] = {}
        self._redacting = Redacting(self, self._assembler, clock)

    @property
    def head(self) -> Header | None:
        return self._assembler.head

    def append(self, records: Sequence[Record]) -> Header:
        header, body = self._assembler.assemble(records)
        crashpoints.reach("append.before")
        self.insert(header, body)
        self._assembler.committed(header)
        crashpoints.reach("append.after")
        return header

    def redact(self, places: Sequence[Place], change: Change) -> Header | None:
        """As `SqliteJournal.redact`."""
        return self._redacting.redact(places, change)

    def block(self, number: int) -> Stored | None:
        """A block as it is kept."""
        for header, body in zip(self._headers, self._bodies, strict=True):
            if header.number == number:
                return Stored(header, body, self._redacted.get(number))
        return None

    def replace_body(self, redaction: Redaction, body: bytes) -> None:
        """Put another body into a block."""
        at = [header.number for header in self._headers].index(redaction.block)
        self._bodies[at] = body
        self._redacted[redaction.block] = redaction.digest

    def insert(self, header: Header, body: bytes) -> None:
        """Keep a block."""
        self._headers.append(header)
        self._bodies.append(body)

    def transaction(self) -> AbstractContextManager[object]:
        """Nothing here fails half-way."""
        return nullcontext()

    @property
    def size_bytes(self) -> int:
        """What its blocks take."""
        return sum(map(len, self._bodies))

    def accept_clock(self) -> None:
        self._assembler.accept_clock()

    def prune(self, before: int, limit: int) -> int:
        """Drop at most `limit` blocks with numbers below `before`."""
        numbers = [header.number for header in self._headers]
        newest = self.last_number()
        count = min(limit, bisect_right(numbers, min(before, newest) - 1))
        del self._headers[:count], self._bodies[:count]
        return count

    def blocks(self, after: int, limit: int) -> list[Block]:
        numbers = [header.number for header in self._headers]
        first = bisect_right(numbers, after)
        chosen = slice(first, first + limit)
        return [
            Block(
                header,
                self._codec.records(header, body, self._redacted.get(header.number)),
            )
            for header, body in zip(
                self._headers[chosen], self._bodies[chosen], strict=True
            )
        ]

    def last_number(self) -> int:
        return self.head.number if self.head else 0
