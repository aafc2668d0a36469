"""What a terminal's heartbeats tell of its clock (device protocol v1, "Time" 1)."""

from functools import lru_cache
from typing import Final, NamedTuple

STEP_MS: Final = 30 * 60_000
TOLERANCE_MS: Final = 2 * 60_000
HEARTBEATS_MIN: Final = 3
ZONE_STEPS_MAX: Final = 28
"""No zone is further than fourteen hours from UTC."""


class ClockEvidence(NamedTuple):
    """The last heartbeats, `heartbeats` of them, were all `steps` half hours off."""

    steps: int = 0
    heartbeats: int = 0

    @property
    def correction_ms(self) -> int:
        """What to add to the terminal's times; 0 while its clock is trusted."""
        if self.heartbeats < HEARTBEATS_MIN:
            return 0
        return -self.steps * STEP_MS


_evidence: Final = lru_cache(maxsize=1024)(ClockEvidence)
"""One object for all terminals of which the same is known: there are few."""


def observe_clock(evidence: ClockEvidence, offset_ms: int) -> ClockEvidence:
    """After one more live heartbeat; `offset_ms` is claimed less received.

    One that fits no constant multiple of half an hour ends what was found: a clock
    set right must not be corrected any longer.
    """
    steps = round(offset_ms / STEP_MS)
    if abs(offset_ms - steps * STEP_MS) > TOLERANCE_MS or abs(steps) > ZONE_STEPS_MAX:
        return ClockEvidence()
    if steps != evidence.steps:
        return _evidence(steps, 1)
    return _evidence(steps, min(evidence.heartbeats + 1, HEARTBEATS_MIN))
