"""The clock rule: no step back, and no belief in a wall clock that jumps.

`appended_ms` is the larger of the previous block's and the wall clock. When the wall
clock departs from the monotonic clock by more than a minute (or, at start and without
a synchronised kernel clock, from the last block by more than a day) the time is
suspect: it goes on monotonically until it is accepted or the kernel synchronises.
"""

from collections.abc import Callable
from typing import Final, NamedTuple

DEPARTURE_MS_MAX: Final = 60_000
ABSENCE_MS_MAX: Final = 24 * 3_600_000


class BlockTime(NamedTuple):
    """A block's time and whether the clock behind it is suspect."""

    appended_ms: int
    suspect: bool


class BlockClock:
    """Gives each block its time.

    `synchronised` asks the kernel: at start, and while the time is suspect.
    """

    def __init__(
        self,
        last: BlockTime | None,
        wall_ms: int,
        monotonic_ms: int,
        synchronised: Callable[[], bool],
    ) -> None:
        self._synchronised = synchronised
        self._last_ms = last.appended_ms if last else wall_ms
        self._wall_ms = wall_ms
        self._monotonic_ms = monotonic_ms
        away = last is not None and abs(wall_ms - last.appended_ms) > ABSENCE_MS_MAX
        self.suspect = (
            last is not None and (last.suspect or away) and not synchronised()
        )

    def stamp(self, wall_ms: int, monotonic_ms: int) -> BlockTime:
        """The time of a block that closes now."""
        passed_ms = monotonic_ms - self._monotonic_ms
        if self.suspect:
            self.suspect = not self._synchronised()
        else:
            departed_ms = wall_ms - self._wall_ms - passed_ms
            self.suspect = abs(departed_ms) > DEPARTURE_MS_MAX
        now_ms = self._last_ms + passed_ms if self.suspect else wall_ms
        self._last_ms = max(self._last_ms, now_ms)
        self._wall_ms, self._monotonic_ms = wall_ms, monotonic_ms
        return BlockTime(self._last_ms, self.suspect)

    def accept(self, wall_ms: int, monotonic_ms: int) -> None:
        """Believe the wall clock as it is now."""
        self.suspect = False
        self._wall_ms, self._monotonic_ms = wall_ms, monotonic_ms
