"""What readers ask of the journal: how it stands, and records as they were kept."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

from gateway.places import Place
from gateway.ports import Record
from gateway.queries.asking import Page, Slice


class JournalExtent(NamedTuple):
    """The newest durable block, and what all of them take on disk."""

    block: int
    bytes: int


class Mark(NamedTuple):
    """A block, and when it was appended."""

    block: int
    appended_ms: int


class Head(NamedTuple):
    """The newest block; `chain` covers all before it, in hexadecimal."""

    block: int
    appended_ms: int
    generation: int
    chain: str


class JournalFigures(NamedTuple):
    """`pruned` is the newest block that was dropped for its age, `oldest` the next.

    `messages` are all that were ever received, `redacted` the blocks whose bodies were
    replaced by ones that tell of fewer persons.
    """

    messages: int
    bytes: int
    head: Head | None
    oldest: Mark | None
    pruned: Mark | None
    redacted: int


class Kept(NamedTuple):
    """A record where it stands; a redacted one as the message that is left of it."""

    place: Place
    appended_ms: int
    record: Record


class TailFilter(NamedTuple):
    """What one device sent; nothing of it was appended after `until_ms`."""

    device_id: str
    until_ms: int | None = None


class JournalQueries(Protocol):
    """What the journal tells without a key."""

    def extent(self) -> JournalExtent: ...

    def figures(self) -> JournalFigures: ...

    def received(self, block: int) -> int:
        """The messages of all blocks up to this one, as ingress counted them."""


class JournalRecords(Protocol):
    """What the journal tells who has its key; raises as the other stores do."""

    def at(self, places: Sequence[Place]) -> Mapping[Place, Kept]:
        """The records at these places; what was pruned or is damaged is not there."""

    def tail(self, wanted: TailFilter, part: Slice) -> Page[Kept]:
        """The newest first.

        A page looks at so many records at most: it may hold fewer than `limit`, even
        none, and still have a `next_cursor`.
        """
