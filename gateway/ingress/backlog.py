"""When the messages that piled up during our absence have all come.

A broker fills every slot that an acknowledgement frees as long as it has queued
messages. So we write acknowledgements, then a barrier (a ping): when its answer comes
and fewer messages came since the answer before than slots were freed in between, the
queue is empty. It is empty too when nothing is unacknowledged and nothing came. This
holds under any load, unlike a moment of silence, and for brokers that send more than
Receive Maximum allows (mosquitto 2.0.11 does when it drains a queue).
"""

from typing import Final

_PROBE_EVERY_MS: Final = 50


class Backlog:
    """One connection's backlog; made anew for each."""

    def __init__(self) -> None:
        self._ready = False
        self._barrier: int | None = None
        self._probe_due_ms = 0
        self._received = 0  # since the last barrier was passed
        self._acknowledged = 0  # since the last barrier was written
        self._freed = 0  # acknowledged before the barrier that is under way

    def subscribed(self) -> None:
        """The broker has begun to send: probing makes sense from here on."""
        self._ready = True

    def received(self, count: int) -> None:
        """So many messages that want an acknowledgement; others take no slot."""
        self._received += count

    def acknowledged(self, count: int) -> None:
        self._acknowledged += count

    def probe_due_ms(self) -> int | None:
        """When to write the next barrier, None when there is nothing to find out."""
        waiting = self._ready and self._barrier is None
        return self._probe_due_ms if waiting else None

    def probed(self, barrier: int, now_ms: int) -> None:
        """A barrier of this number was written."""
        self._barrier = barrier
        self._probe_due_ms = now_ms + _PROBE_EVERY_MS
        self._freed, self._acknowledged = self._acknowledged, 0

    def passed(self, barrier: int, unacknowledged: int) -> bool:
        """Whether the backlog ended with this barrier."""
        if barrier != self._barrier:
            return False
        self._barrier = None
        received, self._received = self._received, 0
        idle = not (received or self._freed or unacknowledged)
        return idle or received < self._freed
