"""All sessions of a number looked at together: what arrives changes one, or several.

A usual rating alone in its session never comes here (`Sessions.begin_plain`). All else
does: the facts are read, the new one is added, and what differs between the states
before and after is written and told.
"""

from collections.abc import Collection, Container, Iterable
from typing import Any, Final, NamedTuple, Protocol

import msgspec

from device_protocol.identity import rating_id as identity
from device_protocol.identity import references
from device_protocol.timestamps import TimeQuality
from gateway.ledger.devices import Binding, Device
from gateway.ledger.ratings import Ratings, Stored
from gateway.ledger.sessions import Look, Scope, SessionBooks, SessionFact
from gateway.processing.memory.attributing import HTTP
from gateway.processing.memory.rulings import Rulings
from gateway.processing.memory.terms import KeptTerms
from gateway.processing.ratings.bindings import TERMINAL, terminals_at
from gateway.processing.ratings.lone import told_last
from gateway.processing.state import State
from gateway.ratings.facts import Facts, Fixed, RatingFact, SessionEvent, Void
from gateway.ratings.scopes import Scope as ScopeFacts
from gateway.ratings.scopes import Survey, Surveyed, survey
from gateway.ratings.state import SessionState, state_of
from gateway.ratings.waiting import ORPHAN

_EVENT: Final = msgspec.json.Decoder(SessionEvent)
REQUIRED: Final = "session_required"
"""The detail of a rating whose terminal required a session when it came."""
GATEWAY: Final = TimeQuality.GATEWAY.value
_GIVEN: Final = "\0"
"""Stands among the numbers for the greatest one that a scope has given out."""


class Memory(Protocol):
    """What it takes to see sessions as they were last looked at."""

    session_books: SessionBooks
    ratings: Ratings
    terms: KeptTerms
    rulings: Rulings

    def binding(self, number: int) -> Binding:
        """The binding with this number."""


class KnownEvent(NamedTuple):
    """A session's event; one that just arrived has no session yet."""

    session_no: int | None
    place: int
    event: SessionEvent


class Loaded:
    """What the ledger holds of a scope around a moment, by the names of the rules."""

    def __init__(self, state: Memory, scope: Scope, at_ms: int) -> None:
        self.scope = scope
        books = state.session_books
        self.given = books.numbers_given(scope)
        self._gone: dict[str, Stored] = {}
        self.sessions = {one.n: one for one in books.near(scope, at_ms)}
        of_number = {one.no: one.n for one in self.sessions.values()}
        self.events: dict[str, KnownEvent] = {}
        for row in books.events(sorted(of_number)):
            event = _EVENT.decode(row.data)
            self.events[event.event_id] = KnownEvent(row.session_no, row.place, event)
        waiting = state.ratings.at(books.waiting(scope))
        self.waiting = {one.rating_id: one for one in waiting}
        places = [place for one in self.sessions.values() for place in one.ratings]
        self.ratings = {one.rating_id: one for one in state.ratings.at(places)}
        self.of_rating = {
            one.rating_id: of_number[one.session_no]
            for one in self.ratings.values()
            if one.session_no in of_number
        }
        self.defaults = {
            one.place: one
            for one in state.ratings.at(
                session.default_place
                for session in self.sessions.values()
                if session.default_place is not None
            )
        }

    def numbers(self) -> dict[str, int]:
        """The session of each fact, and the greatest number given."""
        by_no = {one.no: one.n for one in self.sessions.values()}
        numbers = {
            name: by_no[one.session_no]
            for name, one in self.events.items()
            if one.session_no in by_no
        }
        return {**numbers, **self.of_rating, _GIVEN: self.given}

    def all_ratings(self) -> list[Stored]:
        """Ratings of sessions, those that wait for one, and those that arrived."""
        return [*self.ratings.values(), *self.waiting.values()]

    def known_rating(self, name: str) -> Stored:
        """A rating as the ledger holds it."""
        return self.ratings.get(name) or self.waiting.get(name) or self._gone[name]

    @property
    def dropped(self) -> frozenset[int]:
        """Places of the ratings that went to another scope."""
        return frozenset(one.place for one in self._gone.values())

    def add(self, stored: Stored) -> None:
        """A rating that arrived, or that had no session of its own."""
        self.ratings[stored.rating_id] = stored

    def void(self, name: str, void: dict[str, Any]) -> None:
        """A rating, or a default, that was just declared void."""
        for place, one in self.defaults.items():
            if one.rating_id == name:
                self.defaults[place] = one._replace(void=void)
                return
        of = self.ratings if name in self.ratings else self.waiting
        of[name] = of[name]._replace(void=void)

    def drop(self, name: str) -> Stored | None:
        """A rating that goes to another scope."""
        found = self.ratings.pop(name, None) or self.waiting.pop(name, None)
        if found is not None:
            self._gone[name] = found
        return found


