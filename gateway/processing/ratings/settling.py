"""What differs between two looks at a scope: written, counted and told."""

import json
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

import msgspec

from gateway.ledger.presses import Desk
from gateway.ledger.ratings import Session, Stored
from gateway.ledger.sessions import DutyRow, Look, SessionFact, SessionRow
from gateway.ledger.statements import Sealed
from gateway.processing.fleet.health import suspect_key
from gateway.processing.memory.counting import Counted
from gateway.processing.memory.restating import Moves
from gateway.processing.ratings.contributions import (
    counted_lone,
    counted_session,
    counted_waiting,
)
from gateway.processing.ratings.evidence import text_of
from gateway.processing.ratings.finding import find_rating
from gateway.processing.ratings.points import restated
from gateway.processing.ratings.rows import issue_default, session_row
from gateway.processing.ratings.scopes import Loaded
from gateway.processing.ratings.standing import as_they_stand
from gateway.processing.ratings.telling import tell
from gateway.processing.state import State
from gateway.ratings.clocks import CONTACT, RECTIFY, Duty
from gateway.ratings.facts import Issued
from gateway.ratings.flags import STUCK_KEY
from gateway.ratings.news import (
    FOLLOWUP_REQUIRED,
    News,
    Told,
    changes,
    of_waiting,
    renewed,
    told_of,
)
from gateway.ratings.scopes import Survey, Surveyed
from gateway.ratings.sessions import SUPERSEDED
from gateway.ratings.state import SessionState

SESSION_TIMER: Final = "session"
ORPHAN_TIMER: Final = "orphan"

NOTHING_TOLD: Final = Told({}, frozenset())


class Moved(NamedTuple):
    """A session that opened or ended otherwise than before.

    `opened_ms` are its openings before and now, `times` its ends, too.
    """

    number: int
    desk: Desk
    opened_ms: tuple[int, ...]
    times: tuple[int, ...]


