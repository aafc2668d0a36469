"""Where a record stands in the journal, packed into one SQLite integer."""

from typing import Final, NamedTuple

ELEMENT_BITS: Final = 9
MESSAGE_BITS: Final = 12
BLOCK_BITS: Final = 36
GENERATION_BITS: Final = 6

ELEMENTS_MAX: Final = 1 << ELEMENT_BITS
MESSAGES_MAX: Final = 1 << MESSAGE_BITS
BLOCKS_MAX: Final = 1 << BLOCK_BITS
GENERATIONS_MAX: Final = 1 << GENERATION_BITS

_BLOCK_SHIFT: Final = MESSAGE_BITS + ELEMENT_BITS
_GENERATION_SHIFT: Final = _BLOCK_SHIFT + BLOCK_BITS


class Place(NamedTuple):
    """Generation, block, message (its index in the block), element (in its array)."""

    generation: int
    block: int
    message: int
    element: int

    def pack(self) -> int:
        """One non-negative 63-bit integer, in the order of the journal."""
        assert self.generation < GENERATIONS_MAX, "too many restores: start anew"
        assert self.block < BLOCKS_MAX
        assert self.message < MESSAGES_MAX
        assert self.element < ELEMENTS_MAX
        return (
            self.generation << _GENERATION_SHIFT
            | self.block << _BLOCK_SHIFT
            | self.message << ELEMENT_BITS
            | self.element
        )

    @classmethod
    def unpack(cls, packed: int) -> "Place":
        return cls(
            packed >> _GENERATION_SHIFT,
            packed >> _BLOCK_SHIFT & (BLOCKS_MAX - 1),
            packed >> ELEMENT_BITS & (MESSAGES_MAX - 1),
            packed & (ELEMENTS_MAX - 1),
        )

    def __str__(self) -> str:
        return f"{self.generation}.{self.block}.{self.message}.{self.element}"
