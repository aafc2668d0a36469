"""When the ledger is copied, and how the copy comes into force.

Once a day of the journal's time, so that neither a start nor a proof nor a prune has
more than a day to look at; and before a fold of another version touches the ledger,
because what was folded before can be repeated by the old version alone.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import msgspec
import structlog

from gateway.clock import Clock
from gateway.crashpoints import reach
from gateway.errors import PermanentError, TransientError
from gateway.ledger.checkpoints import (
    SETTING,
    Checkpoint,
    Checkpoints,
    InterruptedCheckpointError,
)
from gateway.ledger.snapshot import fold_version
from gateway.ports import JournalReader, Record, RecordKind, Submitter
from gateway.processing.applying import FOLD_VERSION
from gateway.processing.state import DAY_MS, State

_LOOK_EVERY_S: Final = 60.0
_SUBMIT_RETRY_S: Final = 5.0
_RETRY_MS: Final = 3_600_000

_log = structlog.get_logger(__name__)


class Checkpointing:
    """Copies in a thread of its own while the fold goes on."""

    def __init__(
        self,
        checkpoints: Checkpoints,
        state: State,
        reader: JournalReader,
        submitter: Submitter,
        clock: Clock,
    ) -> None:
        self._checkpoints = checkpoints
        self._state = state
        self._reader = reader
        self._submitter = submitter
        self._clock = clock
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="checkpoint")
        self._unrecorded: Checkpoint | None = None
        self._retry_ms = 0  # monotonic
        self._began_ms: int | None = None

    async def before_fold(self) -> None:
        """Keep what another version has folded; nothing of it is folded again here.

        Raises:
            PermanentError: a newer version folded this ledger, or it cannot be copied.
            TransientError: there is no room for the copy.

        """
        found = fold_version(self._state.books.setting("gateway"))
        if self._state.block == 0 or found in {None, FOLD_VERSION}:
            return
        assert found is not None
        if found > FOLD_VERSION:
            raise PermanentError(
                f"the ledger was folded by fold version {found}, this is"
                f" {FOLD_VERSION}: install the version that wrote it, or a newer one"
            )
        known = self.in_force
        if known is None or known.fold_version != FOLD_VERSION:
            await self._take()

    @property
    def in_force(self) -> Checkpoint | None:
        """The checkpoint whose record was folded last."""
        text = self._state.books.setting(SETTING)
        return None if text is None else msgspec.json.decode(text, type=Checkpoint)

    def due(self) -> bool:
        """Whether a day has passed in the journal, or a copy holds what is erased.

        Never while its time is suspect.
        """
        state = self._state
        if not state.block or state.suspect or self._unrecorded is not None:
            return False
        if self._checkpoints.older_than(state.erasures.last_block()):
            known = self.in_force
            if known is None or known.block < state.erasures.last_block():
                return True
        since_ms = self._since_ms()
        return since_ms is not None and state.now_ms - since_ms >= DAY_MS

    async def run(self) -> None:
        """Take and record what is due, until cancelled."""
        while True:
            recorded = await self.step()
            await asyncio.sleep(_LOOK_EVERY_S if recorded else _SUBMIT_RETRY_S)

    async def step(self) -> bool:
        """Take what is due and record it; False when that has to be tried again."""
        self._forget()
        if self.due() and self._clock.monotonic_ms() >= self._retry_ms:
            await self._try()
        return await self.record()

    async def record(self) -> bool:
        """Submit what was taken; False when that has to be tried again."""
        taken = self._unrecorded
        if taken is None:
            return True
        payload = msgspec.json.encode(taken)
        now_ms = self._clock.wall_ms()
        record = Record(RecordKind.ACT.value, "checkpoint_taken", payload, now_ms)
        try:
            await self._submitter.submit([record])
        except (TransientError, PermanentError) as error:
            _log.warning("checkpoint_not_recorded", detail=str(error))
            return False
        self._unrecorded = None
        return True

    def close(self) -> None:
        """Break off a copy that is being made: it is made anew another time."""
        self._checkpoints.interrupt()
        self._worker.shutdown()

    async def _try(self) -> None:
        try:
            await self._take()
        except InterruptedCheckpointError:
            return
        except (TransientError, PermanentError) as error:
            _log.error("checkpoint_failed", detail=str(error))
            self._retry_ms = self._clock.monotonic_ms() + _RETRY_MS

    async def _take(self) -> None:
        began_ms = self._clock.monotonic_ms()
        loop = asyncio.get_running_loop()
        take = self._checkpoints.take
        taken = await loop.run_in_executor(self._worker, take, FOLD_VERSION)
        took_ms = self._clock.monotonic_ms() - began_ms
        _log.info("checkpoint_taken", block=taken.block, took_ms=took_ms)
        self._unrecorded = taken

    def _forget(self) -> None:
        """Delete copies from before the last erasure, once a later one is in force."""
        erased, known = self._state.erasures.last_block(), self.in_force
        if known is not None and known.block >= erased:
            reach("erase.before_checkpoints")
            self._checkpoints.drop_older_than(erased)

    def _since_ms(self) -> int | None:
        """The last checkpoint, or the beginning of the journal."""
        known = self.in_force
        if known is not None:
            return known.at_ms
        if self._began_ms is None:
            for block in self._reader.blocks(0, 1):
                self._began_ms = block.header.appended_ms
        return self._began_ms
