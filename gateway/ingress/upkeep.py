"""What ingest does for the journal beside its work, slowly: prune it, read it again.

Blocks go when they are older than the retention and lie in a checkpoint in force. All
bodies are read again over the day: bits rot where nobody looks.
"""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Protocol, TypeVar

import structlog

from gateway.clock import Clock
from gateway.ingress.writing import JournalWriter
from gateway.observability.metrics import IngestMetrics
from gateway.ports import Header, HeaderFlag

PRUNED_A_STEP: Final = 200
DAY_MS: Final = 86_400_000
_NOTES_MAX: Final = 100
_PRUNE_LOOK_EVERY_S: Final = 600.0
_PRUNE_STEP_EVERY_S: Final = 1.0
_CHECK_PAUSE_S_MAX: Final = 600.0
_CHECK_SHARE: Final = 50
"""Of fifty milliseconds, checking may take one."""

_log = structlog.get_logger(__name__)

Answer = TypeVar("Answer")

Found = tuple[str, int, int]
"""What is wrong, from which block, to which."""


class Checked(Protocol):
    """What one step of a check found; it did `blocks` of `total`."""

    @property
    def found(self) -> Sequence[Found]: ...

    @property
    def blocks(self) -> int: ...

    @property
    def total(self) -> int: ...


class Check(Protocol):
    """Goes over the journal again and again, a little at each step."""

    def step(self) -> Checked: ...


@dataclass(frozen=True)
class Upkeep:
    """The work itself; each may block, and runs in a thread.

    `prunable` gives the last block that a sound checkpoint covers, 0 for none. `prune`
    deletes blocks below a number and older than a time, at most so many; how many. It
    is the journal's own, so that it waits for appends and they for it. `redact` takes
    out what was erased, a portion, and gives the block that tells of it; `cleaned`
    says whether nothing of it is left beside the journal.
    """

    prunable: Callable[[], int]
    prune: Callable[[int, int, int], int]
    check: Check
    retention_days: int
    redact: Callable[[], Header | None] = lambda: None
    cleaned: Callable[[], bool] = lambda: True


class Keeper:
    """Steps the upkeep; `note` records what a check finds."""

    def __init__(  # noqa: PLR0913 -- what it connects
        self,
        upkeep: Upkeep,
        writer: JournalWriter,
        note: Callable[..., None],
        clock: Clock,
        metrics: IngestMetrics,
        *,
        appended: Callable[[Header], object] = lambda _: None,
    ) -> None:
        self._appended = appended
        self._wanted = asyncio.Event()
        self._upkeep = upkeep
        self._writer = writer
        self._note = note
        self._clock = clock
        self._metrics = metrics
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="upkeep")
        self._noted: set[Found] = set()

    async def prune(self) -> None:
        """Until cancelled."""
        while True:
            pruned = await self.prune_once()
            full = pruned >= PRUNED_A_STEP
            await asyncio.sleep(_PRUNE_STEP_EVERY_S if full else _PRUNE_LOOK_EVERY_S)

    async def prune_once(self) -> int:
        """One portion; how many blocks went."""
        head = self._writer.head
        if head is None or head.flags & HeaderFlag.CLOCK_SUSPECT:
            return 0  # nothing expires by a time that is not believed
        covered = await self._beside(self._upkeep.prunable)
        if not covered:
            return 0
        before_ms = head.appended_ms - self._upkeep.retention_days * DAY_MS
        pruned = await self._writer.prune(
            lambda: self._upkeep.prune(covered + 1, PRUNED_A_STEP, before_ms)
        )
        self._metrics.upkeep.blocks_pruned.inc(pruned)
        return pruned

    def want_redaction(self) -> None:
        """Something was erased: look at once."""
        self._wanted.set()

    async def redact(self) -> None:
        """Until cancelled: at the start, when asked to, and now and then."""
        while True:
            self._wanted.clear()
            while await self.redact_once():
                pass
            done = self._upkeep.cleaned()
            with suppress(TimeoutError):
                async with asyncio.timeout(
                    _PRUNE_LOOK_EVERY_S if done else _PRUNE_STEP_EVERY_S
                ):
                    await self._wanted.wait()

    async def redact_once(self) -> bool:
        """One portion; whether there was any."""
        header = await self._writer.redact(self._upkeep.redact)
        if header is None:
            return False
        self._metrics.upkeep.blocks_redacted.inc(header.records)
        _log.info("journal_redacted", blocks=header.records, told=header.number)
        self._appended(header)
        return True

    async def check(self) -> None:
        """Until cancelled; a day for all, and never more than its share."""
        while True:
            began_ms = self._clock.monotonic_ms()
            checked = await self.check_once()
            took_ms = self._clock.monotonic_ms() - began_ms
            await asyncio.sleep(pause_s(checked, took_ms))

    async def check_once(self) -> Checked:
        """One step; each finding is recorded once in the life of the process."""
        checked = await self._beside(self._upkeep.check.step)
        self._metrics.upkeep.blocks_checked.inc(checked.blocks)
        for found in checked.found:
            if found not in self._noted and len(self._noted) < _NOTES_MAX:
                self._noted.add(found)
                kind, first, last = found
                _log.error("journal_damaged", kind=kind, first=first, last=last)
                self._note("journal_damaged", kind=kind, first=first, last=last)
        return checked

    def close(self) -> None:
        """Wait for the step under way."""
        self._worker.shutdown()

    async def _beside(self, work: Callable[[], Answer]) -> Answer:
        return await asyncio.get_running_loop().run_in_executor(self._worker, work)


def pause_s(checked: Checked, took_ms: int) -> float:
    share_s = took_ms * (_CHECK_SHARE - 1) / 1000
    even_s = DAY_MS / 1000 * max(checked.blocks, 1) / max(checked.total, 1)
    return max(share_s, min(even_s, _CHECK_PAUSE_S_MAX), 1.0)
