"""The outbox as lanes read it: one reader, a few newest rows kept for all."""

from bisect import bisect_left
from collections import deque
from collections.abc import Mapping
from typing import Final

from gateway.events import Terms
from gateway.ports import Outbox, OutboxRow, SinkSince

ROWS_READ_MAX: Final = 8
ROWS_KEPT_MAX: Final = 64
UNITS_KEPT_MAX: Final = 20_000


class Feed:
    """Rows in order; what is new is read once, whatever the number of lanes.

    A lane that is far behind reads its rows alone and keeps them from nobody.
    """

    def __init__(self, outbox: Outbox, head: int) -> None:
        self._outbox = outbox
        self._head = head  # the next block to read
        self._kept: deque[OutboxRow] = deque()
        self._kept_from = head
        self._kept_units = 0
        self._sinks: list[SinkSince] = []
        self._terms: dict[str, Terms] = {}
        self._kinds: dict[str, str] = {}
        self._learn()

    @property
    def head(self) -> int:
        return self._head

    @property
    def terms(self) -> Mapping[str, Terms]:
        """Each sink's filters, by name."""
        return self._terms

    @property
    def kinds(self) -> Mapping[str, str]:
        return self._kinds

    def advance(self) -> list[OutboxRow]:
        """Read what is new, a few rows at a time; empty when there is nothing."""
        rows = self._outbox.rows(self._head, ROWS_READ_MAX)
        # The filters are read after the rows, so those of every row are known.
        if rows or not self._terms:
            self._learn()
        for row in rows:
            self._keep(row)
        return rows

    def next_row(self, block: int) -> OutboxRow | None:
        """The first row from `block` on that `advance` has passed."""
        if block >= self._head:
            return None
        if block < self._kept_from:
            rows = self._outbox.rows(block, 1)
            return rows[0] if rows and rows[0].block < self._head else None
        at = bisect_left(self._kept, block, key=lambda row: row.block)
        return self._kept[at] if at < len(self._kept) else None

    def _keep(self, row: OutboxRow) -> None:
        self._head = row.block + 1
        self._kept.append(row)
        self._kept_units += _size(row)
        kept_max = UNITS_KEPT_MAX
        while len(self._kept) > ROWS_KEPT_MAX or self._kept_units > kept_max:
            gone = self._kept.popleft()
            self._kept_units -= _size(gone)
            self._kept_from = gone.block + 1

    def _learn(self) -> None:
        sinks = self._outbox.sinks()
        if sinks == self._sinks:
            return
        self._sinks = sinks
        changes: dict[str, list[SinkSince]] = {}
        for sink in sinks:
            changes.setdefault(sink.name, []).append(sink)
        self._terms = {name: Terms(its) for name, its in changes.items()}
        self._kinds = {name: its[-1].kind for name, its in changes.items()}


def _size(row: OutboxRow) -> int:
    return len(row.events) + len(row.receipts)
