"""What the fold last looked at, read beside it: the ground of an explanation."""

from collections.abc import Sequence
from datetime import tzinfo
from typing import Any, Final

from gateway.ledger.books import Books
from gateway.ledger.devices import Binding, Devices
from gateway.ledger.figures import KEPT_OUT
from gateway.ledger.queries import ratings as rating_queries
from gateway.ledger.queries import sessions as session_queries
from gateway.ledger.ratings import Ratings, Stored, number_of
from gateway.ledger.sessions import Scope, SessionBooks, SessionFact
from gateway.ledger.store import Store
from gateway.places import Place
from gateway.processing.memory.attributing import Attribution, seat
from gateway.processing.memory.exclusions import Exclusions
from gateway.processing.memory.rulings import Rulings
from gateway.processing.memory.terms import KeptTerms
from gateway.processing.ratings.rows import NAMED
from gateway.processing.ratings.scopes import (
    Loaded,
    Memory,
    Remembering,
    rating_fact,
    voids_of,
)
from gateway.queries.rows import SessionRow
from gateway.ratings.explaining.model import (
    LoneSeen,
    RatingSeen,
    SessionSeen,
    Sibling,
    Terms,
)
from gateway.ratings.explaining.model import Stored as StoredSession
from gateway.ratings.scopes import Surveyed
from gateway.ratings.standings import Stand
from gateway.ratings.waiting import stands_of
from gateway.reading import Reader

_RULES_THEN: Final = (
    "SELECT place FROM act WHERE name = 'rules_applied' AND at_ms <= ?"
    " AND outcome NOT LIKE '{\"error\"%' ORDER BY place DESC LIMIT 1"
)


class LedgerExplanations:
    """`gateway.queries.explaining.Explanations` on the ledger's tables."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def session(self, session_key: str) -> SessionSeen | None:
        return self._reader.read(lambda c: Explaining(Store(c)).session(session_key))

    def alone(self, device_id: str, event_id: str) -> LoneSeen | None:
        return self._reader.read(
            lambda c: Explaining(Store(c)).alone(device_id, event_id)
        )


class _Remembered(Memory):
    """The tables that a look needs, without the fold's caches."""

    def __init__(self, store: Store) -> None:
        self.session_books = SessionBooks(store)
        self.ratings = Ratings(store)
        self.terms = KeptTerms(self.session_books)
        self.rulings = Rulings(Books(store), Devices(store), self.terms)
        self.exclusions = Exclusions(Books(store))
        self._bindings = {one.no: one for one in self.ratings.bindings()}

    def binding(self, number: int) -> Binding:
        return self._bindings[number]


class _BoundTo(Devices):
    """The registry, of whose bindings those of a terminal or window are asked for."""

    def __init__(self, store: Store, device_id: str, window: str | None) -> None:
        super().__init__(store)
        self._device_id, self._window = device_id, window

    def registry(self, kind: str) -> dict[str, dict[str, Any]]:
        rows = super().registry(kind)
        if kind != "bindings":
            return rows
        if seat(self._device_id, self._window) != self._device_id:
            return {
                k: one for k, one in rows.items() if one.get("window") == self._window
            }
        of = self._device_id
        return {key: row for key, row in rows.items() if row["device_id"] == of}


