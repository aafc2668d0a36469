"""Tells the journal how sinks are: their state, their days, what was given up."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Final

import msgspec
import structlog

from gateway.acts import (
    CANARIES_ARRIVED,
    SINK_COUNTS,
    CanariesArrivedAct,
    CanaryArrival,
    SinkCountsAct,
)
from gateway.clock import Clock
from gateway.delivery.pace import SinkState
from gateway.errors import PermanentError, TransientError
from gateway.ports import Record, RecordKind, Submitter

log = structlog.get_logger("deliver")

STATE: Final = "sink_state_changed"
GAVE_UP: Final = "events_given_up"
_DAYS_MAX: Final = 31
"""Days whose counts wait for the journal; the fold asks again for what it lacks."""
_PAUSE_S: Final = 1.0  # at most one record a second, whatever a sink does


class Reporter:
    """Keeps the newest word of each kind until the journal has it."""

    def __init__(self, submitter: Submitter, clock: Clock) -> None:
        self._submitter = submitter
        self._clock = clock
        self._news: dict[tuple[str, str], bytes] = {}  # act, what it is about
        self._given_up: Counter[str] = Counter()
        self._arrivals: dict[tuple[str, str], CanaryArrival] = {}  # by sink and ghost
        self._rung = asyncio.Event()

    def changed(self, name: str, state: SinkState, error: str | None) -> None:
        self._tell(STATE, name, {"name": name, "state": state.value, "error": error})

    def gave_up(self, name: str, count: int, why: str) -> None:
        """So many events more were owed beyond the bounds."""
        self._given_up[name] += count
        news = {"name": name, "count": self._given_up[name], "why": why}
        self._tell(GAVE_UP, name, news)

    def counted(self, counts: SinkCountsAct) -> None:
        """What became of all that was addressed to sinks up to a day's end."""
        self._tell(SINK_COUNTS, str(counts.day), counts)
        days = [key for key in self._news if key[0] == SINK_COUNTS]
        for key in days[:-_DAYS_MAX]:
            del self._news[key]

    def arrived(self, arrivals: Sequence[CanaryArrival]) -> None:
        """Sinks took canaries; of each ghost the newest press is told."""
        for one in arrivals:
            self._arrivals[one.sink, one.device_id] = one
        newest = list(self._arrivals.values())
        self._tell(CANARIES_ARRIVED, "", CanariesArrivedAct(newest))

    def _tell(self, act: str, about: str, news: object) -> None:
        self._news[act, about] = msgspec.json.encode(news)
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
        if (CANARIES_ARRIVED, "") not in self._news:
            self._arrivals.clear()
