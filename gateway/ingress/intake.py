"""The shell around the receiver: what comes in, and when it is appended.

A message is acknowledged when its block is durable: not before, and not when its
connection is over. A full disk keeps the batch, unacknowledged, and tries again.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import msgspec
import structlog
from mqtt5 import PublishPacket

from gateway import crashpoints
from gateway.acts import ActName
from gateway.clock import Clock
from gateway.errors import TransientError
from gateway.ingress.backlog import Backlog
from gateway.ingress.receiver import CROWD_PATIENCE_MS, Batch, Receiver
from gateway.ingress.ticks import Ticks
from gateway.ingress.writing import JournalWriter
from gateway.observability.metrics import IngestMetrics
from gateway.ports import Header, Link, LinkListener, Record, RecordFlag

DISK_FULL_RETRY_MS: Final = 1000
FAILURE_NOTE_MS: Final = 60_000
"""Reasons that alternate are recorded at most this often."""

_log = structlog.get_logger(__name__)


class Intake(LinkListener):
    """Listens to the link, takes submissions, appends, acknowledges.

    `ring` wakes the processor. `remember_session` notes that the broker keeps a
    session for us and says whether that was noted before. Neither blocks.
    """

    def __init__(  # noqa: PLR0913 - the parts it connects
        self,
        *,
        receiver: Receiver,
        writer: JournalWriter,
        ticks: Ticks,
        clock: Clock,
        metrics: IngestMetrics,
        buffered_bytes_max: int,
        ring: Callable[[], object],
        remember_session: Callable[[], bool],
    ) -> None:
        self._receiver = receiver
        self._writer = writer
        self._ticks = ticks
        self._clock = clock
        self._metrics = metrics
        self._buffered_bytes_max = buffered_bytes_max
        self._ring = ring
        self._remember_session = remember_session
        self._link: Link | None = None
        self._backlog: Backlog | None = None  # of the present connection
        self._flags = 0
        self._refused: Mapping[str, int] = {}
        self._failure = ""  # why we could not connect, as recorded
        self._next_failure_ms = 0
        self._held = False
        self._pending: set[asyncio.Future[tuple[int, int, int]]] = set()
        self._draining = False
        self._stopping = False
        self._wake = asyncio.Event()
        self._progress = asyncio.Event()
        metrics.buffered_bytes_bound.set(buffered_bytes_max)

    def attach(self, link: Link) -> None:
        """The link that this is the listener of."""
        self._link = link

    # ----- records come in

    def note(self, name: str, **data: object) -> None:
        """Record an act of our own."""
        self._receiver.note(
            name,
            msgspec.json.encode(data),
            wall_ms=self._clock.wall_ms(),
            now_ms=self._clock.monotonic_ms(),
        )
        self._wake.set()

    async def submit(self, records: Sequence[Record]) -> tuple[int, int, int]:
        """Append other roles' records: (generation, block, first message index).

        Raises:
            TransientError: not now; nothing was taken.

        """
        if self._draining:
            raise TransientError("ingest stops")
        if self._writer.full_since_ms is not None:
            raise TransientError("the journal's disk is full")
        if self._receiver.buffered_bytes > self._buffered_bytes_max:
            raise TransientError("the intake's buffers are full")
        placed: asyncio.Future[tuple[int, int, int]]
        placed = asyncio.get_running_loop().create_future()

        def settle(place: tuple[int, int, int]) -> None:
            if not placed.done():  # the submitter may have gone
                placed.set_result(place)

        self._pending.add(placed)
        placed.add_done_callback(self._pending.discard)
        self._receiver.submit(records, settle, now_ms=self._clock.monotonic_ms())
        self._wake.set()
        return await placed

    def appended_beside(self, header: Header) -> None:
        """A block of our own was appended that no record waited for."""
        self._ticks.appended(header, self._clock.monotonic_ms())
        self._ring()

    def ask_tick(self, timer_ms: int) -> None:
        """The processor's next timer is due at this journal time."""
        self._ticks.ask(timer_ms)
        self._wake.set()

    def link_received(self, epoch: int, packets: Sequence[PublishPacket]) -> None:
        receiver = self._receiver
        before_ms = receiver.due_ms()
        unacknowledged = receiver.unacknowledged
        receiver.take(
            packets,
            epoch,
            wall_ms=self._clock.wall_ms(),
            now_ms=self._clock.monotonic_ms(),
            flags=self._flags,
        )
        if self._backlog is not None:
            self._backlog.received(receiver.unacknowledged - unacknowledged)
        if before_ms is None or (receiver.due_ms() or 0) < before_ms:
            self._wake.set()
        if receiver.buffered_bytes > self._buffered_bytes_max:
            self._hold(held=True)

    # ----- the link's life

    def link_opened(self, epoch: int, *, session_present: bool) -> None:
        self._failure, self._next_failure_ms = "", 0
        self._metrics.link_up.set(1)
        self._metrics.link_connects.inc()
        self._backlog = Backlog()
        self._flags = RecordFlag.BACKLOG.value if session_present else 0
        had_session = self._remember_session()
        self.note("link_up", session_present=session_present)
        if had_session and not session_present:
            _log.error("session_lost", epoch=epoch)
            self.note("session_lost")

    def link_subscribed(self, epoch: int, refused: Mapping[str, int]) -> None:
        if refused != self._refused:
            name = "subscription_refused" if refused else "subscription_granted"
            _log.warning(name, epoch=epoch, refused=refused)
            self.note(name, refused=refused)
        self._refused = refused
        self._metrics.link_refused_filters.set(len(refused))
        if self._backlog is not None:
            self._backlog.subscribed()
            self._wake.set()

    def link_passed(self, epoch: int, barrier: int) -> None:
        backlog = self._backlog
        if backlog and backlog.passed(barrier, self._receiver.unacknowledged):
            _log.info("link_drained", epoch=epoch)
            self._backlog = None
            self._flags = 0
            self.note("link_drained")
        self._wake.set()

    def link_failed(self, reason: str) -> None:
        """Recorded once for each reason: a broker may be away for days."""
        now_ms = self._clock.monotonic_ms()
        if reason != self._failure and now_ms >= self._next_failure_ms:
            self._failure = reason
            self._next_failure_ms = now_ms + FAILURE_NOTE_MS
            self.note("link_failed", reason=reason)

    def link_closed(self, epoch: int, reason: str, *, taken_over: bool) -> None:
        self._metrics.link_up.set(0)
        self._metrics.link_closed.inc()
        self._backlog = None
        self._flags = 0
        self.note("link_down", reason=reason)
        if taken_over:
            _log.error("link_taken_over", epoch=epoch)
            self.note("take_over")

    def _hold(self, *, held: bool) -> None:
        if held is not self._held and self._link is not None:
            self._held = held
            self._metrics.link_held.set(held)
            self._link.hold_reading(held=held)

    # ----- records become durable

    async def drain(self, timeout_ms: int) -> bool:
        """Take nothing more, append and acknowledge what is here; whether all was."""
        self._draining = True
        self._hold(held=True)
        self._receiver.flush()
        self._wake.set()
        until_ms = self._clock.monotonic_ms() + timeout_ms
        while not self._receiver.empty and self._clock.monotonic_ms() < until_ms:
            await _wait(self._progress, until_ms - self._clock.monotonic_ms())
        for placed in list(self._pending):
            if not placed.done():  # settled just now: the answer is on its way
                placed.set_exception(TransientError("ingest stops; nothing is known"))
        return self._receiver.empty

    def stop(self) -> None:
        """Append what is left, then let `run` return; a full disk is not waited for."""
        self._draining = self._stopping = True
        self._receiver.flush()
        self._wake.set()

    async def run(self) -> None:
        """Append and acknowledge until `stop`."""
        while not (self._stopping and self._receiver.empty):
            now = self._clock.monotonic_ms()
            self._probe(now)
            tick = now >= self._ticks.due_ms()
            if tick:
                self._ticks.ticked(now)
            if (batch := self._receiver.due(now, early=tick)) is not None:
                if self._receiver.crowded:  # timers wait for the next one like this
                    self._ticks.ticked(now, CROWD_PATIENCE_MS)
                done = await self._append(batch)
            elif tick:
                done = self._durable(await self._writer.append([]))
            else:
                await _wait(self._wake, max(self._next_ms() - now, 1))
                continue
            if not done and not await self._retry():
                return

    async def _append(self, batch: Batch) -> bool:
        header = await self._writer.append(
            batch.records, accept_clock=_accepts_clock(batch)
        )
        if header is None:
            self._receiver.kept()
        else:
            self._receiver.appended(header)
            self._acknowledge(batch)
        return self._durable(header)

    def _acknowledge(self, batch: Batch) -> None:
        """Only after the append; the link drops what is of an earlier connection."""
        crashpoints.reach("ack.before")
        for epoch, packet_ids in batch.acknowledgements:
            sent = self._link is not None and self._link.acknowledge(epoch, packet_ids)
            if sent and self._backlog is not None:
                self._backlog.acknowledged(len(packet_ids))
        crashpoints.reach("ack.after")

    def _durable(self, header: Header | None) -> bool:
        """What follows an append; False when there was no room for it."""
        if header is None:
            return False
        self._ticks.appended(header, self._clock.monotonic_ms())
        self._ring()
        self._progress.set()
        if (since_ms := self._writer.recovered()) is not None:
            self.note("disk_full", since_ms=since_ms)
            self.note("disk_freed")
        bound = self._buffered_bytes_max // 2
        if not self._draining and self._receiver.buffered_bytes <= bound:
            self._hold(held=False)
        return True

    async def _retry(self) -> bool:
        """The disk is full: wait before the next try; False when we are to stop."""
        until_ms = self._clock.monotonic_ms() + DISK_FULL_RETRY_MS
        while not self._stopping and self._clock.monotonic_ms() < until_ms:
            if self._draining and self._writer.free_reserve():
                return True
            await _wait(self._wake, until_ms - self._clock.monotonic_ms())
        return not self._stopping or self._writer.free_reserve()

    def _probe(self, now: int) -> None:
        """Ask whether the broker's queue is empty, when that is to be found out."""
        if self._backlog is None or self._link is None or not self._link.epoch:
            return
        due_ms = self._backlog.probe_due_ms()
        if due_ms is not None and due_ms <= now:
            self._backlog.probed(self._link.barrier(), now)

    def _next_ms(self) -> int:
        probe_ms = self._backlog.probe_due_ms() if self._backlog else None
        due = self._ticks.due_ms(), self._receiver.due_ms(), probe_ms
        return min(at_ms for at_ms in due if at_ms is not None)

    def show(self) -> None:
        """Bring the gauges up to date."""
        self._metrics.buffered_bytes.set(self._receiver.buffered_bytes)
        self._metrics.unacknowledged.set(self._receiver.unacknowledged)


def _accepts_clock(batch: Batch) -> bool:
    """Whether an operator accepts the wall clock in this block."""
    accepted = ActName.CLOCK_ACCEPTED.value
    return bool(batch.submissions) and any(
        record.topic == accepted for record in batch.records
    )


async def _wait(event: asyncio.Event, timeout_ms: int) -> None:
    """Until the event, which is then cleared, or the end of the time."""
    try:
        async with asyncio.timeout(timeout_ms / 1000):
            await event.wait()
    except TimeoutError:
        return
    event.clear()
