"""Waiting for signals, the end of a child or a deadline, whichever comes first."""

import select
import signal
import socket
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import FrameType

_BATCH = 256


class SignalWaiter:
    """Signals as they come in, as a list to read at one's own pace."""

    def __init__(self, wakeups: socket.socket) -> None:
        self._wakeups = wakeups

    def wait(self, timeout_ms: int | None) -> list[signal.Signals]:
        """The signals since the last call, at most after `timeout_ms`."""
        seconds = None if timeout_ms is None else timeout_ms / 1000
        ready, _, _ = select.select([self._wakeups], [], [], seconds)
        received = self._wakeups.recv(_BATCH) if ready else b""
        return [signal.Signals(number) for number in received]


@contextmanager
def signals_caught(wanted: Iterable[signal.Signals]) -> Iterator[SignalWaiter]:
    """Catch `wanted` for as long as the context lasts; main thread only."""
    reader, writer = socket.socketpair()
    writer.settimeout(0)  # set_wakeup_fd wants it not to block
    old_wakeup = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
    old_handlers = {number: signal.signal(number, _note) for number in wanted}
    try:
        yield SignalWaiter(reader)
    finally:
        for number, handler in old_handlers.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(old_wakeup)
        reader.close()
        writer.close()


def _note(_number: int, _frame: FrameType | None) -> None:
    """Do nothing: the interpreter has written the number to the socket."""
