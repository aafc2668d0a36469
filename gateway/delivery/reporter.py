"""Tells the journal in which state a sink is, so that the fold can raise an alert."""

import asyncio
from typing import Final

import msgspec
import structlog

from gateway.clock import Clock
from gateway.delivery.pace import SinkState
from gateway.errors import PermanentError, TransientError
from gateway.ports import Record, RecordKind, Submitter

log = structlog.get_logger("deliver")

ACT: Final = "sink_state_changed"
_PAUSE_S: Final = 1.0  # at most one record a second, whatever a sink does


class Reporter:
    """Keeps the newest state of each sink until the journal has it."""

    def __init__(self, submitter: Submitter, clock: Clock) -> None:
        self._submitter = submitter
        self._clock = clock
        self._news: dict[str, bytes] = {}
        self._rung = asyncio.Event()

    def changed(self, name: str, state: SinkState, error: str | None) -> None:
        news = {"name": name, "state": state.value, "error": error}
        self._news[name] = msgspec.json.encode(news)
        self._rung.set()

    async def run(self) -> None:
        """Submit what has changed, until cancelled."""
        while True:
            await self._rung.wait()
            self._rung.clear()
            await self._submit()
            await asyncio.sleep(_PAUSE_S)

    async def _submit(self) -> None:
        news = dict(self._news)
        now_ms = self._clock.wall_ms()
        records = [Record(RecordKind.ACT, ACT, it, now_ms) for it in news.values()]
        try:
            await self._submitter.submit(records)
        except (TransientError, PermanentError) as error:
            log.warning("sink_state_not_recorded", error=str(error))
            self._rung.set()
            return
        for name, payload in news.items():
            if self._news[name] == payload:
                del self._news[name]
