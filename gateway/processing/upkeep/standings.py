"""How sinks stand: told by a record, so that the time series can tell it.

At most once a minute, and only while one is behind, or when something has changed: what
flows needs no word, and an idle gateway writes nothing for it.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

import msgspec
import structlog

from gateway.clock import Clock
from gateway.errors import PermanentError, TransientError
from gateway.ports import Record, RecordKind, Submitter
from gateway.queries.asking import QueryDeadlineError, StoreAbsentError

SINK_STANDINGS: Final = "sink_standings"
BEHIND_MS: Final = 5_000
"""What is owed for less than this is on its way."""

_EVERY_S: Final = 60.0

_log = structlog.get_logger(__name__)


class Standing(msgspec.Struct, frozen=True):
    """What became of all that was addressed to a sink; the oldest owed is `lag_ms` old.

    `dead` includes what was given up.
    """

    name: str
    delivered: int
    dead: int
    owed: int
    lag_ms: int

    @property
    def behind(self) -> bool:
        return self.lag_ms >= BEHIND_MS


class StandingsAct(msgspec.Struct, frozen=True):
    """`sink_standings`: of every sink."""

    sinks: list[Standing]


class Standings:
    """Looks once a minute; `read` may block, and runs in a thread."""

    def __init__(
        self, read: Callable[[], Sequence[Standing]], submitter: Submitter, clock: Clock
    ) -> None:
        self._read = read
        self._submitter = submitter
        self._clock = clock
        self._told: dict[str, tuple[int, bool]] | None = None

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(_EVERY_S)
            await self.step()

    async def step(self) -> None:
        """Look, and tell what there is to tell; what failed is told a minute later."""
        try:
            sinks = await asyncio.to_thread(self._read)
            now = {one.name: (one.dead, one.behind) for one in sinks}
            if now == self._told and not any(one.behind for one in sinks):
                return
            payload = msgspec.json.encode(StandingsAct(list(sinks)))
            at_ms = self._clock.wall_ms()
            record = Record(RecordKind.ACT.value, SINK_STANDINGS, payload, at_ms)
            await self._submitter.submit([record])
            self._told = now
        except (StoreAbsentError, QueryDeadlineError):
            return
        except (TransientError, PermanentError) as error:
            _log.warning("standings_not_recorded", detail=str(error))
