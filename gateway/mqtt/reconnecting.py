"""When to connect again, and whether another client has taken our session over.

A take-over is announced by DISCONNECT 0x8E; mosquitto 2.0.11 does not, it only closes
the connection. So after a connection that ended without a word we try again at once:
a broker that died refuses, a broker that gave our session to somebody accepts. Taken
from us so several times in a row, it is contested; then one try a minute is enough,
because two gateways that evict each other serve nobody.
"""

from typing import Final, NamedTuple

from gateway.backoff import Backoff

STEADY_MS: Final = 10_000  # a connection this old clears the failures before it
EVICTION_MS: Final = 60_000  # an older one was not evicted by a quarrel
EVICTIONS_MAX: Final = 3
PEACE_MS: Final = 300_000  # nobody contests a connection this old


class Retry(NamedTuple):
    delay_ms: int
    taken_over: bool


class Reconnecting:
    """Decides after each connection or attempt that ended; pure but for the dice."""

    def __init__(self, backoff: Backoff, taken_over_delay_ms: int) -> None:
        self._backoff = backoff
        self._taken_over_delay_ms = taken_over_delay_ms
        self._evictions = 0
        self._contested = False

    def failed(self) -> Retry:
        """The broker did not accept us: that is no eviction."""
        self._evictions = 0
        return Retry(self._backoff.failed_ms(), taken_over=False)

    def ended(self, lived_ms: int, *, announced: bool, wordless: bool) -> Retry:
        """A connection that was accepted ended after `lived_ms`.

        `announced`: the broker said that it was taken over; `wordless`: it closed the
        connection and said nothing.
        """
        if lived_ms >= STEADY_MS:
            self._backoff.reset()
        if lived_ms >= EVICTION_MS:
            self._evictions = 0
        if lived_ms >= PEACE_MS:
            self._contested = False
        self._evictions = self._evictions + 1 if wordless else 0
        evicted = wordless and (self._contested or self._evictions >= EVICTIONS_MAX)
        if announced or evicted:
            self._contested = True
            return Retry(self._taken_over_delay_ms, taken_over=True)
        return Retry(0 if wordless else self._backoff.failed_ms(), taken_over=False)
