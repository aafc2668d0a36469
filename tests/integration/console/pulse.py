"""A hall in which something happens all the time, for pictures of it."""

import asyncio
from random import Random
from typing import Final

from gateway.ledger.queries import SqliteLedgerQueries
from gateway.ports import Record
from gateway.queries.rows import SinkCursor
from gateway.reading import Reader
from tests.integration.console.friday import Friday
from tests.integration.console.hall import SEED, device, furnish
from tests.integration.console.morning import Morning, heartbeats, terminals
from tests.support.folded_api import FoldedApi
from tests.support.folding import START_MS, element, message

MORNING_MS: Final = START_MS + 38 * 3_600_000
"""10:00 of a Monday in Shanghai."""

EVE_MS: Final = MORNING_MS - (3 * 24 + 9) * 3_600_000
"""01:00 of the Friday before, when the gateway is new and takes what was buffered."""

_THURSDAY_MS: Final = EVE_MS - 8 * 3_600_000
_FRIDAY_MS: Final = MORNING_MS - (3 * 24 + 1) * 3_600_000
_HOURS: Final = "09:00-17:30"
_DAYS: Final = 40
OCTOBER: Final = "2026-10"
_TESTED: Final = "eval-0007:e24-07-1"
_BEAT_S: Final = 0.25
_BEATS_A_HEARTBEAT: Final = 3
_PASSES_MS: Final = 10_000
"""So much of the hall's time passes in a beat, for people press at their leisure."""

_BEATS_A_PRESS: Final = 2
_LEVELS: Final = (5,) * 12 + (4,) * 5 + (3, 2, 1)
_SINKS: Final = (("points", "influxdb", 0), ("business", "backend", 40))
"""Name, kind, and by how many blocks it is behind."""


class Pulse:
    """Furnishes a hall, then keeps it going."""

    def __init__(self, api: FoldedApi) -> None:
        self._api = api
        self._world = api.world
        self._ledger = SqliteLedgerQueries(Reader(api.world.path))
        self._dice = Random(SEED)
        self._beats = 0
        furnish(self._world, _THURSDAY_MS, None, _HOURS, _DAYS)
        self._seal()
        Friday(self._world, _FRIDAY_MS).tell()
        for name, kind, _ in _SINKS:
            api.deliveries.sink(name, kind, 0, 0, 0, 0, "ok", None)
        Morning(self._world, MORNING_MS).tell()
        self._deliver()

    def _seal(self) -> None:
        """October; then one of its ratings is found to be none."""
        self._world.act("month_sealed", {"author": "zhou", "month": OCTOBER})
        void = {"author": "zhou", "rating_id": _TESTED, "reason": "设备调试时误按"}
        self._world.act("rating_voided", void)

    async def beat(self) -> None:
        """Until cancelled: presses everywhere but at the terminal that is gone."""
        while True:
            self._beats += 1
            self._world.clock.advance(_PASSES_MS)
            records = list(self._presses())
            if self._beats % _BEATS_A_HEARTBEAT == 0:
                records += heartbeats(self._now_ms)
            self._world.take(*records)
            self._deliver()
            await asyncio.sleep(_BEAT_S)

    @property
    def _now_ms(self) -> int:
        return self._world.clock.wall_ms()

    def _presses(self) -> list[Record]:
        """At one terminal after the other, now and then."""
        turn, rest = divmod(self._beats, _BEATS_A_PRESS)
        if rest:
            return []
        there = terminals()
        number = there[turn % len(there)]
        body = element(f"p{turn:06}-{number:02}", self._dice.choice(_LEVELS))
        return [message(device(number), body, self._now_ms)]

    def _deliver(self) -> None:
        """Each sink has what is older than it is behind."""
        head = self._world.journal.last_number()
        cursors = [
            SinkCursor(name, max(0, head - behind), 0) for name, _, behind in _SINKS
        ]
        found = self._ledger.owed(cursors)
        for cursor, events in zip(cursors, found, strict=True):
            delivered = events.addressed - events.owed
            self._api.deliveries.taken(cursor.name, cursor.block, delivered)
