"""The journal's only writer: one append at a time, in a worker thread.

While it packs, seals and syncs (mostly without the interpreter's lock) the event loop
goes on reading the socket.
"""

import asyncio
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import structlog

from gateway.clock import Clock
from gateway.errors import DiskFullError, JournalBrokenError
from gateway.observability.metrics import IngestMetrics
from gateway.ports import Header, Journal, Record

EXIT_JOURNAL_BROKEN: Final = 70

_log = structlog.get_logger(__name__)


class JournalWriter:
    """Appends; knows since when the disk is full, and ends the process when it fails.

    `exit_process` ends it at once: nothing may be acknowledged or tried again after
    a failed fsync, because the engine would go on over the hole. `free_reserve` gives
    a full disk back what the journal keeps for an orderly stop.
    """

    def __init__(
        self,
        journal: Journal,
        clock: Clock,
        metrics: IngestMetrics,
        exit_process: Callable[[int], object] = os._exit,
        free_reserve: Callable[[], None] = lambda: None,
    ) -> None:
        self._journal = journal
        self._clock = clock
        self._metrics = metrics
        self._exit_process = exit_process
        self._free_reserve: Callable[[], None] | None = free_reserve
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="journal")
        self.full_since_ms: int | None = None  # wall clock
        metrics.journal_writable.set(1)

    async def append(
        self, records: Sequence[Record], *, accept_clock: bool = False
    ) -> Header | None:
        """Make the records one block; None when the disk is full and nothing kept."""
        began_ms = self._clock.monotonic_ms()
        write = self._accepting_clock if accept_clock else self._journal.append
        loop = asyncio.get_running_loop()
        try:
            header = await loop.run_in_executor(self._worker, write, records)
        except DiskFullError as error:
            self._full(error)
            return None
        except JournalBrokenError as error:
            self._broken(error)
            raise
        took_ms = self._clock.monotonic_ms() - began_ms
        self._metrics.append_seconds.observe(took_ms / 1000)
        self._metrics.blocks.inc()
        self._metrics.received.inc(header.messages)
        return header

    @property
    def head(self) -> Header | None:
        """The newest durable block."""
        return self._journal.head

    async def prune(self, prune: Callable[[], int]) -> int:
        """Let `prune` delete old blocks between two appends; a full disk keeps them."""
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._worker, prune)
        except DiskFullError as error:
            _log.warning("journal_not_pruned", error=str(error))
            return 0
        except JournalBrokenError as error:
            self._broken(error)
            raise

    async def redact(self, redact: Callable[[], Header | None]) -> Header | None:
        """Let `redact` rewrite old blocks between two appends, and tell of it."""
        loop = asyncio.get_running_loop()
        try:
            header = await loop.run_in_executor(self._worker, redact)
        except DiskFullError as error:
            _log.warning("journal_not_redacted", error=str(error))
            return None
        except JournalBrokenError as error:
            self._broken(error)
            raise
        if header is not None:
            self._metrics.blocks.inc()
        return header

    def recovered(self) -> int | None:
        """After an append that worked: since when the disk had been full, if it was."""
        since_ms, self.full_since_ms = self.full_since_ms, None
        if since_ms is not None:
            self._metrics.journal_writable.set(1)
            _log.warning("disk_full_ended", since_ms=since_ms)
        return since_ms

    def free_reserve(self) -> bool:
        """Give the disk back what was kept for an orderly stop; False the next time."""
        free, self._free_reserve = self._free_reserve, None
        if free is not None:
            free()
        return free is not None

    def close(self) -> None:
        """Wait for an append under way; there is none after an orderly stop."""
        self._worker.shutdown()

    def _accepting_clock(self, records: Sequence[Record]) -> Header:
        self._journal.accept_clock()
        return self._journal.append(records)

    def _broken(self, error: JournalBrokenError) -> None:
        _log.critical("journal_broken", error=str(error))
        self._exit_process(EXIT_JOURNAL_BROKEN)

    def _full(self, error: DiskFullError) -> None:
        if self.full_since_ms is None:
            self.full_since_ms = self._clock.wall_ms()
            self._metrics.journal_writable.set(0)
            _log.error("disk_full", error=str(error))