WITH: Final = "with"
"""Of a void: the rating whose void took this one along."""


def rating_fact(state: Memory, stored: Stored, ids: Container[str]) -> RatingFact:
    """A rating as the rules see it; `ids` are those of its scope."""
    amends = None
    if stored.amends is not None:
        meant = [identity(*one) for one in references(stored.device_id, stored.amends)]
        amends = next((text for text in meant if text in ids), meant[-1])
        if amends == stored.rating_id:  # which replaces nothing
            amends = None
    assert stored.level is not None
    binding = state.binding(stored.binding)
    return RatingFact(
        stored.place,
        stored.rating_id,
        stored.device_id,
        stored.occurred_ms,
        stored.level,
        stored.seq,
        stored.received_ms,
        stored.origin,
        stored.round,
        amends,
        binding.window,
        stored.details.get("key"),
        stored.time_quality != GATEWAY,
        REQUIRED in stored.details,
        binding.medium == TERMINAL,
        stored.void is not None and bool(stored.void.get("whole")),
    )


def voids_of(stored: Iterable[Stored]) -> tuple[Void, ...]:
    """What was declared void among these, by whom and why."""
    return tuple(
        Void(one.rating_id, one.void["reason"], one.void["by"], one.void["at_ms"])
        for one in stored
        if one.void is not None and WITH not in one.void
    )


def kept_void(state: SessionState, stored: Iterable[Stored]) -> Void | None:
    """The void of a session that was void as a whole, whatever is in effect by now."""
    if state.void is not None or state.effective is None:
        return None
    for one in stored:
        if one.rating_id in state.stands and one.void and one.void.get("whole"):
            name = state.effective.rating_id
            return Void(name, one.void["reason"], one.void["by"], one.void["at_ms"])
    return None


