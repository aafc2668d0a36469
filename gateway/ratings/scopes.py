"""All sessions of one scope at once: what a fold asks, in one call.

    survey(what was known, now) and survey(what is known, now) -> their difference

A scope is (site, session number, stage). Nothing but facts needs to be stored: the
state before is the survey of the facts before, at the same moment, as long as timers
that were due have been told first.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec

from gateway.ratings.cells import difference, negative, of_rating, of_session
from gateway.ratings.facts import (
    Complaint,
    Dispute,
    Facts,
    Fixed,
    Issued,
    RatingFact,
    SessionEvent,
    Step,
    Void,
)
from gateway.ratings.grouping import Group, Lasting, group, is_orphan, unplaced
from gateway.ratings.news import News, Told, changes, of_waiting, told_of
from gateway.ratings.policy import SessionRules
from gateway.ratings.service import tellers
from gateway.ratings.standings import Stand
from gateway.ratings.state import SessionState, state_of
from gateway.ratings.waiting import stands_of
from gateway.ratings.workdays import Calendar


class Scope(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a scope.

    `numbers` are the sessions' numbers given before, by event_id and rating_id;
    `fixed` and `issued` are by those numbers; `ended` are windows of amendment of any
    of the ratings that no session has noted; `implied` are ends of sessions that
    presses alone imply, by the first one's moment. `offline_since_ms` is by the events
    that speak of terminals; None: none of those is offline.
    """

    events: tuple[SessionEvent, ...] = ()
    ratings: tuple[RatingFact, ...] = ()
    voids: tuple[Void, ...] = ()
    disputes: tuple[Dispute, ...] = ()
    steps: tuple[Step, ...] = ()
    complaints: tuple[Complaint, ...] = ()
    numbers: Mapping[str, int] = {}
    fixed: Mapping[int, tuple[Fixed, ...]] = {}
    ended: tuple[Fixed, ...] = ()
    implied: Mapping[int, int] = {}
    issued: Mapping[int, Issued] = {}
    offline_since_ms: Mapping[str, int | None] = {}


class Surveyed(NamedTuple):
    """One session of a scope: its facts, and where it stands."""

    n: int
    facts: Facts
    state: SessionState


class Survey(NamedTuple):
    """A scope at a moment; `alone` are ratings that wait for a session.

    `waited` says by rating_id how those stand meanwhile.
    """

    sessions: tuple[Surveyed, ...]
    alone: tuple[RatingFact, ...]
    orphans: frozenset[str]
    due_ms: int | None
    waited: Mapping[str, Stand] = {}

    def numbers(self) -> dict[str, int]:
        """The session of each event and rating, to be kept."""
        return {name: one.n for one in self.sessions for name in _names(one.facts)}


class Change(NamedTuple):
    """What happened to a session, or (`n` 0) to a rating without one.

    `news` are to be emitted; `cell` is to be added to the counts of `counts_ms`, and
    `taken`, which is negative, to those of `counted_ms`, where it counted before.
    """

    n: int
    news: list[News]
    counts_ms: int
    cell: dict[str, int]
    counted_ms: int
    taken: dict[str, int]


def survey(
    scope: Scope, rules: SessionRules, calendar: Calendar, now_ms: int
) -> Survey:
    """Where all sessions of a scope stand."""
    amendable = {one.since_ms: one.at_ms for one in scope.ended}
    lasting = Lasting(rules, calendar, scope.implied, amendable)
    groups = group(scope.events, scope.ratings, lasting, scope.numbers)
    sessions = tuple(
        Surveyed(one.n, facts, state_of(facts, rules, calendar, now_ms))
        for one, facts in _facts(scope, groups)
    )
    alone = tuple(unplaced(scope.ratings, groups))
    orphans = frozenset(one.rating_id for one in alone if is_orphan(one, rules, now_ms))
    due = [one.state.due_ms for one in sessions if one.state.due_ms is not None]
    due += [
        one.received_ms + rules.orphan_after_ms
        for one in alone
        if one.rating_id not in orphans
    ]
    waited = {}
    if alone:
        waited = stands_of(alone, scope.voids, lasting, orphans)
    return Survey(sessions, alone, orphans, min(due, default=None), waited)


