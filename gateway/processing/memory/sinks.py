"""Which sinks are in force, and how many events each is owed in all."""

import json
from collections.abc import Mapping

from gateway.events import Address
from gateway.events.addressing import TO_TERMINALS
from gateway.ledger.queues import Queues
from gateway.ports import OutboxRow


class Sinks:
    """The sinks of the last `sinks_applied`, with their counts."""

    def __init__(self, queues: Queues) -> None:
        self._queues = queues
        self._addressed = queues.addressed()
        self._in_force: dict[str, tuple[str, tuple[str, ...], int, int]] = {}
        for name, kind, events, block, index, removed in queues.sinks():
            if removed:
                self._in_force.pop(name, None)
            else:
                self._in_force[name] = (kind, tuple(json.loads(events)), block, index)
        self._addresses = self._compile()

    def _compile(self) -> dict[str, Address]:
        return {
            name: Address(kind, events)
            for name, (kind, events, _, _) in self._in_force.items()
        }

    def apply(
        self, wanted: dict[str, tuple[str, tuple[str, ...]]], row: OutboxRow
    ) -> list[str]:
        """Put these sinks in force from here on: after the events of the row so far.

        Answers the names of those that changed.
        """
        changed = [
            name
            for name, sink in wanted.items()
            if self._in_force.get(name, ())[:2] != sink
        ]
        gone = sorted(self._in_force.keys() - wanted.keys())
        for name in [*changed, *gone]:
            # What a block has for terminals is for the filter in force at its end.
            if name in self._in_force and self._in_force[name][0] not in TO_TERMINALS:
                self._addressed[name] += self._owed(name, row)
        for name in gone:
            kind, events, _, _ = self._in_force.pop(name)
            self._add(name, kind, events, row, removed=1)
        for name in changed:
            kind, events = wanted[name]
            self._in_force[name] = (kind, events, row.block, len(row.events))
            self._addressed.setdefault(name, 0)
            self._add(name, kind, events, row, removed=0)
        self._addresses = self._compile()
        return changed + gone

    def _add(
        self,
        name: str,
        kind: str,
        events: tuple[str, ...],
        row: OutboxRow,
        removed: int,
    ) -> None:
        self._queues.add_sink(
            (name, kind, json.dumps(events), row.block, len(row.events), removed)
        )

    def take(self, name: str) -> bool:
        """Whether any sink in force takes events or points of this name."""
        return any(address.takes(name) for address in self._addresses.values())

    def takers(self, wanted: Mapping[str, str]) -> list[str]:
        """The sinks in force that take the event or point wanted of their kind."""
        return sorted(
            name
            for name, (kind, *_) in self._in_force.items()
            if kind in wanted and self._addresses[name].takes(wanted[kind])
        )

    def addressed(self) -> Mapping[str, int]:
        """How many each sink in force is addressed in all, up to the last block."""
        return {name: self._addressed[name] for name in self._in_force}

    def count(self, row: OutboxRow) -> Mapping[str, int]:
        """Count what a finished block owes to each sink; answers the totals."""
        for name in self._addresses:
            self._addressed[name] += self._owed(name, row)
        return self._addressed

    def _owed(self, name: str, row: OutboxRow) -> int:
        address = self._addresses[name]
        _, _, block, index = self._in_force[name]
        if block != row.block or address.units(row) is not row.events:
            return address.count(row)
        return sum(at >= index for at in address.indexes(row))

    def totals(self) -> dict[str, int]:
        """Events addressed to each sink in force by blocks that are finished."""
        return {name: self._addressed[name] for name in self._addresses}

    def save(self) -> None:
        self._queues.save_addressed(self._addressed.items())
