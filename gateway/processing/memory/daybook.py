"""What each device does on a local day of its site: counted as messages are folded.

A rating of the current day is one addition. Anything else is set aside and written
with the transaction.
"""

from collections.abc import Callable
from typing import Final

from device_protocol.messages import Heartbeat
from fleet.vitals import presses_between
from gateway.ledger.days import DayRow, DeviceDays
from gateway.ledger.devices import Device, Pressing
from gateway.processing.memory.openings import Openings

_FOREVER_MS: Final = 1 << 62
ACCEPTED, OTHER, DUPLICATE = range(3)

SETTLE_MS: Final = 30 * 60_000
"""How long after midnight, or after a late press, others of the day may follow."""

RECORDS_KEPT_DAYS: Final = 1_100
"""Records older than three years go."""

UNEQUAL: Final = "reconciliation_unequal"
"""The cause of alerts about days that do not agree."""


class DayBook:
    """Counts of days.

    `began` hears of a site that counts, `late` of what came for a day of a site,
    `again` of a day whose sinks were counted.
    """

    def __init__(self, days: DeviceDays, openings: Openings) -> None:
        self._days = days
        self._openings = openings
        self._aside: dict[tuple[int, int], list[int]] = {}
        self.began: Callable[[str], None] = _nobody
        self.late: Callable[[str, int], None] = _nobody_late
        self.again: Callable[[int], None]

    def accept(self, device: Device, at_ms: int) -> None:
        """A rating that was pressed then."""
        site = device.site
        if site is None:
            self.turn(device, 0)
            device.day_from_ms, device.day_to_ms = -_FOREVER_MS, _FOREVER_MS
            return
        days = self._openings.days(site)
        day = days.local_day(at_ms)
        if day > device.day:
            self.turn(device, day)
            self.began(site)
        if day < device.day:
            self._add(device, day, ACCEPTED, site)
            return
        device.day_accepted += 1
        device.day_from_ms, device.day_to_ms = days.day_end(day - 1), days.day_end(day)

    def turn(self, device: Device, day: int) -> None:
        """Let a device's next day begin; what it counted is kept."""
        if device.day and device.day_accepted:
            counts = self._counts(device.no, device.day)
            counts[ACCEPTED] += device.day_accepted
        device.day, device.day_accepted = day, 0
        device.day_from_ms = device.day_to_ms = 0

    def count(self, device: Device, kind: int, at_ms: int) -> None:
        """Something of then that is no new rating."""
        site = device.site
        if site is not None:
            self._add(device, self._openings.days(site).local_day(at_ms), kind, site)

    def beat(
        self, device: Device, before: tuple[int, ...], beat: Heartbeat, at_ms: int
    ) -> None:
        """A heartbeat of then; `before` is how its counters stood at the last one."""
        site, counters = device.site, beat.key_counts
        if site is None or not (counters or beat.last_seq is not None):
            return
        keys = presses_between(before, counters) if before and counters else None
        # Counters that began anew have counted what they show since.
        moved = sum(keys if keys is not None else counters if before else ())
        exact = keys is not None or not counters
        day, told = self._openings.days(site).local_day(at_ms), device.pressing
        if told is None or day > told.day:
            if told is not None:
                told.exact = told.exact and (exact or not before)
                self._close(device, site, told, moved)
            told, moved = Pressing(day), 0
            device.pressing = told
        if counters:
            told.pressed = (told.pressed or 0) + moved
            told.exact = told.exact and exact
        if beat.last_seq is not None:
            told.seq_to = beat.last_seq

    def _close(self, device: Device, site: str, told: Pressing, spanned: int) -> None:
        """A day of its counters is over; what they rose since may be of either.

        Off since its last press, it closes the day only when it is back: what was
        recorded without knowing all presses is looked at once more.
        """
        row = DayRow(
            device.no,
            told.day,
            pressed=told.pressed,
            exact=told.exact,
            spanned=spanned,
            seq_to=told.seq_to,
        )
        self._days.close(row)
        self.late(site, told.day)

    def count_anew(self, device: Device) -> None:
        """Its numbers began anew."""
        if device.pressing is not None:
            device.pressing.seq_to = None
        self._days.forget_numbers(device.no)

    def _add(self, device: Device, day: int, kind: int, site: str) -> None:
        self._counts(device.no, day)[kind] += 1
        if kind != DUPLICATE:
            self.late(site, day)

    def _counts(self, device_no: int, day: int) -> list[int]:
        return self._aside.setdefault((device_no, day), [0, 0, 0])

    def save(self) -> None:
        """Write what was set aside."""
        if self._aside:
            rows = sorted(self._aside.items())
            self._days.add((no, day, *counts) for (no, day), counts in rows)
            self._aside.clear()


def _nobody(_site: str) -> None:
    """Until the fold is assembled."""


def _nobody_late(_site: str, _day: int) -> None:
    """Until the fold is assembled."""
