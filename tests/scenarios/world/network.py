"""Streams between simulated processes: bytes are on their way until the world says.

Bytes written stay in order; how many arrive at once, when, and how much of them is
lost with a connection that breaks, the dice decide.
"""

import asyncio
import random
from collections import deque
from collections.abc import Callable
from typing import Any, Protocol

from gateway.clock import SteppedClock


class Owner(Protocol):
    """Who owns an end: a process's loop, or nobody for those outside."""

    def call_soon(self, callback: Callable[..., object], *args: object) -> object: ...


class Listener:
    """Who accepts connections at an address; also asyncio's server object."""

    def __init__(
        self,
        network: "Network",
        address: str,
        factory: Callable[[], asyncio.Protocol],
        owner: Owner | None = None,
    ) -> None:
        self._network = network
        self.address = address
        self.factory = factory
        self.owner = owner

    def close(self) -> None:
        self._network.forget(self)


class End(asyncio.Transport):
    """One end of a stream."""

    def __init__(self, owner: Owner | None, protocol: asyncio.Protocol) -> None:
        super().__init__()
        self.owner = owner
        self.protocol = protocol
        self.peer: End | None = None
        self.arriving: deque[bytes | None] = deque()  # None: the end of the stream
        self.paused = False
        self.closed = False

    def call(self, callback: Callable[..., object], *args: object) -> None:
        if self.owner is None:
            callback(*args)
        else:
            self.owner.call_soon(callback, *args)

    def write(self, data: "bytes | bytearray | memoryview[int]") -> None:
        if not self.closed and self.peer is not None and not self.peer.closed:
            self.peer.arriving.append(bytes(data))

    def close(self) -> None:
        """Let what was written arrive, then end."""
        if self.peer is not None and not self.closed:
            self.peer.arriving.append(None)
        self.lose()

    def abort(self) -> None:
        self.close()

    def lose(self, error: Exception | None = None) -> None:
        """This end is gone; its protocol hears of it."""
        if not self.closed:
            self.closed = True
            self.arriving.clear()
            self.call(self.protocol.connection_lost, error)

    def is_closing(self) -> bool:
        return self.closed

    def pause_reading(self) -> None:
        self.paused = True

    def resume_reading(self) -> None:
        self.paused = False

    def get_write_buffer_size(self) -> int:
        return 0

    def get_extra_info(self, name: str, default: Any = None) -> Any:  # noqa: ANN401 -- asyncio's signature
        return default


class Network:
    """All listeners and streams of a world."""

    def __init__(self, clock: SteppedClock, dice: random.Random) -> None:
        self._clock = clock
        self.dice = dice
        self._listeners: dict[str, Listener] = {}
        self._ends: list[End] = []

    def now_ms(self) -> int:
        return self._clock.monotonic_ms()

    def listen(self, listener: Listener) -> None:
        self._listeners[listener.address] = listener

    def forget(self, listener: Listener) -> None:
        if self._listeners.get(listener.address) is listener:
            del self._listeners[listener.address]

    def connect(
        self, owner: Owner, address: str, factory: Callable[[], asyncio.Protocol]
    ) -> tuple[End, asyncio.Protocol]:
        listener = self._listeners.get(address)
        if listener is None:
            raise ConnectionRefusedError(address)
        near = End(owner, factory())
        far = End(listener.owner, listener.factory())
        near.peer, far.peer = far, near
        self._ends += [near, far]
        far.call(far.protocol.connection_made, far)
        near.call(near.protocol.connection_made, near)
        return near, near.protocol

    def deliverable(self) -> list[End]:
        """Ends at which something may arrive now."""
        self._ends = [end for end in self._ends if not end.closed]
        return [end for end in self._ends if end.arriving and not end.paused]

    def deliver(self, end: End) -> None:
        """Let some of what is on its way arrive."""
        count = self.dice.randint(1, len(end.arriving))
        data = []
        while count and (chunk := end.arriving.popleft()) is not None:
            data.append(chunk)
            count -= 1
        if data:
            end.call(end.protocol.data_received, b"".join(data))
        if count:
            end.lose()

    def reset_all_of(self, owner: Owner) -> None:
        """A process died: what it wrote may still arrive, in part."""
        for end in self._ends:
            if end.owner is owner and not end.closed:
                end.closed = True
                self._cut_short(end.peer)

    def break_all(self, choose: Callable[[End], bool]) -> int:
        """Break these streams, at both ends; how many there were."""
        broken = [end for end in self._ends if not end.closed and choose(end)]
        for end in broken:
            if end.peer is not None:
                self._cut_short(end.peer)
            end.lose(ConnectionResetError("the line broke"))
        return len(broken)

    def _cut_short(self, end: End | None) -> None:
        if end is None or end.closed:
            return
        for _ in range(self.dice.randint(0, len(end.arriving))):
            end.arriving.pop()
        end.arriving.append(None)
