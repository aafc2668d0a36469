"""A whole day of service before the morning of the pictures, told as it went.

Terminals beat from before the doors open until after they close. One's display fails
and is mended, one loses its line over noon; the day is over, and so is the weekend,
when anybody looks. Its sums are those that the fold made of it.
"""

from collections.abc import Iterator
from datetime import datetime
from random import Random
from typing import Final
from zoneinfo import ZoneInfo

from gateway.ledger.days import SinkDays
from gateway.ports import Record
from tests.integration.console.hall import DEVICES, SEED, device
from tests.integration.console.morning import GONE, WORN, birth, gone, heartbeat, reach
from tests.support.folding import DAY_MS, FoldedLedger, element, message

_MINUTE_MS: Final = 60_000
_HOUR_MS: Final = 60 * _MINUTE_MS
_BEAT_MS: Final = _MINUTE_MS
_PRESS_BEATS: Final = 2
"""Somebody presses every so many beats."""

_ZONE: Final = ZoneInfo("Asia/Shanghai")
_BEFORE_MS: Final = 10 * _MINUTE_MS
_OPEN_MS: Final = 8 * _HOUR_MS + 30 * _MINUTE_MS
_FAULTY_MS: Final = range(_HOUR_MS, 2 * _HOUR_MS + 20 * _MINUTE_MS)
"""After the doors opened, as below."""

_AWAY_MS: Final = range(3 * _HOUR_MS, 3 * _HOUR_MS + 40 * _MINUTE_MS)
_LEVELS: Final = (5,) * 10 + (4,) * 6 + (3, 3, 2, 1)


class Friday:
    """From ten minutes before `opens_ms`, when the doors of all halls open."""

    def __init__(self, world: FoldedLedger, opens_ms: int) -> None:
        self._world = world
        self._opens_ms = opens_ms
        self._dice = Random(SEED)

    def tell(self) -> None:
        for offset_ms in range(-_BEFORE_MS, _OPEN_MS + _BEFORE_MS, _BEAT_MS):
            reach(self._world, self._opens_ms + offset_ms)
            self._world.take(*self._beat(offset_ms))
        for days in range(3):  # until the Monday has begun
            midnight_ms = self._opens_ms - 9 * _HOUR_MS + (days + 1) * DAY_MS
            reach(self._world, midnight_ms + _MINUTE_MS)
            self._world.take()
            self._count_sinks(midnight_ms)
            reach(self._world, midnight_ms + _HOUR_MS)
            self._world.take()

    def _count_sinks(self, midnight_ms: int) -> None:
        """As their lanes do when a day is over: they took everything."""
        day = datetime.fromtimestamp(midnight_ms / 1000, _ZONE).toordinal() - 1
        told = [
            {"name": it.name, "delivered": it.addressed, "dead": 0, "owed": 0}
            for it in SinkDays(self._world.store).of(day)
        ]
        self._world.act("sink_counts", {"day": day, "sinks": told})

    def _beat(self, offset_ms: int) -> Iterator[Record]:
        at_ms = self._opens_ms + offset_ms
        if offset_ms == -_BEFORE_MS:
            yield from (birth(n, at_ms) for n in range(1, DEVICES + 1))
        if offset_ms == _AWAY_MS.start:
            yield gone(GONE, at_ms)
        if offset_ms == _AWAY_MS.stop:
            yield birth(GONE, at_ms)
        faults = {WORN: "display"} if offset_ms in _FAULTY_MS else {}
        for number in range(1, DEVICES + 1):
            if number != GONE or offset_ms not in _AWAY_MS:
                yield heartbeat(number, at_ms, faults)
        beat = offset_ms // _BEAT_MS
        if 0 <= offset_ms < _OPEN_MS and not beat % _PRESS_BEATS:
            yield self._press(beat // _PRESS_BEATS, at_ms)

    def _press(self, turn: int, at_ms: int) -> Record:
        """At one terminal after the other."""
        there = [n for n in range(1, DEVICES + 1) if n != GONE]
        body = element(f"friday-{turn:03}", self._dice.choice(_LEVELS))
        return message(device(there[turn % len(there)]), body, at_ms)
