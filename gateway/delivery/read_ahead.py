"""Units read from the outbox and not yet cut into requests."""

from collections import deque
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from itertools import islice, repeat
from typing import NamedTuple

from gateway.delivery.slots import Position
from gateway.ports import Unit


class _Chunk(NamedTuple):
    units: Sequence[Unit]
    positions: Sequence[Position]
    arrived_ms: int


class ReadAhead:
    """A queue of units with their positions; the reader keeps it short."""

    def __init__(self, cursor: Position, partition_of: Callable[[Unit], str]) -> None:
        self._partition_of = partition_of
        self._chunks: deque[_Chunk] = deque()
        self._taken = 0  # of the first chunk
        self._read = cursor
        self.count = 0

    @property
    def read(self) -> Position:
        """What is to be offered next."""
        return self._read

    @property
    def first(self) -> Position:
        """The first unit here, or what is to be offered next."""
        if self._chunks:
            return self._chunks[0].positions[self._taken]
        return self._read

    @property
    def oldest_ms(self) -> int:
        """When the first unit was offered; only while `count` is not 0."""
        return self._chunks[0].arrived_ms

    def offer(
        self, block: int, units: Sequence[Unit], indexes: Sequence[int], now_ms: int
    ) -> None:
        """Take over the units of one row; those before the cursor are left out."""
        assert block >= self._read[0], "rows come in order"
        after = self._read[1] if block == self._read[0] else 0
        if after:
            indexes = [index for index in indexes if index >= after]
        self._read = (block + 1, 0)
        if not indexes:
            return
        if len(indexes) != len(units):
            units = [units[index] for index in indexes]
        positions = list(zip(repeat(block), indexes, strict=False))
        self._chunks.append(_Chunk(units, positions, now_ms))
        self.count += len(positions)

    def take(
        self, count_max: int, busy: AbstractSet[str]
    ) -> tuple[list[Unit], list[Position]]:
        """The first units, up to the first one whose partition is busy."""
        units: list[Unit] = []
        positions: list[Position] = []
        while self._chunks and len(units) < count_max:
            chunk = self._chunks[0]
            first = self._taken
            last = min(len(chunk.units), first + count_max - len(units))
            free = self._free(chunk, first, last, busy)
            units.extend(chunk.units[first:free])
            positions.extend(chunk.positions[first:free])
            self._taken = free
            if free == len(chunk.units):
                self._chunks.popleft()
                self._taken = 0
            if free < last:
                break
        self.count -= len(units)
        return units, positions

    def _free(
        self, chunk: _Chunk, first: int, last: int, busy: AbstractSet[str]
    ) -> int:
        partitions = map(self._partition_of, islice(chunk.units, first, last))
        if not busy or busy.isdisjoint(partitions):
            return last
        for at, unit in enumerate(islice(chunk.units, first, last), first):
            if self._partition_of(unit) in busy:
                return at
        return last
