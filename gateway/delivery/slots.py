"""A span of units on its way to one sink, and what is still to be tried of it."""

from bisect import insort
from collections.abc import Sequence
from typing import NamedTuple

from gateway.ports import Answer, Unit

Position = tuple[int, int]
"""(block, index): where a unit stands in the outbox; a cursor is the next one."""

Span = tuple[int, int]
"""Half-open, in the units of a slot."""


class DeadLetter(NamedTuple):
    """A unit that its sink refused, alone, with the answer."""

    position: Position
    unit: Unit
    answer: Answer


class Refusal(NamedTuple):
    """A unit refused alone, while it is not known whose fault that is."""

    slot: "Slot"
    at: int
    answer: Answer
    refused_ms: int


class Slot:
    """Consecutive units for one sink; their spans are tried one at a time, in order.

    `letters` are the ids of dead letters that are sent again; such a slot moves no
    cursor.
    """

    __slots__ = ("dead", "flying", "letters", "passed", "pending", "positions", "units")

    def __init__(
        self,
        units: list[Unit],
        positions: Sequence[Position],
        letters: Sequence[int] = (),
    ) -> None:
        self.units = units
        self.positions = positions
        self.letters = letters
        self.pending: list[Span] = [(0, len(units))]
        self.flying: Span | None = None
        self.dead: dict[int, DeadLetter] = {}
        self.passed = 0

    def give_back(self, *spans: Span) -> None:
        """These are to be tried (again)."""
        for first, last in spans:
            if first < last:
                insort(self.pending, (first, last))

    @property
    def unsettled(self) -> list[Span]:
        """What is in flight or to be tried."""
        return self.pending if self.flying is None else [self.flying, *self.pending]

    def split(self, span: Span) -> None:
        """Try the halves apart."""
        middle = (span[0] + span[1]) // 2
        self.give_back((span[0], middle), (middle, span[1]))

    def settled(self, held_back: int | None) -> int:
        """How many leading units are settled; `held_back` is the first undecided."""
        first = len(self.units) if held_back is None else held_back
        if self.pending:
            first = min(first, self.pending[0][0])
        if self.flying is not None:
            first = min(first, self.flying[0])
        return first
