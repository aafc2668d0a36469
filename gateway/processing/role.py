"""The role `process`: applies the settings, then follows the journal."""

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog

from gateway.clock import Clock
from gateway.errors import PermanentError, TransientError
from gateway.ipc.doorbell import REDACT, Doorbell, Ringer
from gateway.observability.metrics import FIGURES_EVERY_S, ProcessMetrics, write_figures
from gateway.ports import JournalReader, Submitter
from gateway.processing.applying import Wanted, changes
from gateway.processing.fold import Fold
from gateway.processing.processor import Processor
from gateway.processing.quarantine import ITEMS_MAX
from gateway.processing.state import PENDING_MAX
from gateway.processing.upkeep.backups import Backups, last_backup
from gateway.processing.upkeep.checkpointing import Checkpointing
from gateway.processing.upkeep.forgetting import Forgetting
from gateway.processing.upkeep.pruning import OutboxRetention
from gateway.processing.upkeep.publishing import Publishing
from gateway.processing.upkeep.standings import Standings

_BELL_S: Final = 1.0
LINGER_S: Final = 0.02
BUSY_MESSAGES_MIN: Final = 64
_APPLY_RETRY_S: Final = 0.5

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class ProcessOptions:
    """Where the other roles listen, and where the settings in force are told."""

    run_dir: Path

    @property
    def applied(self) -> Path:
        return self.run_dir / "applied.digest"


