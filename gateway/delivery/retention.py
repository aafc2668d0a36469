"""How long, and how much, is kept for a sink that takes nothing."""

from dataclasses import dataclass
from typing import Final, NamedTuple

from gateway.clock import Clock
from gateway.ports import Outbox

LOOK_EVERY_MS: Final = 60_000


@dataclass(frozen=True)
class OwedLimits:
    """`days` by the journal's time, `bytes_max` as they stand in the outbox."""

    days: int = 30
    bytes_max: int = 10 << 30

    @property
    def age_ms(self) -> int:
        return self.days * 86_400_000


class Bound(NamedTuple):
    """What is owed from before `block` is given up, and why."""

    block: int
    why: str


class OwedRetention:
    """Where owed events end; past it the oldest are given up, never the newest."""

    def __init__(self, outbox: Outbox, limits: OwedLimits, clock: Clock) -> None:
        self._outbox = outbox
        self._limits = limits
        self._clock = clock
        self._looked_ms: int | None = None
        self._bound = Bound(0, "")

    def bound(self, behind: int) -> Bound:
        """As it was within the last minute; no sink is owed what is before `behind`.

        So while all keep pace, days of settled rows are not read for nothing.
        """
        now_ms = self._clock.monotonic_ms()
        if self._looked_ms is None or now_ms - self._looked_ms >= LOOK_EVERY_MS:
            self._looked_ms = now_ms
            self._bound = self._look(behind)
        return self._bound

    def _look(self, behind: int) -> Bound:
        """A clock that jumps gives nothing up: time is that of the newest row."""
        limits, outbox = self._limits, self._outbox
        since_ms = outbox.newest_ms() - limits.age_ms
        by_age = Bound(outbox.first_since(since_ms), f"older than {limits.days} days")
        by_size = Bound(
            outbox.first_within(limits.bytes_max, behind),
            f"more than {limits.bytes_max >> 20} MiB were owed",
        )
        return max(by_age, by_size)
