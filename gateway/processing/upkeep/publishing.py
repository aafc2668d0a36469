"""Calendars that sites follow and no record tells of: their days become records."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Final

import structlog

from gateway.clock import Clock
from gateway.errors import PermanentError, TransientError
from gateway.ports import Submitter
from gateway.processing.applying import calendar_record
from gateway.processing.state import State

RETRY_S: Final = 0.5

Publish = Callable[[str], Mapping[str, Any]]
"""The day table of a calendar; raises PermanentError where nobody publishes it."""

_log = structlog.get_logger(__name__)


class Publishing:
    """Submits the day tables that are missing, each once while this process runs.

    At most as many are remembered as there are codes of two letters.
    """

    def __init__(
        self, state: State, submitter: Submitter, clock: Clock, publish: Publish
    ) -> None:
        self._state, self._submitter = state, submitter
        self._clock, self._publish = clock, publish
        self._done: set[str] = set()
        self._missing = asyncio.Event()

    def look(self) -> None:
        """After each step of the fold: whether any day table is missing now."""
        if self._state.rulings.unpublished - self._done:
            self._missing.set()

    async def run(self) -> None:
        while True:
            await self._missing.wait()
            self._missing.clear()
            for name in sorted(self._state.rulings.unpublished - self._done):
                await self._submit(name)

    async def _submit(self, name: str) -> None:
        try:
            table = await asyncio.to_thread(self._publish, name)
            record = calendar_record(name, table, self._clock.wall_ms())
            await self._submitter.submit([record])
        except TransientError as error:
            _log.warning("calendar_not_submitted", name=name, detail=str(error))
            await asyncio.sleep(RETRY_S)
            self._missing.set()
            return
        except PermanentError as error:
            _log.warning("calendar_not_published", name=name, detail=str(error))
        self._done.add(name)
