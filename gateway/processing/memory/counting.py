"""What each rating and session adds to the figures, in the fold's transaction."""

from collections.abc import Iterable, Mapping
from datetime import datetime, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

from gateway.ledger.counts import FigureCounts
from gateway.ledger.figures import HOURS, FigureKey, packed, slot_of
from gateway.ratings.cells import CUSTOMERS, DEFAULTS, level_slot
from gateway.ratings.scoring import LEVELS
from gateway.ratings.workdays import QUARTER_MS

KEYS_KEPT_MAX: Final = 200_000

Rated = tuple[str | None, str, int, int]
"""Employee, origin, level, occurred_ms."""

Counted = tuple[tuple[int, int], ...]
"""Keys of hours with what was added to each."""

_USUAL: Final = {
    origin: {level: slot_of(level_slot(origin, level)) for level in LEVELS}
    for origin in (*CUSTOMERS, *DEFAULTS)
}


class LocalHours:
    """The local hours of a zone; remembers the last one, which nearly always fits."""

    __slots__ = ("_zone", "hour", "key", "quarter")

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone
        self.quarter, self.hour, self.key = -1, 0, 0

    def of(self, at_ms: int) -> int:
        """The local hour of an instant: its day's number times 24 and the hour."""
        quarter = at_ms // QUARTER_MS
        if quarter != self.quarter:
            self.turn(quarter)
        return self.hour

    def turn(self, quarter: int) -> None:
        """Move to another quarter of an hour: no zone's hour begins within one."""
        self.quarter = quarter
        self.hour = local_hour(self._zone, quarter * QUARTER_MS)
        self.key = packed(self.hour, 0, 0)


class Counting:
    """Collects a transaction's counts; one write for each that changed."""

    def __init__(self, counts: FigureCounts) -> None:
        self._counts = counts
        self._numbers: dict[FigureKey, int] = {}
        self._usual: dict[tuple[int, int, str | None], int] = {}
        self._last_number = counts.last_number()
        self._hourly: dict[int, int] = {}

    def count_usual(
        self,
        hours: LocalHours,
        binding_no: int,
        device_no: int,
        rated: Rated,
    ) -> None:
        """Add a rating alone in its session, which no flag keeps out."""
        employee, origin, level, occurred_ms = rated
        base = self._usual.get((binding_no, device_no, employee))
        if base is None:
            base = self._begin_usual(binding_no, device_no, employee)
        quarter = occurred_ms // QUARTER_MS
        if quarter != hours.quarter:
            hours.turn(quarter)
        key = hours.key + base + _USUAL[origin][level]
        hourly = self._hourly
        hourly[key] = hourly.get(key, 0) + 1

    def _begin_usual(
        self, binding_no: int, device_no: int, employee: str | None
    ) -> int:
        if len(self._usual) >= KEYS_KEPT_MAX:
            self._usual.clear()
        key = cell_key(binding_no, device_no, employee)
        base = packed(0, self.number(key), 0)
        self._usual[binding_no, device_no, employee] = base
        return base

    def number(self, key: FigureKey) -> int:
        """The number of these dimensions, given when they come up first."""
        found = self._numbers.get(key)
        if found is None:
            if len(self._numbers) >= KEYS_KEPT_MAX:
                self._numbers.clear()
            found = self._counts.number(key)
            if found is None:
                self._last_number = found = self._last_number + 1
                self._counts.add_key(found, key)
            self._numbers[key] = found
        return found

    def counted(self, hour: int, key: FigureKey, cell: Mapping[str, int]) -> Counted:
        """A cell as it is added to an hour."""
        if not cell:
            return ()
        number = self.number(key)
        return tuple(
            (packed(hour, number, slot_of(name)), count) for name, count in cell.items()
        )

    def move(self, before: Iterable[tuple[int, int]], after: Counted) -> None:
        """Take back what was counted before, and add what counts now."""
        hourly = self._hourly
        for key, count in before:
            hourly[key] = hourly.get(key, 0) - count
        for key, count in after:
            hourly[key] = hourly.get(key, 0) + count

    def save(self, zone: str, now_ms: int) -> None:
        """Write what the transaction changed, and add up the hours that are over.

        Before another zone comes into force, too: which hours were over by the zone
        before must not rest on where a transaction ended.
        """
        if self._hourly:
            self._counts.add(self._hourly.items())
            self._hourly.clear()
        self._counts.close(local_hour(ZoneInfo(zone), now_ms))


def local_hour(zone: tzinfo, at_ms: int) -> int:
    """The local hour of an instant: the ordinal of its day times 24, and the hour.

    An hour that comes twice when clocks are put back is one.
    """
    local = datetime.fromtimestamp(at_ms / 1000, zone)
    return local.toordinal() * HOURS + local.hour


def cell_key(
    binding: int, device_no: int, employee: str | None, service: str | None = None
) -> FigureKey:
    """The dimensions of a whole session or rating."""
    return (binding, device_no, employee or "", service or "", "")
