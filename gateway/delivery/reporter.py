"""Tells the journal how sinks are: in which state, and what a day came to."""

import asyncio
from typing import Final

import msgspec
import structlog

from gateway.acts import SINK_COUNTS, SinkCountsAct
from gateway.clock import Clock
from gateway.delivery.pace import SinkState
from gateway.errors import PermanentError, TransientError
from gateway.ports import Record, RecordKind, Submitter

log = structlog.get_logger("deliver")

ACT: Final = "sink_state_changed"
_DAYS_MAX: Final = 31
"""Days whose counts wait for the journal; the fold asks again for what it lacks."""
_PAUSE_S: Final = 1.0  # at most one record a second, whatever a sink does


class Reporter:
    """Keeps the newest state of each sink, and counts, until the journal has them."""

    def __init__(self, submitter: Submitter, clock: Clock) -> None:
        self._submitter = submitter
        self._clock = clock
        self._news: dict[tuple[str, str], bytes] = {}  # act, what it is about
        self._rung = asyncio.Event()

    def changed(self, name: str, state: SinkState, error: str | None) -> None:
        news = {"name": name, "state": state.value, "error": error}
        self._news[ACT, name] = msgspec.json.encode(news)
        self._rung.set()

    def counted(self, counts: SinkCountsAct) -> None:
        """What became of all that was addressed to sinks up to a day's end."""
        self._news[SINK_COUNTS, str(counts.day)] = msgspec.json.encode(counts)
        days = [key for key in self._news if key[0] == SINK_COUNTS]
        for key in days[:-_DAYS_MAX]:
            del self._news[key]
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
        records = [
            Record(RecordKind.ACT, act, payload, now_ms)
            for (act, _), payload in news.items()
        ]
        try:
            await self._submitter.submit(records)
        except (TransientError, PermanentError) as error:
            log.warning("sink_state_not_recorded", error=str(error))
            self._rung.set()
            return
        for key, payload in news.items():
            if self._news.get(key) == payload:
                del self._news[key]