class ProcessRole:
    """Folds until told to stop; settings may be given anew meanwhile."""

    def __init__(  # what `app` composes
        self,
        options: ProcessOptions,
        reader: JournalReader,
        fold: Fold,
        submitter: Submitter,
        clock: Clock,
        checkpointing: Checkpointing | None = None,
        retention: OutboxRetention | None = None,
        publishing: Publishing | None = None,
        backups: Backups | None = None,
        standings: Standings | None = None,
    ) -> None:
        self._options = options
        self._checkpointing = checkpointing
        self._retention = retention
        self._publishing = publishing
        self._backups = backups
        self._standings = standings
        self._reader = reader
        self._fold = fold
        self._processor = Processor(reader, fold)
        self._forgetting = Forgetting(fold.state.store)
        self._submitter = submitter
        self._clock = clock
        self._metrics = ProcessMetrics()
        self._metrics.pending_devices_bound.set(PENDING_MAX)
        self._metrics.quarantine_items_bound.set(ITEMS_MAX)
        self._wanted: Wanted | None = None
        self._wanted_digest: str | None = None
        self._told_digest: str | None = None
        self._apply = asyncio.Event()
        self._asked: tuple[int, int | None] | None = None

    def want(self, wanted: Wanted) -> None:
        """Bring these settings into force: at start, and on SIGHUP."""
        self._wanted = wanted
        self._wanted_digest = wanted.digest()
        self._apply.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`: what is durable by then and not folded waits for a start."""
        run_dir = self._options.run_dir
        ringers = [Ringer(run_dir / f"{name}.bell") for name in ("deliver", "console")]
        ingest = Ringer(run_dir / "ingest.bell")
        if self._checkpointing:
            await self._checkpointing.before_fold()
        self._confirm()
        async with asyncio.TaskGroup() as group:
            with Doorbell(run_dir / "process.bell") as bell:
                beside = [group.create_task(work) for work in self._beside()]
                while not stop.is_set():
                    if not self._step():
                        self._ask_tick(ingest)
                        await bell.wait(_BELL_S)  # whoever sets `stop` rings, too
                        continue
                    for ringer in ringers:
                        ringer.ring()
                    self._tell_erased(ingest)
                    self._confirm()
                    await asyncio.sleep(self._pause_s())
                for task in beside:
                    task.cancel()
        for ringer in (*ringers, ingest):
            ringer.close()

    def _tell_erased(self, ingest: Ringer) -> None:
        """What was erased is to leave the logs and the journal, too."""
        state = self._fold.state
        if state.erased:
            state.erased = False
            self._forgetting.want()
            ingest.ring(REDACT)

    def _beside(self) -> Iterator[Coroutine[None, None, None]]:
        """What goes on beside the fold until it ends."""
        yield self._applying()
        yield self._figures()
        yield self._forgetting.run()
        if self._checkpointing:
            yield self._checkpointing.run()
        if self._backups:
            yield self._backups.run()
        if self._standings:
            yield self._standings.run()
        if self._publishing:
            yield self._publishing.run()
        if self._retention:
            yield self._retention.run(self._metrics.outbox_pruned.inc)

    def _pause_s(self) -> float:
        """Under load, let some blocks come together: fewer commits, larger batches.

        Neither when a press now and then should be quick, nor when behind.
        """
        if self._processor.folded < BUSY_MESSAGES_MIN or self._processor.behind:
            return 0
        return LINGER_S

    def _step(self) -> int:
        start_ms = self._clock.monotonic_ms()
        blocks = self._processor.step()
        if blocks:
            spent_ms = self._clock.monotonic_ms() - start_ms
            self._metrics.fold_seconds.observe(spent_ms / 1000)
            self._metrics.transactions.inc()
        if self._publishing:
            self._publishing.look()
        return blocks

    def _ask_tick(self, ingest: Ringer) -> None:
        """Tell ingest when the next timer is due: it appends a tick then."""
        due_ms = self._processor.next_due_ms
        if due_ms is None:
            return
        # What one block does not finish stays due: it calls for another one.
        asked = due_ms, self._processor.overdue_at
        if asked != self._asked:
            self._asked = asked if ingest.ring(str(due_ms).encode()) else None

    def _confirm(self) -> None:
        """Say which settings are folded, once they are the wanted ones."""
        digest = self._fold.state.settings_digest
        if digest != self._wanted_digest or digest == self._told_digest:
            return
        self._told_digest = digest
        path = self._options.applied
        with suppress(OSError):
            if path.read_text("ascii") == digest:
                return
        temporary = path.with_suffix(".new")
        temporary.write_text(digest, "ascii")
        temporary.replace(path)
        _log.info("settings_applied", digest=digest[:12])

    async def _applying(self) -> None:
        """Submit what differs, once all that is in the journal has been folded."""
        while True:
            await self._apply.wait()
            self._apply.clear()
            await self._caught_up()
            if self._wanted is None or not await self._submit(self._wanted):
                await asyncio.sleep(_APPLY_RETRY_S)
                self._apply.set()

    async def _caught_up(self) -> None:
        """Settings in force are known once all that is durable has been folded."""
        last = self._reader.last_number()
        while self._processor.block < last:  # noqa: ASYNC110 -- the fold is the loop's
            await asyncio.sleep(0.01)

    async def _submit(self, wanted: Wanted) -> bool:
        state = self._fold.state
        if state.settings_digest == self._wanted_digest:
            self._confirm()
            return True
        # First, for the settings will tell that this version folds.
        if self._checkpointing and not await self._checkpointing.record():
            return False
        try:
            for batch in changes(wanted, state.books, self._clock.wall_ms()):
                await self._submitter.submit(batch)
        except (TransientError, PermanentError) as error:
            _log.warning("settings_not_submitted", detail=str(error))
            return False
        return True

    async def _figures(self) -> None:
        path = self._options.run_dir / "process.prom"
        state, metrics = self._fold.state, self._metrics
        while True:
            metrics.folded_block.set(state.block)
            metrics.lag_blocks.set(max(0, self._reader.last_number() - state.block))
            metrics.deferred.set(state.fates["deferred", "rate"])
            metrics.pending_devices.set(state.pending)
            metrics.quarantine_items.set(state.kept_items)
            metrics.unknown_fields.inc(state.unknown_fields)
            state.unknown_fields = 0
            if self._checkpointing and (known := self._checkpointing.in_force):
                metrics.checkpoint_block.set(known.block)
            if backup := last_backup(state):
                metrics.backup.taken.set(backup.taken_ms / 1000)
                metrics.backup.size.set(backup.bytes)
            metrics.open_alerts.set(len(state.alerts))
            metrics.commands.open.set(self._fold.commanding.open)
            for outcome, count in self._fold.commanding.take_settled().items():
                metrics.commands.settled.labels(outcome).inc(count)
            with suppress(OSError):  # a full disk costs figures, never messages
                write_figures(path, metrics.registry)
            await asyncio.sleep(FIGURES_EVERY_S)
