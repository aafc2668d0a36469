"""Live events for any number of listeners, at the cost of one reader.

Each listener has a bounded queue: who does not keep up is told so, last, and dropped.
While nobody listens nothing is read.
"""

import asyncio
from collections import deque
from http import HTTPStatus
from typing import Final

import structlog
from starlette.concurrency import run_in_threadpool

from gateway.clock import Clock
from gateway.console.problems import ProblemError
from gateway.console.watching import Message, Watcher, gap
from gateway.errors import TransientError

LISTENERS_MAX: Final = 64
QUEUE_MAX: Final = 2_000
LOOK_S: Final = 0.25
LOOKS_A_SECOND: Final = 4
HEARTBEAT_S: Final = 15.0
HEARTBEAT: Final = b": still here\n\n"
_RETRY_AFTER: Final = {"Retry-After": "5"}

log = structlog.get_logger("console")


class Listener:
    """What one client has yet to be sent; `sites` is None for the whole gateway."""

    def __init__(self, sites: frozenset[str] | None, after: int) -> None:
        self.after = after
        """The block from which on the reader tells it by itself."""
        self._sites = sites
        self._queue: deque[bytes] = deque()
        self._filled = asyncio.Event()
        self._ends = False

    def concerns(self, message: Message) -> bool:
        return message.general or self._sites is None or message.site in self._sites

    def give(self, frame: bytes) -> bool:
        """Queue a frame; False when this listener is too slow and is given up."""
        if self._ends:
            return True
        if len(self._queue) >= QUEUE_MAX:
            self.end("too_slow")
            return False
        self._queue.append(frame)
        self._filled.set()
        return True

    def end(self, reason: str) -> None:
        """Tell nothing more but why."""
        if not self._ends:
            self._ends = True
            self._queue.clear()
            self._queue.append(Message("end", f'{{"reason":"{reason}"}}').frame())
            self._filled.set()

    async def next(self) -> bytes | None:
        """The next frames, a heartbeat when there are none, None after the last."""
        if not self._queue:
            if self._ends:
                return None
            self._filled.clear()
            try:
                await asyncio.wait_for(self._filled.wait(), HEARTBEAT_S)
            except TimeoutError:
                return HEARTBEAT
        frames = b"".join(self._queue)
        self._queue.clear()
        return frames


class Live:
    """Looks into the stores for all listeners."""

    def __init__(self, watcher: Watcher, clock: Clock) -> None:
        self._watcher = watcher
        self._clock = clock
        self._listeners: set[Listener] = set()
        self._somebody = asyncio.Event()
        self._joining = asyncio.Lock()
        self._block = 0
        self._looks = 0
        self._stopped = False
        self.dropped = 0

    @property
    def listening(self) -> int:
        return len(self._listeners)

    async def join(
        self, sites: frozenset[str] | None, last: tuple[int, int] | None
    ) -> Listener:
        """Listen from now on, or behind the (block, index) that was heard last.

        Raises ProblemError when there are too many listeners, or the console ends.
        """
        async with self._joining:
            if self._stopped or len(self._listeners) >= LISTENERS_MAX:
                detail = f"{LISTENERS_MAX} clients listen already, or the console ends."
                code = HTTPStatus.SERVICE_UNAVAILABLE
                raise ProblemError(
                    code, "too_many_listeners", detail, headers=_RETRY_AFTER
                )
            if not self._listeners:
                self._block = await run_in_threadpool(self._watcher.head)
            listener = Listener(sites, self._block)
            self._listeners.add(listener)
            if last is not None:
                await self._catch_up(listener, *last)
            self._somebody.set()
            return listener

    def leave(self, listener: Listener) -> None:
        self._listeners.discard(listener)
        if not self._listeners:
            self._somebody.clear()

    async def run(self, stop: asyncio.Event) -> None:
        """Look while somebody listens, until `stop` is set; then tell them the end."""
        async with asyncio.TaskGroup() as group:
            looking = group.create_task(self._look_on())
            await stop.wait()
            looking.cancel()
        self._stopped = True
        for listener in self._listeners:
            listener.end("stopping")

    async def look(self) -> None:
        """One look, and what belongs to it once a second."""
        self._looks += 1
        try:
            await self._tell_what_happened()
            if self._looks % LOOKS_A_SECOND == 1:
                self._tell(await run_in_threadpool(self._watcher.figures))
                now_ms = self._clock.wall_ms()
                for one in await run_in_threadpool(self._watcher.presences, now_ms):
                    self._tell(one)
        except TransientError as error:  # a store is busy, or not made yet
            log.debug("live_not_read", detail=str(error))

    async def _look_on(self) -> None:
        while True:
            await self._somebody.wait()
            await self.look()
            await asyncio.sleep(LOOK_S)

    async def _tell_what_happened(self) -> None:
        async with self._joining:  # who joins knows from which block on
            found = await run_in_threadpool(self._watcher.happened, self._block)
            self._block = found.block
            for message in found.messages:
                self._tell(message)

    def _tell(self, message: Message) -> None:
        frame = message.frame()
        for listener in self._listeners:
            if listener.concerns(message) and not listener.give(frame):
                self.dropped += 1

    async def _catch_up(self, listener: Listener, block: int, index: int) -> None:
        """What came since then; when that is too much, that something is missing."""
        found = await run_in_threadpool(
            self._watcher.happened, block, index, listener.after
        )
        if found.block < listener.after:
            listener.give(gap(None).frame())
            return
        for message in found.messages:
            if listener.concerns(message):
                listener.give(message.frame())
