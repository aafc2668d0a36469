"""What was received and is not yet durable: blocks to append, and what follows.

Steppable and without I/O. `take`, `note` and `submit` put records into the open
batch; `due` hands out one batch at a time for the journal; after the append
`appended` says which packet ids may now be acknowledged, and settles submissions.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from mqtt5 import PublishPacket

from gateway.places import MESSAGES_MAX
from gateway.ports import Header, Record, RecordKind

Settle = Callable[[tuple[int, int, int]], None]
"""Told the place (generation, block, first message index) of submitted records."""

# Above it a block closes early: one row of the journal stays small against its cache.
BLOCK_BYTES_MAX: Final = 4_194_304
PATIENCE_MS: Final = 2_000
"""How long a heartbeat of QoS 0 waits for company: in a block of its own it costs all
roles about ten times as much, and nobody waits for its acknowledgement."""
CROWD: Final = 200
CROWD_PATIENCE_MS: Final = 4_000
"""After a block of so many, and of nothing else, they wait so long: a large fleet with
nobody pressing. A block is cheap then beside what is in it, and cheaper if rarer."""
ACKNOWLEDGED_PATIENCE_MS: Final = 100
ACKNOWLEDGED_TOGETHER: Final = 8
"""Those of QoS 1 wait a moment, or for so many: brokers keep 20 in flight by default,
and what waits for us must never keep a press from being sent."""
_HEARTBEAT: Final = "/heartbeat"
_RECORD_BYTES: Final = 200  # what a record costs in memory beside its payload


@dataclass(slots=True)
class Batch:
    """The records of one block to be; `due_ms` monotonic, sizes in bytes.

    It is due when the first record that cannot wait says so. `acknowledgements` holds
    (epoch, packet ids) in the order received. `patient`: nothing in it is awaited.
    """

    due_ms: int
    records: list[Record] = field(default_factory=list)
    acknowledgements: list[tuple[int, list[int]]] = field(default_factory=list)
    submissions: list[tuple[int, Settle]] = field(default_factory=list)
    size: int = 0
    unacknowledged: int = 0
    patient: bool = True

    def hurry(self, due_ms: int) -> None:
        """Something in it is awaited, by then at the latest."""
        self.due_ms = min(self.due_ms, due_ms)
        self.patient = False


class TooManyRecordsError(ValueError):
    """A submission that no block can hold."""


class Receiver:
    """Batches in the order received; at most one of them is being appended."""

    def __init__(
        self, block_records_max: int, block_delay_ms_max: int, receive_max: int = 20
    ) -> None:
        assert 0 < block_records_max <= MESSAGES_MAX
        self._records_max = block_records_max
        self._delay_ms = block_delay_ms_max
        self.crowded = False  # the last block was of a large fleet's heartbeats alone
        self._together = max(1, min(ACKNOWLEDGED_TOGETHER, receive_max // 2))
        self._batches: deque[Batch] = deque()  # the last one is open
        self._appending: Batch | None = None
        self._flushing = False
        self.buffered_bytes = 0
        self.unacknowledged = 0

    @property
    def empty(self) -> bool:
        return not self._batches and self._appending is None

    @property
    def closed(self) -> bool:
        """Whether a batch can grow no more, so that it waits for the journal alone."""
        return len(self._batches) > 1 or (
            bool(self._batches) and self._full(self._batches[0])
        )

    def take(
        self,
        packets: Sequence[PublishPacket],
        epoch: int,
        *,
        wall_ms: int,
        now_ms: int,
        flags: int = 0,
    ) -> None:
        """Take publishes of connection `epoch`; of QoS 0 too, which need no answer."""
        start = 0
        while start < len(packets):
            batch = self._open(now_ms)
            room = self._records_max - len(batch.records)
            some = packets[start : start + room]
            can_wait = self._fill(batch, some, epoch, wall_ms, flags)
            if not can_wait or batch.unacknowledged >= self._together:
                batch.hurry(now_ms + self._delay_ms)
            elif batch.unacknowledged:
                batch.hurry(now_ms + max(self._delay_ms, ACKNOWLEDGED_PATIENCE_MS))
            start += room

    def _fill(
        self,
        batch: Batch,
        packets: Sequence[PublishPacket],
        epoch: int,
        wall_ms: int,
        flags: int,
    ) -> bool:
        """Whether all of these can wait."""
        records = [
            Record(
                0,  # RecordKind.MESSAGE: the bare number is cheaper
                packet.topic,
                packet.payload,
                wall_ms,
                packet.retain | packet.duplicate << 1 | flags,  # as RecordFlag
            )
            for packet in packets
        ]
        ids = [i for packet in packets if (i := packet.packet_id) is not None]
        if batch.acknowledgements and batch.acknowledgements[-1][0] == epoch:
            batch.acknowledgements[-1][1].extend(ids)
        elif ids:
            batch.acknowledgements.append((epoch, ids))
        batch.unacknowledged += len(ids)
        self.unacknowledged += len(ids)
        self._grow(batch, records)
        return all(one.topic.endswith(_HEARTBEAT) for one in packets)

    def note(self, name: str, data: bytes, *, wall_ms: int, now_ms: int) -> None:
        """Record an act of our own; `data` is a JSON object."""
        record = Record(RecordKind.ACT.value, name, data, wall_ms)
        self._grow(self._soon(now_ms), [record])

    def submit(self, records: Sequence[Record], settle: Settle, *, now_ms: int) -> None:
        """Put another role's records into one block, one after the other.

        Raises:
            TooManyRecordsError: more than a block can hold, or none.

        """
        if not 0 < len(records) <= MESSAGES_MAX:
            raise TooManyRecordsError(f"{len(records)} records, 1 to {MESSAGES_MAX}")
        batch = self._soon(now_ms)
        if batch.records and len(batch.records) + len(records) > self._records_max:
            batch = self._append_batch(now_ms + self._delay_ms)
        batch.submissions.append((len(batch.records), settle))
        self._grow(batch, records)

    def flush(self) -> None:
        """From now on every batch is due at once."""
        self._flushing = True

    def due_ms(self) -> int | None:
        """When `due` has something to give, None while nothing waits for it."""
        if self._appending is not None or not self._batches:
            return None
        at_once = self._flushing or self.closed
        return 0 if at_once else self._batches[0].due_ms

    def due(self, now_ms: int, *, early: bool = False) -> Batch | None:
        """Return the batch to append now; it stays ours until `appended` or `kept`.

        `early`: a block is appended anyway, so what waits for company goes with it.
        """
        at_ms = self.due_ms()
        if at_ms is None or (now_ms < at_ms and not early):
            return None
        self._appending = batch = self._batches.popleft()
        self.crowded = batch.patient and len(batch.records) >= CROWD
        return batch

    def appended(self, header: Header) -> Batch:
        """The batch is durable: its packet ids may be acknowledged now, not before."""
        batch = self._appending
        assert batch is not None, "nothing is being appended"
        self._appending = None
        self.buffered_bytes -= batch.size
        self.unacknowledged -= batch.unacknowledged
        for index, settle in batch.submissions:
            settle((header.generation, header.number, index))
        return batch

    def kept(self) -> None:
        """The journal took nothing: the same batch will be due again."""
        assert self._appending is not None, "nothing is being appended"
        self._batches.appendleft(self._appending)
        self._appending = None

    def _open(self, now_ms: int) -> Batch:
        """Return the batch that takes records, with room for at least one more."""
        if not self._batches or self._full(self._batches[-1]):
            patience_ms = CROWD_PATIENCE_MS if self.crowded else PATIENCE_MS
            return self._append_batch(now_ms + max(self._delay_ms, patience_ms))
        return self._batches[-1]

    def _soon(self, now_ms: int) -> Batch:
        """As `_open`, for records that somebody waits for."""
        batch = self._open(now_ms)
        batch.hurry(now_ms + self._delay_ms)
        return batch

    def _append_batch(self, due_ms: int) -> Batch:
        batch = Batch(due_ms)
        self._batches.append(batch)
        return batch

    def _full(self, batch: Batch) -> bool:
        return len(batch.records) >= self._records_max or batch.size >= BLOCK_BYTES_MAX

    def _grow(self, batch: Batch, records: Sequence[Record]) -> None:
        size = sum([len(record.payload) for record in records])
        size += _RECORD_BYTES * len(records)
        batch.records.extend(records)
        batch.size += size
        self.buffered_bytes += size
