"""The role `ingest`: the intake and all that it needs around it, from start to stop.

Start: the journal is open and says `intake_resumed`; submissions are served and
`ingest.ready` says so; the settings in force are folded; then the link connects.
Stop: nothing more is taken, what is here is appended and acknowledged; the link parts
from the broker; its last acts are appended.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog

from gateway.clock import Clock
from gateway.ingress.gate import settings_folded
from gateway.ingress.intake import Intake
from gateway.ingress.receiver import Receiver
from gateway.ingress.session_mark import SessionMark
from gateway.ingress.ticks import Ticks
from gateway.ingress.upkeep import Keeper, Upkeep
from gateway.ingress.writing import JournalWriter
from gateway.ipc.doorbell import REDACT, Doorbell, Ringer
from gateway.ipc.intake import serving
from gateway.observability.metrics import FIGURES_EVERY_S, IngestMetrics, write_figures
from gateway.ports import Journal, Link, LinkListener

_BELL_S: Final = 60.0

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class IngestOptions:
    """Paths, bounds and deadlines; `session_name` is client id and broker."""

    run_dir: Path
    session_mark: Path
    session_name: str
    settings_digest: str
    receive_max: int
    buffered_bytes_max: int
    block_records_max: int
    block_delay_ms_max: int
    gate_timeout_ms: int = 30_000
    drain_timeout_ms: int = 5000


async def run_ingest(  # noqa: PLR0913 - what `app` composes
    options: IngestOptions,
    journal: Journal,
    make_link: Callable[[LinkListener], Link],
    stop: asyncio.Event,
    *,
    clock: Clock,
    free_reserve: Callable[[], None] = lambda: None,
    upkeep: Upkeep | None = None,
) -> None:
    """Serve until `stop`. The journal was opened, and is closed, by the caller."""
    metrics = IngestMetrics(journal.head)
    metrics.unacknowledged_bound.set(options.receive_max)
    writer = JournalWriter(journal, clock, metrics, free_reserve=free_reserve)
    ringer = Ringer(options.run_dir / "process.bell")
    intake = Intake(
        receiver=Receiver(
            options.block_records_max, options.block_delay_ms_max, options.receive_max
        ),
        writer=writer,
        ticks=Ticks(journal.head, wall_ms=clock.wall_ms(), now_ms=clock.monotonic_ms()),
        clock=clock,
        metrics=metrics,
        buffered_bytes_max=options.buffered_bytes_max,
        ring=ringer.ring,
        remember_session=SessionMark(
            options.session_mark, options.session_name
        ).remember,
    )
    link = make_link(intake)
    intake.attach(link)
    gate_timeout_ms = options.gate_timeout_ms if journal.head else None
    intake.note("intake_resumed")
    keeper = None
    if upkeep:
        told = intake.appended_beside
        keeper = Keeper(upkeep, writer, intake.note, clock, metrics, appended=told)
    role = _Role(options, intake, link, clock, metrics, gate_timeout_ms, stop, keeper)
    try:
        await role.run()
    finally:
        if keeper:
            keeper.close()
        writer.close()
        ringer.close()


@dataclass(frozen=True)
class _Role:
    options: IngestOptions
    intake: Intake
    link: Link
    clock: Clock
    metrics: IngestMetrics
    gate_timeout_ms: int | None
    stop: asyncio.Event
    keeper: Keeper | None

    async def run(self) -> None:
        run_dir = self.options.run_dir
        async with asyncio.TaskGroup() as group:
            appending = group.create_task(self.intake.run())
            figures = group.create_task(self._figures())
            async with serving(run_dir / "ingest.sock", self.intake.submit):
                with (
                    Doorbell(run_dir / "ingest.bell") as bell,
                    _ready(run_dir / "ingest.ready"),
                ):
                    listening = group.create_task(self._listen(bell))
                    linking = group.create_task(self._connect())
                    keeping = [group.create_task(work) for work in self._upkeep()]
                    await self.stop.wait()
                    for task in (listening, *keeping):
                        task.cancel()
                drained = await self.intake.drain(self.options.drain_timeout_ms)
            self.link.stop()
            await linking
            self.intake.stop()
            await appending
            figures.cancel()
            _log.info("intake_stopped", drained=drained)

    def _upkeep(self) -> list[Coroutine[None, None, None]]:
        keeper = self.keeper
        return [keeper.prune(), keeper.check(), keeper.redact()] if keeper else []

    async def _connect(self) -> None:
        self.metrics.settings_gate.set(1)
        folded = await settings_folded(
            self.options.run_dir / "applied.digest",
            self.options.settings_digest,
            clock=self.clock,
            timeout_ms=self.gate_timeout_ms,
            stopped=self.stop.is_set,
        )
        self.metrics.settings_gate.set(0)
        if self.stop.is_set():
            return
        if not folded:
            _log.error("settings_gate_expired")
            self.intake.note("settings_gate_expired")
        await self.link.run()

    async def _listen(self, bell: Doorbell) -> None:
        """The processor rings with the time of its next timer, or with `REDACT`."""
        while True:
            for payload in await bell.wait(_BELL_S):
                if payload.isdigit():
                    self.intake.ask_tick(int(payload))
                elif payload == REDACT and self.keeper:
                    self.keeper.want_redaction()

    async def _figures(self) -> None:
        path = self.options.run_dir / "ingest.prom"
        while True:
            self.intake.show()
            with suppress(OSError):  # a full disk costs figures, never messages
                write_figures(path, self.metrics.registry)
            await asyncio.sleep(FIGURES_EVERY_S)


@contextmanager
def _ready(path: Path) -> Iterator[None]:
    """The file that tells the other roles to start."""
    path.touch(mode=0o600)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