class Settling:
    """Brings the ledger from one look at a scope to the next."""

    def __init__(self, state: State) -> None:
        self._state = state
        self.moved: list[Moved] = []  # not yet taken by who waits for it
        self._moves: Moves  # of the look that is being settled
        self._left: dict[int, Sealed] = {}  # on the way from one scope to the next

    def settle(
        self,
        loaded: Loaded,
        before: Survey,
        after: Survey,
        told: Told = NOTHING_TOLD,
    ) -> None:
        """Write, count and tell what differs.

        `loaded` holds what arrived, too; `told` is what was told of ratings while
        they belonged to another scope.
        """
        was = {one.n: one.state for one in before.sessions}
        known = all_told(before, told)
        work = [
            (one, changes(was.get(one.n), one.state, known)) for one in after.sessions
        ]
        waiting = of_waiting(known, after.waited)
        numbers = self._numbers(loaded, after)
        versions = _versions(loaded, [*waiting, *(n for _, some in work for n in some)])
        now = as_they_stand(self._state, loaded, after, numbers, versions)
        of = self._state.sealed, loaded.scope[0], self._state.now_ms
        self._moves = Moves(*of, self._left)
        self._write_ratings(loaded, now)
        self._write_events(loaded, after, numbers)
        self._alone(loaded, before, after, now)
        for each in waiting:
            tell(self._state, None, each, now, None)
        for n in sorted(was.keys() - numbers.keys()):
            self._forget(loaded, n)
        for one, news in work:
            old = was.get(one.n)
            self._session(loaded, numbers[one.n], one, old, (news, now, versions))
        self._left = self._moves.finish(loaded.dropped)

    def _numbers(self, loaded: Loaded, after: Survey) -> dict[int, int]:
        """The number of each session's row: a new one where there is none."""
        numbers = {}
        for one in after.sessions:
            known = loaded.sessions.get(one.n)
            if known is None:
                self._state.last_session += 1
            numbers[one.n] = self._state.last_session if known is None else known.no
        return numbers

    def _write_ratings(self, loaded: Loaded, now: Mapping[str, Stored]) -> None:
        state = self._state
        changed = [
            (loaded.known_rating(name), one)
            for name, one in now.items()
            if one != loaded.known_rating(name)
        ]
        state.ratings.stand(
            (
                one.version,
                one.effective,
                json.dumps(one.flags) if one.flags else None,
                one.session_no,
                one.place,
            )
            for _, one in changed
        )
        state.ratings.describe(
            (text_of(one), one.place)
            for old, one in changed
            if one.details != old.details
        )
        for old, one in changed:
            if one.void != old.void:
                void = one.void and json.dumps(one.void, ensure_ascii=False)
                state.ratings.void(one.place, void or None)
            if STUCK_KEY in one.flags and STUCK_KEY not in old.flags:
                suspect_key(state, one)

    def _write_events(
        self, loaded: Loaded, after: Survey, numbers: Mapping[int, int]
    ) -> None:
        books = self._state.session_books
        for one in after.sessions:
            number = numbers[one.n]
            for event in one.facts.events:
                known = loaded.events[event.event_id]
                if known.session_no is None:
                    data = msgspec.json.encode(event).decode()
                    row = (event.action, event.occurred_ms, data)
                    books.add_event(number, known.place, *row)
                elif known.session_no != number:
                    books.move_event(known.session_no, known.place, number)

    def _alone(
        self, loaded: Loaded, before: Survey, after: Survey, now: Mapping[str, Stored]
    ) -> None:
        """Ratings without a session wait, and count by themselves."""
        state = self._state
        was = {one.rating_id: one for one in before.alone}
        are = {one.rating_id: one for one in after.alone}
        for name in sorted(was.keys() - are.keys()):
            old = loaded.known_rating(name)
            counted = counted_waiting(state, old)
            state.counting.move(counted, ())
            self._moves.leave(old.place, self._site_of(old), counted)
            state.session_books.waits_no_more(loaded.scope, old.place)
        for name in sorted(are.keys() - was.keys()):
            one = now[name]
            counted = counted_waiting(state, one)
            state.counting.move((), counted)
            both = loaded.known_rating(name), one
            self._moves.alone(both, self._site_of(one), (), counted)
            state.session_books.wait(loaded.scope, one.place)
            state.session_books.end_duty(one.place)  # of the session that held it
            due_ms = (
                one.received_ms + state.rulings[loaded.scope[0]].session.orphan_after_ms
            )
            if name not in after.orphans:
                state.set_timer(due_ms, ORPHAN_TIMER, name)
        for name in sorted(was.keys() & are.keys()):
            old, one = loaded.known_rating(name), now[name]
            if (old.flags, old.effective) != (one.flags, one.effective):
                counts = counted_waiting(state, old), counted_waiting(state, one)
                state.counting.move(*counts)
                self._moves.alone((old, one), self._site_of(one), *counts)

    def _site_of(self, stored: Stored) -> str:
        """Where it counts by itself."""
        return self._state.binding(stored.binding).site or ""

    def _forget(self, loaded: Loaded, n: int) -> None:
        """A session that another one has absorbed; its default goes with it."""
        fact = loaded.sessions[n]
        self._move(fact, None)
        default = loaded.defaults.get(fact.default_place or 0)
        if default is not None and default.effective:
            stood = self._default_stands(default, {}, effective=False)
            event = restated(self._state, stood, fact, SUPERSEDED, None)
            self._state.emission.events.append(event)
        counted = self._counted_before(loaded, fact)
        self._state.counting.move(counted, ())
        self._moves.absorbed(fact, counted)
        self._state.session_books.remove(fact.no)

    def _counted_before(self, loaded: Loaded, fact: SessionFact) -> Counted:
        if fact.look is not None:
            return fact.look.counted
        (place,) = fact.ratings
        usual = next(one for one in loaded.all_ratings() if one.place == place)
        return counted_lone(self._state, usual)

    def _session(
        self,
        loaded: Loaded,
        number: int,
        one: Surveyed,
        old: SessionState | None,
        told: tuple[list[News], Mapping[str, Stored], Mapping[str, int]],
    ) -> None:
        """Write one session, count it and tell its news."""
        news, ratings, versions = told
        state, fact = self._state, loaded.sessions.get(one.n)
        session = Session(
            number,
            loaded.scope[1],
            loaded.scope[0],
            loaded.scope[2],
            one.n,
            began_of(one),
        )
        default, issued = self._default(loaded, fact, session, one.state, versions)
        row = session_row(state, session, one, ratings, default, fact)
        counted = counted_session(state, row, one.state, ratings, default)
        before = () if fact is None else self._counted_before(loaded, fact)
        look = Look(
            state.rulings[loaded.scope[0]].number,
            state.now_ms,
            one.state.fixed,
            issued,
            _silent_since(one, state.now_ms),
            counted,
            one.state.counts_ms,
        )
        row = row._replace(look=msgspec.json.encode(look).decode())
        state.session_books.save([row])
        state.counting.move(before, counted)
        if state.sealed.until_hour:
            rated = [
                (loaded.known_rating(name), each) for name, each in ratings.items()
            ]
            counts = before, counted
            self._moves.session(fact, row, counts, rated, _news(loaded, one))
        self._time(fact, row)
        self._move(fact, row)
        self._duty(old, one.state, ratings)
        defaults = {each.rating_id: each for each in loaded.defaults.values()}
        for each in news:
            tell(state, session, each, {**defaults, **ratings}, default)

    def _default(
        self,
        loaded: Loaded,
        fact: SessionFact | None,
        session: Session,
        now: SessionState,
        versions: Mapping[str, int],
    ) -> tuple[Stored | None, Issued | None]:
        """The row of a session's default, made when it is issued.

        One that followed another end of service has no effect any more.
        """
        issued = now.issued
        known = None
        if fact is not None and fact.default_place is not None:
            known = loaded.defaults[fact.default_place]
            stands = now.default is not None and now.default.effective
            same = issued is not None and issued.rating_id == known.rating_id
            known = self._default_stands(known, versions, effective=stands and same)
            loaded.defaults[known.place] = known
        if issued is None or issued.level is None or issued.rating_id is not None:
            return known, issued
        made = issue_default(self._state, session, now, fact)
        return made, msgspec.structs.replace(issued, rating_id=made.rating_id)

    def _default_stands(
        self, known: Stored, versions: Mapping[str, int], *, effective: bool
    ) -> Stored:
        if known.effective == effective:
            return known
        version = versions.get(known.rating_id, known.version + 1)
        self._state.ratings.stand(
            [(version, effective, None, known.session_no, known.place)]
        )
        return known._replace(effective=effective, version=version)

    def _time(self, fact: SessionFact | None, row: SessionRow) -> None:
        """Look again when something falls due; a timer once set is left to fire."""
        due_ms = row.due_ms
        known = fact is not None and fact.due_ms == due_ms
        if due_ms is not None and not known:
            self._state.set_timer(due_ms, SESSION_TIMER, str(row.no))

    def _move(self, before: SessionFact | None, now: SessionRow | None) -> None:
        """Note where a session is known otherwise by its opening than before."""
        known = [
            (
                Desk.of(one.site, one.window, one.device_no),
                one.opened_ms,
                one.ended_ms,
            )
            for one in (before, now)
            if one is not None and one.opened_ms is not None
        ]
        row = now or before
        assert row is not None
        if not known or (len(known) > 1 and known[0] == known[1]):
            return
        opened = tuple(opened_ms for _, opened_ms, _ in known)
        ended = tuple(ms for _, _, ms in known if ms is not None)
        for desk in dict.fromkeys(desk for desk, _, _ in known):
            self.moved.append(Moved(row.no, desk, opened, (*opened, *ended)))

    def _duty(
        self,
        old: SessionState | None,
        now: SessionState,
        ratings: Mapping[str, Stored],
    ) -> None:
        books = self._state.session_books
        was = old.duty if old else None
        if was is not None and (now.duty is None or now.duty.subject != was.subject):
            # What it was about may have gone to the session of what it amends.
            bad = ratings.get(was.subject) or find_rating(self._state, was.subject)
            assert bad is not None
            books.end_duty(bad.place)
        if now.duty is None or now.duty == was:
            return
        place = ratings[now.duty.subject].place
        if books.duty(place) is not None:  # told of before, maybe without a note of it
            self._state.books.note_first_version(FOLLOWUP_REQUIRED, now.duty.subject)
        books.save_duties([_duty_row(now.duty, place)])