class Explaining:
    """One question, within one read transaction."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._memory = _Remembered(store)
        self._now_ms = Books(store).counters()["now_ms"]

    def session(self, session_key: str) -> SessionSeen | None:
        """A session, and what it was last looked at with; None: there is none."""
        detail = session_queries.detail(self._store.connection, session_key)
        if detail is None:
            return None
        row = detail.session
        number = session_queries.number(self._store.connection, row.session_key)
        known = self._memory.session_books.of_number(number or 0)
        assert known is not None, "a session without a row"
        loaded = Loaded(self._memory, known.scope, known.began_ms)
        survey = Remembering(self._memory).before(loaded)
        one = next(each for each in survey.sessions if each.n == known.n)
        return self._seen(row, known, loaded, one)

    def _seen(
        self, row: SessionRow, known: SessionFact, loaded: Loaded, one: Surveyed
    ) -> SessionSeen:
        ruling = self._memory.rulings[known.site]
        in_force = Terms(ruling.session, ruling.calendar)
        look = known.look
        stored = [
            each for each in loaded.ratings.values() if each.session_no == known.no
        ]
        looked_ms = look.at_ms if look else max(each.received_ms for each in stored)
        default = loaded.defaults.get(known.default_place or 0)
        device_id, claimed = self._who(one, loaded, ruling.zone)
        attribution = self._attribution(device_id, known.window, ruling.zone)
        served = seat(device_id, known.window)
        bound = attribution.at(served, one.state.counts_ms)
        return SessionSeen(
            key=row.session_key,
            site=known.site,
            number=number_of(known.session_id),
            stage=known.stage,
            facts=one.facts,
            state=one.state,
            stored=_stored(row),
            terms=Terms(*self._memory.terms.of(look.terms)) if look else in_force,
            in_force=in_force,
            revision=self._revision(looked_ms),
            plain=look is None,
            looked_ms=looked_ms,
            now_ms=self._now_ms,
            ratings=self._ratings([*stored, *([default] if default else [])]),
            siblings=tuple(
                Sibling(each.key, each.began_ms) for each in loaded.sessions.values()
            ),
            device_id=device_id,
            claimed=claimed,
            bound_window=bound.window if served == device_id else None,
            bound_employee=bound.employee,
            credit=attribution.credit(served, one.state.counts_ms, claimed),
            excluding=self._memory.exclusions.at(
                known.site, max((each.ordinal for each in stored), default=0)
            ),
        )

    def _who(
        self, one: Surveyed, loaded: Loaded, zone: tzinfo
    ) -> tuple[str, str | None]:
        """The terminal of a session, and the employee whom it names itself."""
        answer = one.state.chain[-1] if one.state.chain else None
        if answer is None and one.facts.ratings:
            answer = one.facts.ratings[0]
        service = one.state.service
        if answer is None:
            return service.device_id or "", service.employee_id
        rated = loaded.ratings[answer.rating_id]
        window = self._memory.binding(rated.binding).window
        bound = self._attribution(rated.device_id, window, zone).at(
            seat(rated.device_id, window), rated.occurred_ms
        )
        named = rated.details.get(NAMED)
        if named is None and rated.employee_id != bound.employee:
            named = rated.employee_id
        return service.device_id or rated.device_id, named or service.employee_id

    def _attribution(
        self, device_id: str, window: str | None, zone: tzinfo
    ) -> Attribution:
        """Who served at a terminal or window, and when."""
        devices = _BoundTo(self._store, device_id, window)
        rulings = self._memory.rulings
        windows = devices.registry("windows")

        def zone_of(window: str | None, _device_id: str) -> tzinfo:
            site = windows.get(window or "", {}).get("site")
            return rulings[site].zone if site else zone

        return Attribution(devices, zone_of)

    def alone(self, device_id: str, event_id: str) -> LoneSeen | None:
        """A rating without a session; None: there is none, or a session holds it."""
        connection = self._store.connection
        place = rating_queries.place_of(connection, device_id, event_id)
        found = [] if place is None else self._memory.ratings.at([place])
        if not found or found[0].session_no is not None:
            return None
        (stored,) = found
        waits = self._memory.session_books.waits_in(stored.place)
        site = self._memory.binding(stored.binding).site or ""
        ruling = self._memory.rulings[site]
        (rating,) = self._ratings(found)
        return LoneSeen(
            rating=rating,
            site=site,
            number=number_of(waits[1]) if waits else stored.details.get("session_id"),
            waits=waits is not None,
            stand=self._waiting(waits).get(rating.fact.rating_id, Stand()),
            terms=Terms(ruling.session, ruling.calendar),
            revision=self._revision(stored.received_ms),
            now_ms=self._now_ms,
            excluding=self._memory.exclusions.at(site, stored.ordinal),
        )

    def _waiting(self, scope: Scope | None) -> dict[str, Stand]:
        """How the ratings of a scope stand that wait for a session."""
        if scope is None:
            return {}
        found = self._memory.ratings.at(self._memory.session_books.waiting(scope))
        names = {one.rating_id for one in found}
        facts = [rating_fact(self._memory, one, names) for one in found]
        lasting = self._memory.rulings.lasting(scope[0], facts)
        return stands_of(facts, voids_of(found), lasting)

    def _ratings(self, stored: Sequence[Stored]) -> tuple[RatingSeen, ...]:
        names = {one.rating_id for one in stored}
        return tuple(
            RatingSeen(
                fact=rating_fact(
                    self._memory, one._replace(level=one.level or 0), names
                ),
                version=one.version,
                effective=one.effective,
                flags=one.flags,
                evidence=one.details.get("evidence", {}),
                employee_id=one.employee_id,
                mode=one.mode,
                kept_out=bool(one.details.get(KEPT_OUT)),
                default=one.place < 0,
            )
            for one in stored
        )

    def _revision(self, at_ms: int) -> str:
        """The place of the record that put the rules of a moment in force."""
        row = self._store.one(_RULES_THEN, (at_ms,))
        return "default" if row is None else str(Place.unpack(row[0]))


def _stored(row: SessionRow) -> StoredSession:
    names = StoredSession.__struct_fields__
    return StoredSession(**{name: getattr(row, name) for name in names})
