"""A ledger's outbox in memory: the same promises, no file."""

from bisect import bisect_left

from gateway.events import Terms
from gateway.ledger.packing import pack
from gateway.ports import OutboxRow, SinkSince


class MemoryOutbox:
    """Rows in the order of their blocks."""

    def __init__(self) -> None:
        self._rows: list[OutboxRow] = []
        self._sinks: list[SinkSince] = []
        self.personal_fields: dict[int, dict[str, object]] = {}

    def add(self, *rows: OutboxRow) -> None:
        for row in rows:
            assert not self._rows or row.block > self._rows[-1].block
            self._rows.append(row)

    def apply(self, *sinks: SinkSince) -> None:
        self._sinks.extend(sinks)

    def rows(self, from_block: int, limit: int) -> list[OutboxRow]:
        first = bisect_left(self._rows, from_block, key=lambda row: row.block)
        return self._rows[first : first + limit]

    def first_since(self, appended_ms: int) -> int:
        later = (row.block for row in self._rows if row.appended_ms >= appended_ms)
        return next(later, self.folded() + 1)

    def first_within(self, bytes_max: int, from_block: int) -> int:
        held = 0
        for row in reversed(self.rows(from_block, len(self._rows))):
            held += len(pack(row))
            if held > bytes_max:
                return row.block + 1
        return 0

    def newest_ms(self) -> int:
        return self._rows[-1].appended_ms if self._rows else 0

    def folded(self) -> int:
        return self._rows[-1].block if self._rows else 0

    def sinks(self) -> list[SinkSince]:
        return list(self._sinks)

    def addressed_before(self, name: str, block: int, index: int) -> int:
        terms = Terms([sink for sink in self._sinks if sink.name == name])
        return sum(
            (row.block, at) < (block, index)
            for row in self._rows
            for at in terms.select(row)[1]
        )

    def personal(self, place: int) -> dict[str, object] | None:
        return self.personal_fields.get(place)
