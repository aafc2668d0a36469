"""The ledger as readers see it: `gateway.queries.LedgerQueries` on SQLite."""

from collections.abc import Sequence

import apsw

from gateway.ledger.queries import books, fleet, ratings, sessions
from gateway.ledger.queries.owed import Owed, in_force
from gateway.places import Place
from gateway.ports import SinkSince
from gateway.queries.asking import (
    AlertFilter,
    DeviceFilter,
    Page,
    QuarantineFilter,
    RatingFilter,
    SessionFilter,
    Slice,
)
from gateway.queries.rows import (
    ActRow,
    AlertRow,
    DeviceRow,
    FateCounts,
    OwedEvents,
    QuarantineRow,
    RatingDetail,
    RatingRow,
    SessionDetail,
    SessionRow,
    SinkCursor,
)
from gateway.reading import Reader

_TO_TELL_AMBIGUOUS = 2


class SqliteLedgerQueries:
    """One question, one read transaction of `reader`."""

    def __init__(self, reader: Reader) -> None:
        self._read = reader.read
        self._owed = Owed()

    def fates(self) -> FateCounts:
        return self._read(books.fates)

    def sinks(self) -> list[SinkSince]:
        return self._read(in_force)

    def owed(self, cursors: Sequence[SinkCursor]) -> list[OwedEvents]:
        return self._read(lambda c: self._owed.count(c, cursors))

    def ratings(self, wanted: RatingFilter, part: Slice) -> Page[RatingRow]:
        return self._read(lambda c: ratings.listed(c, wanted, part))

    def rating(self, device_id: str, event_id: str) -> RatingDetail | None:
        return self._read(lambda c: self._rating(c, device_id, event_id))

    def rating_devices(self, event_id: str) -> list[str]:
        return self._read(lambda c: ratings.devices_of(c, event_id, _TO_TELL_AMBIGUOUS))

    def sessions(self, wanted: SessionFilter, part: Slice) -> Page[SessionRow]:
        return self._read(lambda c: sessions.listed(c, wanted, part))

    def session(self, session_key: str) -> SessionDetail | None:
        return self._read(lambda c: sessions.detail(c, session_key))

    def session_keys(self, session_id: str) -> list[str]:
        return self._read(lambda c: sessions.keys(c, session_id, _TO_TELL_AMBIGUOUS))

    def devices(self, wanted: DeviceFilter, part: Slice) -> Page[DeviceRow]:
        return self._read(lambda c: fleet.devices(c, wanted, part))

    def device(self, device_id: str) -> DeviceRow | None:
        return self._read(lambda c: fleet.device(c, device_id))

    def alerts(self, wanted: AlertFilter, part: Slice) -> Page[AlertRow]:
        return self._read(lambda c: fleet.alerts(c, wanted, part))

    def quarantine(self, wanted: QuarantineFilter, part: Slice) -> Page[QuarantineRow]:
        return self._read(lambda c: books.quarantine(c, wanted, part))

    def quarantined(self, number: int) -> QuarantineRow | None:
        return self._read(lambda c: books.quarantined(c, number))

    def act(self, place: int) -> ActRow | None:
        return self._read(lambda c: books.act(c, place))

    def act_of_key(self, author: str, key: str) -> ActRow | None:
        return self._read(lambda c: books.act_of_key(c, author, key))

    def _rating(
        self, connection: apsw.Connection, device_id: str, event_id: str
    ) -> RatingDetail | None:
        place = ratings.place_of(connection, device_id, event_id)
        found = [] if place is None else ratings.at(connection, [place])
        if not found:
            return None
        rating = found[0]
        block = Place.unpack(rating.place).block
        return RatingDetail(
            rating=rating,
            history=ratings.of_same_session(connection, rating),
            point=ratings.point_of(connection, rating),
            events=self._owed.positions(connection, rating.rating_id, block),
        )
