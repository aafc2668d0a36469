"""Time as an argument: rules and loops take a Clock, never the system's."""

import time
from typing import Protocol


class Clock(Protocol):
    """Wall and monotonic time in milliseconds."""

    def wall_ms(self) -> int: ...

    def monotonic_ms(self) -> int: ...


class SystemClock:
    """The machine's clock."""

    def wall_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def monotonic_ms(self) -> int:
        return time.monotonic_ns() // 1_000_000


class SteppedClock:
    """A clock that moves when told to: for tests, replays and simulated worlds."""

    def __init__(self, wall_ms: int = 1_795_000_000_000, monotonic_ms: int = 0) -> None:
        self._wall_ms = wall_ms
        self._monotonic_ms = monotonic_ms

    def wall_ms(self) -> int:
        return self._wall_ms

    def monotonic_ms(self) -> int:
        return self._monotonic_ms

    def advance(self, milliseconds: int) -> None:
        """Let time pass."""
        self._wall_ms += milliseconds
        self._monotonic_ms += milliseconds

    def set_wall(self, wall_ms: int) -> None:
        """Set the wall clock, as an operator or NTP would."""
        self._wall_ms = wall_ms
