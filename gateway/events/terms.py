"""A sink's filters over time: which was in force where in the outbox."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final

from gateway.events.addressing import Address
from gateway.ports import OutboxRow, SinkSince, Unit

_ENDLESS: Final = (1 << 62, 0)


class Terms:
    """One sink's filters, each in force from a (block, index) to the next one's.

    Spans count in events: among the receipts of a block they mean the whole block.
    """

    def __init__(self, changes: Iterable[SinkSince]) -> None:
        self._since: list[tuple[int, int]] = []
        self._addresses: list[Address] = []
        for change in changes:
            self._since.append((change.since_block, change.since_index))
            self._addresses.append(Address(change.kind, change.events))

    @property
    def since(self) -> tuple[int, int]:
        """Where the sink first came into force."""
        return self._since[0]

    def select(self, row: OutboxRow) -> tuple[Sequence[Unit], Sequence[int]]:
        """The row's units, and the indexes of those for this sink, ascending."""
        block = row.block
        last = bisect_right(self._since, (block, _ENDLESS[0])) - 1
        if last < 0:
            return (), ()
        address = self._addresses[last]
        units = address.units(row)
        if self._since[last][0] < block or units is not row.events:
            return units, address.indexes(row)
        return units, self._selected_in_parts(row)

    def select_again(self, row: OutboxRow) -> tuple[Sequence[Unit], Sequence[int]]:
        """As `select`, by the newest filter whenever the row was written."""
        address = self._addresses[-1]
        return address.units(row), address.indexes(row)

    def _selected_in_parts(self, row: OutboxRow) -> list[int]:
        spans = pairwise([*self._since, _ENDLESS])
        return [
            index
            for address, (low, high) in zip(self._addresses, spans, strict=True)
            if low[0] <= row.block <= high[0]
            for index in address.indexes(row)
            if low <= (row.block, index) < high
        ]


def by_name(sinks: Iterable[SinkSince]) -> dict[str, Terms]:
    """Each sink's filters over time, from all states that were ever in force."""
    changes: dict[str, list[SinkSince]] = {}
    for sink in sinks:
        changes.setdefault(sink.name, []).append(sink)
    return {name: Terms(of_one) for name, of_one in changes.items()}
