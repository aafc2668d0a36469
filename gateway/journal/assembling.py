"""What a journal of any engine does to turn records into its next block."""

from collections.abc import Sequence
from typing import NamedTuple

from gateway.clock import Clock
from gateway.journal.block import BlockCodec, following
from gateway.journal.blocktime import BlockClock
from gateway.ports import Header, HeaderFlag, Record, RecordKind

CLOCK_ACCEPTED = "clock_accepted"


class Position(NamedTuple):
    """Where the next block stands: after `head`, but perhaps not right after it."""

    head: Header | None
    number: int
    generation: int
    first_message: int

    @classmethod
    def after(cls, header: Header) -> "Position":
        return cls(
            header,
            header.number + 1,
            header.generation,
            header.first_message + header.messages,
        )


FIRST = Position(None, 1, 1, 0)


class Assembler:
    """Assembles blocks one after the other; a block counts once it is committed."""

    def __init__(
        self,
        codec: BlockCodec,
        clock: Clock,
        block_clock: BlockClock,
        position: Position,
    ) -> None:
        self._codec = codec
        self._clock = clock
        self._block_clock = block_clock
        self._position = position

    @property
    def head(self) -> Header | None:
        return self._position.head

    def assemble(self, records: Sequence[Record]) -> tuple[Header, bytes]:
        """The next block's header and body; assembling again replaces it."""
        if self._block_clock.suspect and _accepts_clock(records):
            self.accept_clock()
        time = self._block_clock.stamp(
            self._clock.wall_ms(), self._clock.monotonic_ms()
        )
        at = self._position
        body = self._codec.body(at.generation, at.number, records)
        header = following(
            at.head,
            number=at.number,
            generation=at.generation,
            first_message=at.first_message,
            records=records,
            appended_ms=time.appended_ms,
            flags=HeaderFlag.CLOCK_SUSPECT.value if time.suspect else 0,
            key_id=self._codec.key_id,
            body=body,
        )
        return header, body

    @property
    def codec(self) -> BlockCodec:
        """What packs and seals the bodies."""
        return self._codec

    @property
    def number(self) -> int:
        """The number of the block that is assembled next."""
        return self._position.number

    def committed(self, header: Header) -> None:
        """The block is durable: the next one follows it."""
        self._position = Position.after(header)

    def accept_clock(self) -> None:
        """Believe the wall clock as it is now."""
        self._block_clock.accept(self._clock.wall_ms(), self._clock.monotonic_ms())


def _accepts_clock(records: Sequence[Record]) -> bool:
    return any(
        record.kind == RecordKind.ACT and record.topic == CLOCK_ACCEPTED
        for record in records
    )
