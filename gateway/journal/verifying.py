"""Checking a journal that is being written: headers and bodies, in small steps."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from gateway.journal.block import is_body
from gateway.journal.damage import Damage, walk
from gateway.journal.table import BlockTable, Stored
from gateway.ports import Header

STEP_BLOCKS: Final = 256
STEP_BYTES: Final = 8 << 20


def damaged_bodies(table: BlockTable, after: int) -> Iterator[Damage]:
    """Bodies above `after` that are not what their headers promised."""
    while rows := table.rows(after, STEP_BLOCKS, STEP_BYTES):
        yield from _damaged(rows)
        after = rows[-1].header.number


class Verification:
    """One pass over a journal; `step` it until it is `done`. Needs no key."""

    def __init__(self, table: BlockTable) -> None:
        self._table = table
        self._last: Header | None = None
        self.blocks = 0
        self.done = False

    @classmethod
    def open(cls, path: Path) -> "Verification":
        return cls(BlockTable.reading(path))

    def step(self, limit: int = STEP_BLOCKS) -> list[Damage]:
        """Check at most `limit` more blocks."""
        with self._table.snapshot():
            anchor = self._table.anchor()
            if anchor and (self._last is None or self._last.number < anchor.number):
                self._last = anchor  # pruned meanwhile: the chain goes on from there
            after = self._last.number if self._last else 0
            rows = self._table.rows(after, limit, STEP_BYTES)
        damages = list(walk((row.header for row in rows), self._last))
        damages += _damaged(rows)
        self.blocks += len(rows)
        self.done = not rows
        if rows:
            self._last = rows[-1].header
        return damages

    def close(self) -> None:
        self._table.close()


def _damaged(rows: list[Stored]) -> Iterator[Damage]:
    for header, body, digest in rows:
        if not is_body(header, body, digest):
            yield Damage("body", header.number, header.number)
