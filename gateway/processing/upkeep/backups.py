"""When a backup is due, and how it comes to be known that one was taken, or was not.

By the journal's time, `every_hours` after the one before; what failed is tried again
after an hour. How one is made, `app` knows: it spans all stores.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import msgspec
import structlog

from gateway.clock import Clock
from gateway.errors import PermanentError, TransientError
from gateway.ports import Record, RecordKind, Submitter
from gateway.processing.state import State

BACKUP_TAKEN: Final = "backup_taken"
BACKUP_FAILED: Final = "backup_failed"
SETTING: Final = "backup"
"""Holds the last good one, a `TakenBackup`."""

HOUR_MS: Final = 3_600_000
_LOOK_EVERY_S: Final = 60.0
_SUBMIT_RETRY_S: Final = 5.0

_log = structlog.get_logger(__name__)


class TakenBackup(msgspec.Struct, frozen=True):
    """`backup_taken`: begun at `taken_ms`, it holds the journal up to `block`."""

    name: str
    taken_ms: int
    block: int
    bytes: int


class InterruptedBackupError(Exception):
    """Somebody asked to stop: nothing of it counts."""


class Backups:
    """Takes them in a thread of its own while the fold goes on.

    `take` makes one, and raises TransientError, PermanentError or, after `interrupt`,
    InterruptedBackupError.
    """

    def __init__(
        self,
        take: Callable[[], TakenBackup],
        interrupt: Callable[[], None],
        every_hours: int,
        state: State,
        submitter: Submitter,
        clock: Clock,
    ) -> None:
        self._take = take
        self._interrupt = interrupt
        self._every_ms = every_hours * HOUR_MS
        self._state = state
        self._submitter = submitter
        self._clock = clock
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="backup")
        self._untold: Record | None = None
        self._retry_ms = 0  # monotonic

    @property
    def last(self) -> TakenBackup | None:
        """The last good one whose record was folded."""
        return last_backup(self._state)

    def due(self) -> bool:
        """Whether it is time; never while the journal's own is suspect."""
        state, last = self._state, self.last
        if not state.block or state.suspect or not state.settings_digest:
            return False
        return last is None or state.now_ms - last.taken_ms >= self._every_ms

    async def run(self) -> None:
        """Take and tell what is due, until cancelled."""
        while True:
            told = await self.step()
            await asyncio.sleep(_LOOK_EVERY_S if told else _SUBMIT_RETRY_S)

    async def step(self) -> bool:
        """Take what is due and tell it; False when that has to be tried again."""
        idle = self._untold is None and self._clock.monotonic_ms() >= self._retry_ms
        if idle and self.due():
            await self._try()
        return await self._tell()

    def close(self) -> None:
        """Break off one that is being made."""
        self._interrupt()
        self._worker.shutdown()

    async def _try(self) -> None:
        loop = asyncio.get_running_loop()
        began_ms = self._clock.monotonic_ms()
        self._retry_ms = began_ms + HOUR_MS
        try:
            taken = await loop.run_in_executor(self._worker, self._take)
        except InterruptedBackupError:
            return
        except (TransientError, PermanentError) as error:
            _log.error(BACKUP_FAILED, detail=str(error))
            self._untold = _act(BACKUP_FAILED, {"reason": str(error)}, self._clock)
            return
        took_ms = self._clock.monotonic_ms() - began_ms
        _log.info(BACKUP_TAKEN, name=taken.name, bytes=taken.bytes, took_ms=took_ms)
        self._retry_ms = 0
        self._untold = taken_record(taken, self._clock.wall_ms())

    async def _tell(self) -> bool:
        if self._untold is None:
            return True
        try:
            await self._submitter.submit([self._untold])
        except (TransientError, PermanentError) as error:
            _log.warning("backup_not_recorded", detail=str(error))
            return False
        self._untold = None
        return True


def last_backup(state: State) -> TakenBackup | None:
    """The last good one that this ledger knows."""
    text = state.books.setting(SETTING)
    return None if text is None else msgspec.json.decode(text, type=TakenBackup)


def taken_record(taken: TakenBackup, now_ms: int) -> Record:
    """Tells of a good one."""
    payload = msgspec.json.encode(taken)
    return Record(RecordKind.ACT.value, BACKUP_TAKEN, payload, now_ms)


def _act(name: str, data: dict[str, str], clock: Clock) -> Record:
    payload = msgspec.json.encode(data)
    return Record(RecordKind.ACT.value, name, payload, clock.wall_ms())
