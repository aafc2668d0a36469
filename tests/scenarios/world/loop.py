"""The event loop of one simulated process: the world runs its callbacks one by one.

It implements as much of asyncio as the roles use. Time is the world's clock; streams
go over the world's network; a thread's work is done at a moment that the dice choose.
"""

import asyncio
import heapq
import select
import socket
from collections import deque
from collections.abc import Callable, Coroutine
from contextlib import suppress
from contextvars import Context
from typing import Any

from tests.scenarios.world.network import Listener, Network

_THREAD_MS_MAX = 4
_SLOW_THREAD_MS_MAX = 400
_CLOSINGS = 5  # a coroutine that waits in its `finally` has to be closed again


class ProcessLoop(asyncio.AbstractEventLoop):
    """Callbacks in the order given, as asyncio has them; timers, readers, streams."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._ready: deque[asyncio.Handle] = deque()
        self._timers: list[tuple[float, int, asyncio.TimerHandle]] = []
        self._timers_made = 0
        self._readers: dict[int, tuple[socket.socket, asyncio.Handle]] = {}
        self._poll = select.poll()
        self._listeners: list[Listener] = []
        self._tasks: list[asyncio.Task[Any]] = []
        self.dead = False
        self.failures: list[str] = []

    # ----- what the world asks of it

    def runnable(self) -> bool:
        """Whether a callback can run now."""
        if not self._ready:
            self._gather()
        return bool(self._ready)

    def run_one(self) -> None:
        handle = self._ready.popleft()
        if handle.cancelled():
            return
        asyncio._set_running_loop(self)  # noqa: SLF001 -- what every loop has to do
        try:
            handle._run()  # noqa: SLF001 -- what every loop has to do
        finally:
            asyncio._set_running_loop(None)  # noqa: SLF001 -- what every loop has to do

    def next_timer_ms(self) -> int | None:
        """The world's time at which the next timer is due."""
        while self._timers and self._timers[0][2].cancelled():
            heapq.heappop(self._timers)
        if not self._timers:
            return None
        return -int(-self._timers[0][0] * 1000 // 1)

    def kill(self) -> None:
        """Run nothing any more, as after SIGKILL; the kernel closes what was open."""
        self.dead = True
        self._ready.clear()
        self._timers.clear()
        for listener in self._listeners:
            self._network.forget(listener)
        for open_socket, _ in self._readers.values():
            open_socket.close()
        self._network.reset_all_of(self)
        for task in self._tasks:
            _discard(task)

    def _gather(self) -> None:
        now = self.time() + 1e-6
        while self._timers and self._timers[0][0] <= now:
            handle = heapq.heappop(self._timers)[2]
            if not handle.cancelled():
                self._ready.append(handle)
        if self._readers:
            heard = self._poll.poll(0)
            self._ready.extend(self._readers[number][1] for number, _ in heard)

    # ----- asyncio's side

    def time(self) -> float:
        return self._network.now_ms() / 1000

    def get_debug(self) -> bool:
        return False

    def is_running(self) -> bool:
        return not self.dead

    def is_closed(self) -> bool:
        return self.dead

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        if not self.dead:
            self.failures.append(repr(context.get("exception", context["message"])))

    def call_soon(
        self,
        callback: Callable[..., object],
        *args: object,
        context: Context | None = None,
    ) -> asyncio.Handle:
        handle = asyncio.Handle(callback, args, self, context)
        if not self.dead:
            self._ready.append(handle)
        return handle

    def call_later(
        self,
        delay: float,
        callback: Callable[..., object],
        *args: object,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        return self.call_at(self.time() + delay, callback, *args, context=context)

    def call_at(
        self,
        when: float,
        callback: Callable[..., object],
        *args: object,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        handle = asyncio.TimerHandle(when, callback, args, self, context)
        if not self.dead:
            self._timers_made += 1
            heapq.heappush(self._timers, (when, self._timers_made, handle))
        return handle

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """Cancelled timers are passed over when their time comes."""

    def create_future(self) -> asyncio.Future[Any]:
        return asyncio.Future(loop=self)

    def create_task(  # type: ignore[override]  # typeshed's generics
        self,
        coro: Coroutine[Any, Any, Any],
        *,
        name: str | None = None,
        context: Context | None = None,
    ) -> asyncio.Task[Any]:
        task = asyncio.Task(coro, loop=self, name=name, context=context)
        self._tasks = [one for one in self._tasks if not one.done()]
        self._tasks.append(task)
        return task

    def run_in_executor(
        self, executor: object, func: Callable[..., Any], *args: object
    ) -> asyncio.Future[Any]:
        """Do a thread's work, whole, a moment later."""
        future = self.create_future()

        def work() -> None:
            try:
                result = func(*args)
            except Exception as error:  # noqa: BLE001 -- it belongs to the future
                future.set_exception(error)
            else:
                future.set_result(result)

        dice = self._network.dice
        is_slow = dice.random() < 1 / 10
        delay_ms = dice.randrange(_SLOW_THREAD_MS_MAX if is_slow else _THREAD_MS_MAX)
        self.call_later(delay_ms / 1000, work)
        return future

    def add_reader(  # type: ignore[override]  # a socket is all that is given here
        self, fd: socket.socket, callback: Callable[..., object], *args: object
    ) -> None:
        handle = asyncio.Handle(callback, args, self)
        self._readers[fd.fileno()] = (fd, handle)
        self._poll.register(fd, select.POLLIN)

    def remove_reader(self, fd: socket.socket) -> bool:  # type: ignore[override]  # as above
        self._poll.unregister(fd)
        return self._readers.pop(fd.fileno(), None) is not None

    async def create_connection(  # type: ignore[override]  # what the link uses of it
        self,
        protocol_factory: Callable[[], asyncio.Protocol],
        host: str,
        port: int,
        *,
        ssl: object = None,
    ) -> tuple[asyncio.Transport, asyncio.Protocol]:
        await asyncio.sleep(0.001)
        made = self._network.connect(self, f"{host}:{port}", protocol_factory)
        await asyncio.sleep(0)  # the protocol knows its transport before the caller
        return made

    async def create_unix_connection(  # type: ignore[override]  # what roles use of it
        self, protocol_factory: Callable[[], asyncio.Protocol], path: str
    ) -> tuple[asyncio.Transport, asyncio.Protocol]:
        await asyncio.sleep(0.001)
        made = self._network.connect(self, path, protocol_factory)
        await asyncio.sleep(0)  # the protocol knows its transport before the caller
        return made

    async def create_unix_server(  # type: ignore[override]  # what roles use of it
        self, protocol_factory: Callable[[], asyncio.Protocol], *, sock: socket.socket
    ) -> Listener:
        listener = Listener(self._network, sock.getsockname(), protocol_factory, self)
        sock.close()
        self._listeners.append(listener)
        self._network.listen(listener)
        return listener


def _discard(task: "asyncio.Task[Any]") -> None:
    """Unwind a coroutine that will never run again; nobody hears it any more."""
    coroutine = task.get_coro()
    for _ in range(_CLOSINGS):
        try:
            coroutine.close()
        except RuntimeError:
            continue  # it waited in a `finally`
        except BaseException:  # noqa: BLE001 -- a killed process has no last words
            return
        return
    with suppress(RuntimeError):
        task.cancel()
