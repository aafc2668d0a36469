"""A scrape: the stores' figures and what the other roles exported, as one text."""

from pathlib import Path
from threading import Lock
from typing import Final

from prometheus_client import generate_latest

from gateway.console.items import Pipeline
from gateway.console.live import Live
from gateway.console.logins import LogIns
from gateway.console.pipeline import PipelineReader
from gateway.console.throttle import Throttle
from gateway.errors import TransientError
from gateway.observability.canary_metrics import CanaryMetrics
from gateway.observability.exposition import RoleExports
from gateway.observability.metrics import ConsoleMetrics
from gateway.observability.processes import RoleProcesses
from gateway.queries import LedgerQueries

FATES: Final = (
    "accepted",
    "duplicate",
    "conflict",
    "quarantined",
    "ignored",
    "deferred",
)

_WELL: Final = frozenset({"ok", "waiting"})


class Scrape:
    """Reads the stores afresh at each call; without them the roles' figures remain."""

    def __init__(
        self,
        pipeline: PipelineReader,
        ledger: LedgerQueries,
        live: Live,
        run_dir: Path,
        entrance: tuple[LogIns, Throttle],
    ) -> None:
        self._pipeline = pipeline
        self._ledger = ledger
        self._live = live
        self._logins, self._throttle = entrance
        self._lock = Lock()
        self._metrics = ConsoleMetrics()
        self._canaries = CanaryMetrics(self._metrics.registry)
        self._metrics.registry.register(RoleExports(run_dir))
        self._metrics.registry.register(RoleProcesses(run_dir))

    def text(self) -> bytes:
        try:
            figures, canaries = self._pipeline.read(), self._ledger.canaries()
        except TransientError:
            figures, canaries = None, []
        with self._lock:
            self._metrics.readable.set(figures is not None)
            self._metrics.listeners.set(self._live.listening)
            self._metrics.listeners_dropped.set(self._live.dropped)
            self._metrics.logins.set(len(self._logins))
            self._metrics.passwords_refused.set(self._throttle.refused)
            if figures is not None:
                self._show(figures)
            self._canaries.show(
                (row.site, row.sink or "journal", row.delay_ms, row.health in _WELL)
                for row in canaries
            )
            return generate_latest(self._metrics.registry)

    def _show(self, figures: Pipeline) -> None:
        metrics = self._metrics
        metrics.received.set(figures.received)
        metrics.journal_block.set(figures.journal.block)
        metrics.journal_bytes.set(figures.journal.bytes)
        metrics.processed_block.set(figures.processed_block)
        for fate in FATES:
            metrics.show_fate(fate, getattr(figures, fate))
        metrics.forget_sinks()
        for sink in figures.sinks:
            metrics.show_sink(
                sink.name,
                sink.lag_s,
                addressed=sink.addressed,
                delivered=sink.delivered,
                owed=sink.owed,
                dead=sink.dead,
            )
