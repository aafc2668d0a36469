"""The outbox as lanes read it: one reader, a few newest rows kept for all."""

from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Mapping
from typing import Final

from gateway.delivery.slots import Position
from gateway.events import Terms
from gateway.events.terms import by_name
from gateway.ports import Outbox, OutboxRow, SinkSince

ROWS_READ_MAX: Final = 4
ROWS_KEPT_MAX: Final = 32
ROWS_COUNTED_MAX: Final = 100
UNITS_KEPT_MAX: Final = 8_000  # some 8 MB


class Feed:
    """Rows in order; lanes that keep pace read each of them once, together.

    New rows are read when a lane asks for them; each is shown to `passed` first. A
    row is let go when all lanes have read it: memory that is used again at once is
    still in the processor's cache, which halves the cost of an event. A lane that is
    far behind reads its rows alone and keeps them from nobody.
    """

    def __init__(
        self, outbox: Outbox, head: int, passed: Callable[[OutboxRow], None]
    ) -> None:
        self._outbox = outbox
        self._passed = passed
        self._head = head  # the next block to read
        self._kept: deque[OutboxRow] = deque()
        self._kept_from = head
        self._kept_units = 0
        self._readers: dict[str, int] = {}
        self._sinks: list[SinkSince] = []
        self._terms: dict[str, Terms] = {}
        self._kinds: dict[str, str] = {}
        self.exhausted = False
        self.learn()

    @property
    def head(self) -> int:
        return self._head

    @property
    def kinds(self) -> Mapping[str, str]:
        return self._kinds

    @property
    def terms(self) -> Mapping[str, Terms]:
        """Each sink's filters, by name."""
        return self._terms

    def look(self) -> None:
        """There may be new rows."""
        self.exhausted = False

    def advance(self) -> None:
        """Read the next rows; with none left the feed is exhausted until `look`."""
        rows = self._outbox.rows(self._head, ROWS_READ_MAX)
        self.exhausted = len(rows) < ROWS_READ_MAX
        if rows:
            # Read after the rows, so that the filters of every row are known.
            self.learn()
        for row in rows:
            self._passed(row)
            self._keep(row)

    def next_row(self, reader: str, block: int) -> OutboxRow | None:
        """The first row from `block` on, which is what `reader` reads next."""
        self._readers[reader] = block
        while block >= self._head and not self.exhausted:
            self.advance()
        if block >= self._head:
            return None
        if block < self._kept_from:
            rows = self._outbox.rows(block, 1)
            return rows[0] if rows and rows[0].block < self._head else None
        at = bisect_left(self._kept, block, key=lambda row: row.block)
        return self._kept[at] if at < len(self._kept) else None

    def owed_before(
        self, reader: str, cursor: Position, block: int
    ) -> tuple[Position, int] | None:
        """A step from `cursor` towards `block`: where it ends, and what it passes.

        None when the cursor is there already.
        """
        if cursor >= (block, 0):
            return None
        rows = self._outbox.rows(cursor[0], ROWS_COUNTED_MAX)
        rows = [row for row in rows if row.block < block]
        if not rows:
            return None
        count = 0
        for row in rows:
            _, indexes = self._terms[reader].select(row)
            count += sum((row.block, index) >= cursor for index in indexes)
        return (rows[-1].block + 1, 0), count

    def rows_again(self, block: int, limit: int) -> list[OutboxRow]:
        """Rows from `block` on that were shown before."""
        rows = self._outbox.rows(block, limit)
        return [row for row in rows if row.block < self._head]

    def first_since(self, appended_ms: int) -> int:
        """The first row appended then or later."""
        return self._outbox.first_since(appended_ms)

    def let_go(self) -> None:
        """Forget the rows that every reader has read."""
        first = min(self._readers.values(), default=self._head)
        while self._kept and self._kept[0].block < first:
            self._drop()

    def _keep(self, row: OutboxRow) -> None:
        self._head = row.block + 1
        self._kept.append(row)
        self._kept_units += _size(row)
        kept_max = UNITS_KEPT_MAX
        while len(self._kept) > ROWS_KEPT_MAX or self._kept_units > kept_max:
            self._drop()

    def _drop(self) -> None:
        gone = self._kept.popleft()
        self._kept_units -= _size(gone)
        self._kept_from = gone.block + 1

    def learn(self) -> None:
        """Which sinks are in force, and with which filters."""
        sinks = self._outbox.sinks()
        if sinks == self._sinks:
            return
        self._sinks = sinks
        self._terms = by_name(sinks)
        self._kinds = {sink.name: sink.kind for sink in sinks}


def _size(row: OutboxRow) -> int:
    return len(row.events) + len(row.receipts) + len(row.orders)
