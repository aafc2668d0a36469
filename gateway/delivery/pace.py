"""When the next attempt may be made: backoff, circuit breaker, slow retry."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from gateway.backoff import Dice, full_jitter_ms
from gateway.ports import Answer

_ERROR_CHARS_MAX: Final = 300


class SinkState(StrEnum):
    OK = "ok"
    RETRYING = "retrying"
    OPEN = "open"  # the breaker: one probe at a time
    HELD = "held"  # an operator's or the endpoint's fault: tried slowly
    DISABLED = "disabled"  # not tried until an operator acts


@dataclass(frozen=True)
class PaceLimits:
    """Delays in milliseconds.

    The breaker opens after `open_after` failures in a row; then a delay is never
    below `open_ms_min`.
    """

    retry_ms_base: int = 200
    retry_ms_max: int = 30_000
    retry_after_ms_max: int = 3_600_000
    open_after: int = 5
    open_ms_min: int = 500
    slow_retry_ms: int = 60_000


class Pace:
    """Counts failures in a row and says when to try again."""

    def __init__(self, limits: PaceLimits, dice: Dice) -> None:
        self._limits = limits
        self._dice = dice
        self._not_before_ms = 0
        self.failures = 0
        self.state = SinkState.OK
        self.error: str | None = None

    def wake_ms(self) -> int | None:
        """The earliest moment of the next attempt; None: not before `enable`."""
        return None if self.state is SinkState.DISABLED else self._not_before_ms

    @property
    def alone(self) -> bool:
        """Whether one request at a time is enough to find out if it works again."""
        return self.state is not SinkState.OK

    def responded(self) -> None:
        """The endpoint judged a request: it is there."""
        if self.state is not SinkState.DISABLED:
            self.enable()

    def failed(self, answer: Answer, now_ms: int, failures: int) -> None:
        """Wait longer; requests cut at the same count of `failures` count as one."""
        limits = self._limits
        if self.state is SinkState.DISABLED:
            return
        if failures == self.failures:
            self.failures += 1
        delay_ms = full_jitter_ms(
            self.failures, limits.retry_ms_base, limits.retry_ms_max, self._dice
        )
        is_open = self.failures >= limits.open_after
        self.state = SinkState.OPEN if is_open else SinkState.RETRYING
        asked_ms = min(answer.retry_after_ms, limits.retry_after_ms_max)
        floor_ms = limits.open_ms_min if is_open else 0
        self._wait(now_ms, max(delay_ms, asked_ms, floor_ms))
        self.error = describe(answer)

    def hold(self, error: str, now_ms: int, asked_ms: int = 0) -> None:
        """Try slowly: between half of the slow delay and all of it."""
        if self.state is SinkState.DISABLED:
            return
        slow_ms = int(self._limits.slow_retry_ms * (1 + self._dice()) / 2)
        asked_ms = min(asked_ms, self._limits.retry_after_ms_max)
        self._wait(now_ms, max(slow_ms, asked_ms))
        self.state = SinkState.HELD
        self.error = error

    def disable(self, error: str) -> None:
        self.state = SinkState.DISABLED
        self.error = error

    def enable(self) -> None:
        """It works, or an operator says that it should."""
        self.failures = 0
        self._not_before_ms = 0
        self.state = SinkState.OK
        self.error = None

    def _wait(self, now_ms: int, delay_ms: int) -> None:
        self._not_before_ms = max(self._not_before_ms, now_ms + delay_ms)


def describe(answer: Answer) -> str:
    """One line for people: the status and the beginning of what was said."""
    status = "" if answer.status is None else f"{answer.status} "
    text = " ".join(f"{status}{answer.detail}".split())
    return text[:_ERROR_CHARS_MAX] or "no answer"
