"""What is not a usual rating alone: the facts of a scope, looked at as a whole."""

import json
from collections.abc import Callable
from typing import Final

from gateway.ledger.ratings import IMPLIED, Stored
from gateway.ledger.sessions import Scope, SessionFact
from gateway.processing.ratings.finding import find_rating, meant_by
from gateway.processing.ratings.lone import told_last
from gateway.processing.ratings.points import restated
from gateway.processing.ratings.scopes import KnownEvent, Loaded, Looking
from gateway.processing.ratings.settling import (
    NOTHING_TOLD,
    Moved,
    Settling,
    all_told,
)
from gateway.processing.state import State
from gateway.ratings.facts import SessionEvent
from gateway.ratings.flags import PRESS_TEST
from gateway.ratings.grouping import together
from gateway.ratings.news import RECORDED, Told
from gateway.ratings.scopes import Survey
from gateway.ratings.sessions import REPEAT
from gateway.ratings.waiting import CHOSEN_MAX, is_version, stands_of

RATINGS_MAX: Final = CHOSEN_MAX
"""Ratings beside its amendments that a session's choice is made of at most.

A terminal that sends one number for ever would make each of its ratings dearer than
the last.
"""
EVENTS_MAX: Final = 64
"""Events that one session is made of at most."""
AWAITED_MAX: Final = 100_000
"""Ratings that amendments wait for; beyond that an amendment stands for itself."""