class Remembering:
    """Works out where the sessions of a scope stood when they were last looked at."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def before(self, loaded: Loaded) -> Survey:
        """As each session was when it was last looked at, under the terms of then."""
        sessions = tuple(
            self._as_it_was(loaded, one) for one in loaded.sessions.values()
        )
        alone = self.facts(loaded.waiting.values())
        orphans = frozenset(
            one.rating_id for one in loaded.waiting.values() if ORPHAN in one.flags
        )
        waited = {
            name: told_last(one, loaded.scope[1])
            for name, one in loaded.waiting.items()
        }
        return Survey(sessions, alone, orphans, None, waited)

    def facts(
        self, ratings: Iterable[Stored], also: str = ""
    ) -> tuple[RatingFact, ...]:
        """Ratings as the rules see them; `also` is one that they may refer to."""
        known = {one.rating_id: one for one in ratings}
        ids = {*known, also}
        return tuple(rating_fact(self._memory, one, ids) for one in known.values())

    def _as_it_was(self, loaded: Loaded, session: SessionFact) -> Surveyed:
        facts, rated = self._facts(loaded, session)
        ruling, look = self._memory.rulings[session.site], session.look
        rules, calendar = ruling.session, ruling.calendar
        if look is None:  # one usual rating: told of as it was pressed
            at_ms = facts.ratings[0].occurred_ms
        else:
            rules, calendar = self._memory.terms.of(look.terms)
            at_ms = look.at_ms
        state = state_of(facts, rules, calendar, at_ms)
        void = kept_void(state, rated)
        if void is not None:
            facts = msgspec.structs.replace(facts, voids=(*facts.voids, void))
            state = state_of(facts, rules, calendar, at_ms)
        return Surveyed(session.n, facts, state)

    def _facts(
        self, loaded: Loaded, session: SessionFact
    ) -> tuple[Facts, list[Stored]]:
        look = session.look or Look(0, 0)
        own = [one for one in loaded.ratings.values() if one.session_no == session.no]
        books = self._memory.session_books
        default = loaded.defaults.get(session.default_place or 0)
        rated = [*own, default] if default else own
        ids = [one.rating_id for one in rated]
        seldom = session.look is not None or any(one.level in {1, 2} for one in own)
        facts = Facts(
            events=tuple(
                one.event
                for one in loaded.events.values()
                if one.session_no == session.no
            ),
            ratings=tuple(
                rating_fact(self._memory, one, loaded.ratings) for one in own
            ),
            voids=voids_of(rated),
            disputes=tuple(books.disputes(ids)) if seldom else (),
            steps=tuple(books.steps(ids)) if seldom else (),
            fixed=look.fixed,
            issued=look.issued,
            offline_since_ms=look.offline_since_ms,
        )
        return facts, rated


class Looking(Remembering):
    """Works out where the sessions of a scope stood, and where they stand."""

    def __init__(self, state: State) -> None:
        super().__init__(state)
        self._state = state

    def after(self, loaded: Loaded) -> Survey:
        """As all of them stand now, with what arrived."""
        state = self._state
        books, ruling = state.session_books, state.rulings[loaded.scope[0]]
        rules, calendar = ruling.session, ruling.calendar
        looks = {
            one.n: one.look for one in loaded.sessions.values() if one.look is not None
        }
        ratings = {one.rating_id: one for one in loaded.all_ratings()}
        stored = [*ratings.values(), *loaded.defaults.values()]
        ids = [one.rating_id for one in stored]
        events = tuple(one.event for one in loaded.events.values())
        facts = ScopeFacts(
            events=events,
            ratings=tuple(rating_fact(state, one, ratings) for one in ratings.values()),
            voids=voids_of(stored),
            disputes=tuple(books.disputes(ids)),
            steps=tuple(books.steps(ids)),
            numbers=loaded.numbers(),
            fixed={n: look.fixed for n, look in looks.items()},
            ended=self._ended(loaded.scope[0], ratings.values()),
            implied=self._implied(loaded.scope[0], ratings.values()),
            issued={n: look.issued for n, look in looks.items() if look.issued},
            offline_since_ms=self._silent(loaded.scope[0], events),
        )
        found = survey(facts, rules, calendar, state.now_ms)
        kept = [kept_void(one.state, stored) for one in found.sessions]
        if any(kept):
            voids = (*facts.voids, *(void for void in kept if void))
            facts = msgspec.structs.replace(facts, voids=voids)
            found = survey(facts, rules, calendar, state.now_ms)
        return found

    def _ended(self, site: str, ratings: Collection[Stored]) -> tuple[Fixed, ...]:
        """Windows of amendment that were over when rules or a calendar changed."""
        past = self._memory.rulings.past
        ends = [past.ended(site, one.occurred_ms) for one in ratings]
        return tuple(one for one in ends if one is not None)

    def _implied(self, site: str, ratings: Collection[Stored]) -> dict[int, int]:
        """As `_ended`, of sessions that presses alone imply."""
        if len(ratings) == 1:
            return {}
        firsts = [one.occurred_ms for one in ratings]
        return self._memory.rulings.past.implied_ended(site, firsts)

    def _silent(
        self, site: str, events: tuple[SessionEvent, ...]
    ) -> dict[str, int | None]:
        """Since when the terminals are offline that events speak of; {}: none is."""
        found: dict[str, int | None] = {}
        for event in events:
            terminals = self._terminals(site, event)
            if terminals:
                known = [one.known for one in terminals if one.known.state == "offline"]
                since = [one.received_ms for one in known]
                found[event.event_id] = min(since, default=None)
        return found if any(one is not None for one in found.values()) else {}

    def _terminals(self, site: str, event: SessionEvent) -> list[Device]:
        """The one that speaks; of a window told over HTTP, those bound to it then."""
        state = self._state
        if not event.device_id.startswith(HTTP):
            device = state.by_id.get(event.device_id)
            return [] if device is None else [device]
        if event.window is None:
            return []
        return list(terminals_at(state, site, event.window, event.occurred_ms))
