"""Delays between attempts: full jitter under a capped exponential."""

from collections.abc import Callable
from typing import Final

Dice = Callable[[], float]
"""Gives 0.0 <= number < 1.0, for example `random.random`."""

_EXPONENT_MAX: Final = 32  # keeps the power small; every cap is below it


def full_jitter_ms(failures: int, base_ms: int, cap_ms: int, dice: Dice) -> int:
    """The delay after so many failures in a row (1 is the first).

    Anywhere between 0 and the smaller of `cap_ms` and `base_ms` doubled at each
    failure, so that clients that failed together do not come back together.
    """
    exponent = min(max(failures - 1, 0), _EXPONENT_MAX)
    return int(dice() * min(cap_ms, base_ms << exponent))


class Backoff:
    """Counts failures in a row for one thing that is tried again and again."""

    def __init__(self, base_ms: int, cap_ms: int, dice: Dice) -> None:
        self._base_ms = base_ms
        self._cap_ms = cap_ms
        self._dice = dice
        self._failures = 0

    @property
    def failures(self) -> int:
        return self._failures

    def failed_ms(self) -> int:
        """Count a failure; returns how long to wait before the next attempt."""
        self._failures += 1
        return full_jitter_ms(self._failures, self._base_ms, self._cap_ms, self._dice)

    def reset(self) -> None:
        """It worked."""
        self._failures = 0
