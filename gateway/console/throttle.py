"""Wrong passwords make the next try wait: longer with each, by user and by address."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from gateway.clock import Clock

FREE: Final = 5
"""So many wrong passwords cost nothing but themselves."""

WAIT_MS: Final = 1_000
WAIT_MS_MAX: Final = 15 * 60_000
"""The wait doubles up to here; nobody is shut out for good by another's tries."""

KEYS_MAX: Final = 4096
"""Of more, the one that failed longest ago is forgotten."""


class _Failures(NamedTuple):
    times: int
    last_ms: int


class Throttle:
    """By key: a user's name, an address."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._failures: dict[str, _Failures] = {}  # the latest stands last
        self.refused = 0

    def __len__(self) -> int:
        return len(self._failures)

    def wait_ms(self, keys: Sequence[str]) -> int:
        """How long no try is heard yet; 0 when one is."""
        now_ms = self._clock.monotonic_ms()
        return max(max(0, self._until_ms(key) - now_ms) for key in keys)

    def failed(self, keys: Sequence[str]) -> None:
        """Count a wrong password against each of the keys."""
        now_ms = self._clock.monotonic_ms()
        self.refused += 1
        for key in keys:
            before = self._failures.pop(key, None)
            if before is None or now_ms - before.last_ms >= 2 * WAIT_MS_MAX:
                before = _Failures(0, now_ms)
            if len(self._failures) >= KEYS_MAX:
                del self._failures[next(iter(self._failures))]
            self._failures[key] = _Failures(before.times + 1, now_ms)

    def succeeded(self, key: str) -> None:
        """Forget what was counted against a key."""
        self._failures.pop(key, None)

    def _until_ms(self, key: str) -> int:
        known = self._failures.get(key)
        if known is None or known.times < FREE:
            return 0
        doublings = min(known.times - FREE, 30)
        return known.last_ms + min(WAIT_MS << doublings, WAIT_MS_MAX)
