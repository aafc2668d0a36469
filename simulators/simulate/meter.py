"""How fast it went, and whether the simulator itself held it up.

Times are nanoseconds of the monotonic clock.
"""

import math
import os
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

LAG_MS_MAX: Final = 100.0
BEHIND_MS_MAX: Final = 500.0
CPU_SHARE_MAX: Final = 0.9
_GROWTH: Final = 1.05
_NS_PER_MS: Final = 1_000_000
_PERCENTILES: Final = (50, 95, 99)


class Histogram:
    """Durations in buckets that grow by 5 %: small, and as exact as that."""

    def __init__(self) -> None:
        self._buckets: Counter[int] = Counter()
        self.count = 0
        self.max_ms = 0.0

    def add(self, ms: float) -> None:
        self.count += 1
        self.max_ms = max(self.max_ms, ms)
        self._buckets[math.ceil(math.log(max(ms, 0.01), _GROWTH))] += 1

    def percentile(self, percent: float) -> float | None:
        """Milliseconds that so many percent did not exceed; None of nothing."""
        rank, seen = self.count * percent / 100, 0
        for bucket in sorted(self._buckets):
            seen += self._buckets[bucket]
            if seen >= rank:
                return round(min(_GROWTH**bucket, self.max_ms), 2)
        return None

    def summary(self) -> dict[str, float | int | None]:
        ranks = {f"p{rank}_ms": self.percentile(rank) for rank in _PERCENTILES}
        return {"count": self.count, **ranks, "max_ms": round(self.max_ms, 2)}


@dataclass
class StageFigures:
    """One stage: what was wanted and what came; seconds and counts."""

    began_ns: int = 0
    ended_ns: int = 0
    cpu_s: float = 0.0
    pressed: int = 0
    acknowledged: int = 0
    receipted: int = 0
    lag: Histogram = field(default_factory=Histogram)
    behind: Histogram = field(default_factory=Histogram)

    @property
    def seconds(self) -> float:
        return max((self.ended_ns - self.began_ns) / 1e9, 1e-9)

    def summary(self) -> dict[str, Any]:
        seconds = self.seconds
        return {
            "seconds": round(seconds, 1),
            "pressed": self.pressed,
            "pressed_per_s": round(self.pressed / seconds, 1),
            "acknowledged_per_s": round(self.acknowledged / seconds, 1),
            "receipted_per_s": round(self.receipted / seconds, 1),
            "cpu_share": round(self.cpu_s / seconds, 2),
            "loop_lag_p99_ms": self.lag.percentile(99),
            "behind_p99_ms": self.behind.percentile(99),
            "behind_max_ms": round(self.behind.max_ms, 1),
        }

    def own_faults(self) -> list[str]:
        """By what the simulator itself held this stage up."""
        lag_ms = self.lag.percentile(99) or 0.0
        cpu = self.cpu_s / self.seconds
        found = []
        if lag_ms > LAG_MS_MAX:
            found.append(f"its event loop lagged {lag_ms:.0f} ms (p99)")
        if cpu > CPU_SHARE_MAX:
            found.append(f"it used {cpu:.0%} of a core")
        behind_ms = self.behind.percentile(99) or 0.0
        if behind_ms > BEHIND_MS_MAX:
            found.append(f"presses came {behind_ms:.0f} ms late (p99)")
        return found


class Meter:
    """Counts and durations of a whole run, and stage by stage."""

    def __init__(self) -> None:
        self.press_to_puback = Histogram()
        self.press_to_receipt = Histogram()
        self.counts: Counter[str] = Counter()
        self.refusals: Counter[str] = Counter()
        self.stages: list[StageFigures] = []
        self.connected = 0
        self._cpu_s = 0.0

    @property
    def stage(self) -> StageFigures:
        return self.stages[-1]

    def begin_stage(self) -> None:
        """Close the stage that runs, if any, and open the next."""
        self.end_stage()
        self.stages.append(StageFigures(time.monotonic_ns()))
        self._cpu_s = sum(os.times()[:2])

    def end_stage(self) -> None:
        if self.stages and not self.stage.ended_ns:
            self.stage.ended_ns = time.monotonic_ns()
            self.stage.cpu_s = sum(os.times()[:2]) - self._cpu_s

    def pressed(self) -> None:
        self.counts["pressed"] += 1
        self.stage.pressed += 1

    def acknowledged(self, pressed_ns: int) -> None:
        """Count a press that the broker took; 0: no duration, it had to wait."""
        self.counts["acknowledged"] += 1
        self.stage.acknowledged += 1
        if pressed_ns:
            self.press_to_puback.add((time.monotonic_ns() - pressed_ns) / _NS_PER_MS)

    def receipted(self, pressed_ns: int) -> None:
        self.counts["receipted"] += 1
        self.stage.receipted += 1
        if pressed_ns:
            self.press_to_receipt.add((time.monotonic_ns() - pressed_ns) / _NS_PER_MS)

    def verdict(self) -> str:
        """Say in a plain sentence whether the simulator was the bottleneck."""
        for number, stage in enumerate(self.stages, 1):
            faults = stage.own_faults()
            if faults:
                return (
                    f"The simulator itself was the bottleneck in stage {number}: "
                    f"{', '.join(faults)}; trust no rate or latency of it. "
                    "Use fewer terminals, a lower rate or a machine of its own."
                )
        return "The simulator kept up: the figures are the broker's and the gateway's."
