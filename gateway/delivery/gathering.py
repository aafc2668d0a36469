"""Finds the units of the ranges that are to be sent once more."""

from typing import Final

from gateway.clock import Clock
from gateway.delivery.feed import Feed
from gateway.delivery.ranges import Range
from gateway.delivery.slots import Position
from gateway.delivery.store import DeliveryStore
from gateway.events import time_of
from gateway.ports import Order, OutboxRow, Receipt, Unit

ROWS_A_STEP: Final = 8
UNITS_A_STEP: Final = 200
AHEAD_MS: Final = 86_400_000
"""No event is appended so long before it happened, whatever a clock says."""

_Found = list[tuple[Position, Unit]]


class Gathering:
    """One sink's; each step is short, as everybody waits for it."""

    def __init__(
        self, name: str, feed: Feed, store: DeliveryStore, clock: Clock
    ) -> None:
        self._name = name
        self._feed = feed
        self._store = store
        self._clock = clock

    def step(self) -> bool:
        """Make letters of what is next; whether a range is still open."""
        wanted = self._store.range_to_gather(self._name)
        if wanted is None:
            return False
        found: _Found = []
        position = self._walk(wanted, found)
        now_ms = self._clock.wall_ms()
        self._store.gather(self._name, wanted, position, found, now_ms)
        return True

    def _walk(self, wanted: Range, found: _Found) -> Position:
        """Fill `found`, some rows further; answers where to go on."""
        position = wanted.position
        if position == (0, 0):
            position = (self._feed.first_since(wanted.from_ms - AHEAD_MS), 0)
        rows = self._feed.rows_again(position[0], ROWS_A_STEP)
        for row in rows:
            if row.block >= wanted.until_block:
                break
            position = self._take(wanted, row, position, found)
            if len(found) >= UNITS_A_STEP:
                return position
        else:
            if len(rows) == ROWS_A_STEP:
                return position
        return (wanted.until_block, 0)

    def _take(
        self, wanted: Range, row: OutboxRow, position: Position, found: _Found
    ) -> Position:
        """The row's units of the range, as far as there is room for them."""
        after = position[1] if position[0] == row.block else 0
        units, indexes = self._feed.terms[self._name].select_again(row)
        for index in indexes:
            if index < after:
                continue
            if len(found) >= UNITS_A_STEP:
                return (row.block, index)
            unit = units[index]
            assert not isinstance(unit, Receipt | Order), "no event: asked for never"
            if wanted.from_ms <= time_of(unit) < wanted.to_ms:
                found.append(((row.block, index), unit))
        return (row.block + 1, 0)