def _silent_since(one: Surveyed, now_ms: int) -> int | None:
    """Since when the terminal is silent for which a default is held back."""
    deadline = one.state.deadline
    held = deadline is not None and deadline.at_ms <= now_ms
    held = held and one.state.issued is None
    return one.facts.offline_since_ms if held else None


def began_of(one: Surveyed) -> int:
    """When a session began, as far as its facts tell."""
    told = [event.occurred_ms for event in one.facts.events]
    return min(told or [rating.occurred_ms for rating in one.facts.ratings])


def _news(loaded: Loaded, one: Surveyed) -> str | None:
    """What a session was just told."""
    new = (e for e in one.facts.events if loaded.events[e.event_id].session_no is None)
    return next((event.action for event in new), None)


def _duty_row(duty: Duty, place: int) -> DutyRow:
    steps = {name: at_ms for name, at_ms, _ in duty.steps}
    return DutyRow(
        place,
        duty.subject,
        "followup",
        duty.since_ms,
        duty.clock(CONTACT).due_ms,
        duty.clock(RECTIFY).due_ms,
        steps.get("contacted"),
        steps.get("fixed"),
        steps.get("confirmed"),
        duty.closed,
    )


def all_told(before: Survey, told: Told = NOTHING_TOLD) -> Told:
    """What was told up to a look, and of ratings while they were elsewhere."""
    stands, amended = told_of(*(one.state for one in before.sessions))
    return Told({**told.stands, **stands, **before.waited}, told.amended | amended)


def _versions(loaded: Loaded, news: Iterable[News]) -> dict[str, int]:
    """The versions of what is told of again."""
    known = [*loaded.all_ratings(), *loaded.defaults.values()]
    return renewed(list(news), {one.rating_id: one.version for one in known})