def compared(before: Survey, after: Survey) -> list[Change]:
    """What has changed between two surveys of a scope, session by session.

    A session that another has absorbed has no state any more: its counts are taken
    back and nothing is told.
    """
    was = {one.n: one.state for one in before.sessions}
    stands, amended = told_of(*was.values())
    told = Told({**stands, **before.waited}, amended)
    found = _alone(before, after, told)
    for n, _, state in after.sessions:
        old = was.pop(n, None)
        found.append(_change(n, changes(old, state, told), old, state))
    found += [_change(n, [], old, None) for n, old in sorted(was.items())]
    return [one for one in found if one.news or one.cell or one.taken]


def _change(
    n: int, news: list[News], old: SessionState | None, new: SessionState | None
) -> Change:
    before, after = of_session(old), of_session(new)
    since_ms = old.counts_ms if old else 0
    counts_ms = new.counts_ms if new else since_ms
    if old is None or since_ms == counts_ms:
        cell = difference(after, before)
        return Change(n, news, counts_ms, cell, counts_ms, {})
    return Change(n, news, counts_ms, after, since_ms, difference({}, before))


def _alone(before: Survey, after: Survey, told: Told) -> list[Change]:
    """Ratings that came without a session, and those that have found one."""
    news = of_waiting(told, after.waited)
    found = []
    for one in dict.fromkeys((*before.alone, *after.alone)):
        at_ms, name = one.occurred_ms, one.rating_id
        was, now = (_of_lone(one, each.waited.get(name)) for each in (before, after))
        own = [each for each in news if each.subject == name]
        if own or was != now:
            waits = name in after.waited
            cell, taken = (difference(now, was), {}) if waits else ({}, negative(was))
            found.append(Change(0, own, at_ms, cell, at_ms, taken))
    return found


def _of_lone(rating: RatingFact, stand: Stand | None) -> dict[str, int]:
    if stand is None or not stand.effective:
        return {}
    return of_rating(rating.origin, rating.level)


def _facts(scope: Scope, groups: Sequence[Group]) -> Iterator[tuple[Group, Facts]]:
    if len(groups) == 1 and not scope.complaints:
        yield groups[0], _only(scope, groups[0])
        return
    complaints = _complaints(scope.complaints, groups)
    for one in groups:
        ids = {rating.rating_id for rating in one.ratings}
        own = complaints.get(one.n, ())
        issued = scope.issued.get(one.n)
        if issued is not None and issued.rating_id is not None:
            ids.add(issued.rating_id)
        subjects = ids | {each.complaint_id for each in own}
        yield (
            one,
            Facts(
                events=one.events,
                ratings=one.ratings,
                voids=tuple(each for each in scope.voids if each.rating_id in ids),
                disputes=tuple(
                    each for each in scope.disputes if each.rating_id in ids
                ),
                steps=tuple(each for each in scope.steps if each.subject in subjects),
                complaints=tuple(own),
                fixed=_fixed(scope, one),
                issued=issued,
                offline_since_ms=_offline_since(scope, one),
            ),
        )


def _fixed(scope: Scope, one: Group) -> tuple[Fixed, ...]:
    """What the session has noted, which wins, after the windows of its ratings."""
    noted = scope.fixed.get(one.n, ())
    if not scope.ended:
        return noted
    pressed = {rating.occurred_ms for rating in one.ratings}
    return (*(each for each in scope.ended if each.since_ms in pressed), *noted)


def _only(scope: Scope, one: Group) -> Facts:
    """The facts of a scope with one session: nearly all scopes."""
    return Facts(
        one.events,
        one.ratings,
        scope.voids,
        scope.disputes,
        scope.steps,
        (),
        _fixed(scope, one),
        scope.issued.get(one.n),
        _offline_since(scope, one),
    )


def _offline_since(scope: Scope, one: Group) -> int | None:
    """Since when the terminal that may hold the answer is offline."""
    known = scope.offline_since_ms
    if not known:
        return None
    told = (event.event_id for event in tellers(one.events))
    return next((known[name] for name in told if name in known), None)


def _complaints(
    complaints: Iterable[Complaint], groups: Sequence[Group]
) -> dict[int, list[Complaint]]:
    """Complaints by the newest session begun by then, else the oldest there is."""
    found: dict[int, list[Complaint]] = {}
    for complaint in complaints:
        begun = [one for one in groups if one.began_ms <= complaint.occurred_ms]
        chosen = begun[-1:] or groups[:1]
        for one in chosen:
            found.setdefault(one.n, []).append(complaint)
    return found


def _names(facts: Facts) -> Iterator[str]:
    yield from (one.event_id for one in facts.events)
    yield from (one.rating_id for one in facts.ratings)