class Changing:
    """Changes what is known of a scope, and brings its sessions up to date.

    `known` are scopes that the run need not ask for any more, `awaited` the ratings
    that amendments wait for, with the scopes that hold those.
    """

    def __init__(self, state: State, known: set[Scope]) -> None:
        self._state = state
        self._looking = Looking(state)
        self._settling = Settling(state)
        self._known = known
        self.awaited = state.session_books.awaited()

    def take_moved(self) -> list[Moved]:
        """The sessions that opened or ended otherwise since this was asked last."""
        moved, self._settling.moved = self._settling.moved, []
        return moved

    def take(self, stored: Stored, scope: Scope) -> None:
        """Find the session of a rating whose row was just written."""
        state = self._state
        target = None
        if stored.amends is not None:
            scope, target = self._amending(stored, scope)
        loaded = Loaded(state, scope, stored.occurred_ms)
        if self._is_crowd(loaded, stored):
            return
        told = self._move_amendments(stored.rating_id, loaded)
        before = self._looking.before(loaded)
        if target is not None and target.rating_id not in loaded.ratings:
            before = self._adopt(loaded, before, target)
        loaded.add(stored)
        self._known.add(scope)
        after = self._looking.after(loaded)
        self._settling.settle(loaded, before, after, told)

    def _amending(self, stored: Stored, own: Scope) -> tuple[Scope, Stored | None]:
        """The scope of what a rating amends; until that has come, its own.

        A target that stands alone comes along, into a session that both imply.
        """
        state = self._state
        meant = meant_by(state, stored.device_id, stored.amends or "")
        if meant == stored.rating_id:
            return own, None
        if own[1].startswith(IMPLIED):
            own = (own[0], f"{IMPLIED}{meant}", 0)
        target = find_rating(state, meant)
        if target is None:
            return self._await(meant, own), None
        if (
            target.level is None
            or target.mode != "live"
            or PRESS_TEST in target.flags  # of no session, whatever amends it
        ):
            return own, None
        if target.session_no is None:
            waits_in = state.session_books.waits_in(target.place)
            if waits_in is not None:
                return waits_in, None
            return _alone(state, target), target
        known = self._session_of(target)
        assert known is not None
        return known.scope, None

    def _await(self, meant: str, own: Scope) -> Scope:
        """Where amendments wait for what they amend: all of one rating in one scope."""
        known = self.awaited.get(meant)
        if known is None and len(self.awaited) < AWAITED_MAX:
            self.awaited[meant] = own
            self._state.session_books.await_rating(meant, own)
        return known or own

    def _adopt(self, loaded: Loaded, before: Survey, target: Stored) -> Survey:
        """Take in a rating that stood alone."""
        loaded.add(target)
        alone = self._looking.facts([target])
        stand = told_last(target, loaded.scope[1])
        return before._replace(
            alone=(*before.alone, *alone),
            waited={**before.waited, target.rating_id: stand},
        )

    def _is_crowd(self, loaded: Loaded, stored: Stored) -> bool:
        """Whether the rating is one of too many: told of, and without effect."""
        ruling = self._state.rulings[loaded.scope[0]]
        bound = RATINGS_MAX + ruling.rules.amendments_max
        if len(loaded.waiting) >= bound and self._waits_in_crowd(loaded, stored, bound):
            return self._keep_apart(stored, None)
        if len(loaded.ratings) < bound:
            return False
        near = [
            one
            for one in loaded.sessions.values()
            if len(one.ratings) >= bound and one.began_ms <= stored.occurred_ms
        ]
        newest = max(loaded.sessions.values(), key=lambda one: one.began_ms)
        if len(newest.ratings) < bound and not near:
            return False
        return self._keep_apart(stored, (near or [newest])[-1])

    def _waits_in_crowd(self, loaded: Loaded, stored: Stored, bound: int) -> bool:
        """Whether more would wait for one session than a choice is made of."""
        sessions = loaded.sessions.values()
        if any(one.began_ms <= stored.occurred_ms for one in sessions):
            return False
        facts = self._looking.facts([*loaded.waiting.values(), stored])
        lasting = self._state.rulings.lasting(loaded.scope[0], facts)
        return any(
            len(some) > bound and any(one.rating_id == stored.rating_id for one in some)
            for some in together(facts, lasting)
        )

    def _keep_apart(self, stored: Stored, session: SessionFact | None) -> bool:
        """Told of as one too many, of a session or of those that wait for one."""
        number = None if session is None else session.no
        now = stored._replace(flags=(*stored.flags, REPEAT), session_no=number)
        self._state.ratings.stand(
            [(now.version, False, json.dumps(now.flags), number, now.place)]
        )
        event = restated(self._state, now, session, RECORDED, None)
        self._state.emission.events.append(event)
        return True

    def _move_amendments(self, rating_id: str, loaded: Loaded) -> Told:
        """Fetch what amends a rating from where it waited; what was told of it."""
        scope = self.awaited.pop(rating_id, None)
        if scope is None:
            return NOTHING_TOLD
        state = self._state
        state.session_books.came(rating_id)
        if scope == loaded.scope:
            return NOTHING_TOLD
        waited = Loaded(state, scope, state.now_ms)
        before = self._looking.before(waited)
        for stored in self._amending_it(waited, rating_id):
            moved = waited.drop(stored.rating_id)
            if moved is not None:
                loaded.add(moved)
        after = self._looking.after(waited)
        self._settling.settle(waited, before, after)
        if not state.session_books.numbers_given(scope):
            self._known.discard(scope)
        return all_told(before)

    def _amending_it(self, waited: Loaded, rating_id: str) -> list[Stored]:
        """What amends a rating, and what amends that in turn."""
        found = {rating_id}
        ratings = waited.all_ratings()
        facts = {one.place: one for one in self._looking.facts(ratings, rating_id)}
        for _ in ratings:
            found |= {one.rating_id for one in facts.values() if one.amends in found}
        return [one for one in ratings if one.rating_id in found]

    def take_event(self, scope: Scope, place: int, event: SessionEvent) -> str | None:
        """Find the session of an event; answers the rule that ignores it, if any."""
        state = self._state
        loaded = Loaded(state, scope, event.occurred_ms)
        if len(loaded.events) >= EVENTS_MAX:
            crowded = [
                one
                for one in loaded.sessions.values()
                if sum(e.session_no == one.no for e in loaded.events.values())
                >= EVENTS_MAX
            ]
            if crowded:
                return "session_crowded"
        before = self._looking.before(loaded)
        loaded.events[event.event_id] = KnownEvent(None, place, event)
        self._known.add(scope)
        after = self._looking.after(loaded)
        self._settling.settle(loaded, before, after)
        return None

    def look_again(self, number: str) -> None:
        """Something of a session falls due."""
        known = self._state.session_books.of_number(int(number))
        if known is not None:
            self.look(known.scope, known.began_ms)

    def look(self, scope: Scope, at_ms: int) -> None:
        """See what time has changed."""
        loaded = Loaded(self._state, scope, at_ms)
        before = self._looking.before(loaded)
        after = self._looking.after(loaded)
        self._settling.settle(loaded, before, after)

    def orphan(self, rating_id: str) -> None:
        """A rating may have waited long enough for the session that it requires."""
        stored = find_rating(self._state, rating_id)
        if stored is None:
            return
        scope = self._state.session_books.waits_in(stored.place)
        if scope is not None:
            self.look(scope, self._state.now_ms)

    def note(self, stored: Stored, write: Callable[[], None]) -> None:
        """Write a fact about a rating, and see what that changes in its session."""
        known = self._session_of(stored)
        if known is None:
            write()
            return
        loaded = Loaded(self._state, known.scope, known.began_ms)
        before = self._looking.before(loaded)
        write()
        after = self._looking.after(loaded)
        self._settling.settle(loaded, before, after)

    def _session_of(self, stored: Stored) -> SessionFact | None:
        number = stored.session_no
        return None if number is None else self._state.session_books.of_number(number)

    def declare_void(self, stored: Stored, reason: str, by: str) -> None:
        """Void a rating; one in effect, or an earlier version of it, with all others.

        A press without effect takes nothing with it.
        """
        state = self._state
        void = {"reason": reason, "by": by, "at_ms": state.now_ms, "whole": False}
        if stored.mode != "live":
            state.ratings.void(stored.place, _json(void))
            state.ratings.stand([(stored.version + 1, False, None, None, stored.place)])
            return
        known = self._session_of(stored)
        if known is None:
            waits_in = state.session_books.waits_in(stored.place)
            scope = waits_in or _alone(state, stored)
            loaded = Loaded(state, scope, stored.occurred_ms)
        else:
            loaded = Loaded(state, known.scope, known.began_ms)
        before = self._looking.before(loaded)
        if known is None and stored.rating_id not in loaded.waiting:
            before = self._adopt(loaded, before, stored)
        void["whole"] = self._is_version(loaded, before, stored.rating_id)
        state.ratings.void(stored.place, _json(void))
        loaded.void(stored.rating_id, void)
        self._settling.settle(loaded, before, self._looking.after(loaded))

    def _is_version(self, loaded: Loaded, before: Survey, rating_id: str) -> bool:
        """Whether a press is, or once was, the rating of its session."""
        lasting = self._state.rulings.lasting(loaded.scope[0], before.alone)
        waited = stands_of(before.alone, (), lasting)
        states = [one.state for one in before.sessions]
        chained = {one.rating_id for state in states for one in state.chain}
        alone = {name for name, stand in waited.items() if is_version(stand)}
        issued = {
            each.facts.issued.rating_id for each in before.sessions if each.facts.issued
        }
        return rating_id in chained | alone | issued


def _alone(state: State, stored: Stored) -> Scope:
    """The scope of the session that a rating without a number implies."""
    site = state.binding(stored.binding).site or ""
    return site, f"{IMPLIED}{stored.rating_id}", 0


def _json(value: dict[str, object]) -> str:
    return json.dumps(value, ensure_ascii=False)
