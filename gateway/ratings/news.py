"""What has changed between two states of a session: the events that it owes."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from gateway.ratings.clocks import CONTACT, RECTIFY, REPLY, Duty
from gateway.ratings.lifecycle import State
from gateway.ratings.sessions import AMENDED, SUPERSEDED
from gateway.ratings.standings import VOIDED, Stand
from gateway.ratings.state import SessionState

RECORDED: Final = "rating.recorded"
DEFAULTED: Final = "rating.defaulted"
CLOSED: Final = "session.closed"
FOLLOWUP_REQUIRED: Final = "followup.required"
FOLLOWUP_OVERDUE: Final = "followup.overdue"
FOLLOWUP_CLOSED: Final = "followup.closed"
COMPLAINT_RAISED: Final = "complaint.raised"
COMPLAINT_OVERDUE: Final = "complaint.overdue"
THE_DEFAULT: Final = "default"
"""Stands for the default's rating_id until it has its ordinal."""
_ENDED_UNRATED: Final = frozenset({State.CLOSED, State.EXPIRED})


class News(NamedTuple):
    """One event: `subject` a rating_id, a complaint's id, or "" for the session.

    `related` is the rating that amends, supersedes or was amended; `clock` the one
    that ran out, `due_ms` its deadline; `reason` why something was closed.
    """

    type: str
    subject: str
    related: str | None = None
    clock: str | None = None
    due_ms: int | None = None
    reason: str | None = None


class Told(NamedTuple):
    """What was told before, of this session's ratings and of those that joined it.

    `stands` is by rating_id; `amended` are the ratings said to amend another.
    """

    stands: Mapping[str, Stand]
    amended: frozenset[str]


def told_of(*states: SessionState | None) -> Told:
    """What the events up to these states have told."""
    stands: dict[str, Stand] = {}
    amended: set[str] = set()
    for state in states:
        if state is not None:
            stands |= state.stands
            amended |= {one.rating_id for one in state.chain[1:]}
    return Told(stands, frozenset(amended))


def changes(
    before: SessionState | None, after: SessionState, told: Told | None = None
) -> list[News]:
    """The events that lead from one state to another, in the order to be sent.

    `told` is needed where ratings come from other sessions.
    """
    return [
        *_of_ratings(told or told_of(before), after),
        *_of_default(before, after),
        *_of_session(before, after),
        *_of_duty(before, after),
        *_of_complaints(before, after),
    ]


def of_waiting(told: Told, stands: Mapping[str, Stand]) -> list[News]:
    """The events of ratings without a session; their session's say who amends whom."""
    found = [News(RECORDED, name) for name in stands if name not in told.stands]
    for name, now in stands.items():
        was = told.stands.get(name)
        if was is not None and _differs(was, now):
            found.append(_restated(name, was, now))
    return found


def renewed(news: Sequence[News], versions: Mapping[str, int]) -> dict[str, int]:
    """The versions after these events: 1 when recorded, else one more, once."""
    after: dict[str, int] = {}
    for one in news:
        if one.type in {RECORDED, DEFAULTED}:
            after[one.subject] = 1
        elif one.type in {AMENDED, SUPERSEDED, VOIDED}:
            after.setdefault(one.subject, versions.get(one.subject, 0) + 1)
    return after


def _of_ratings(told: Told, after: SessionState) -> Iterator[News]:
    arrived = [name for name in after.stands if name not in told.stands]
    yield from (News(RECORDED, name) for name in arrived)
    amended = _amended(told, after)
    for name, now in after.stands.items():
        was = told.stands.get(name)
        if was is not None and _differs(was, now):
            news = _restated(name, was, now)
            if news.type != AMENDED or name not in amended:
                yield news
    yield from (News(AMENDED, by, old) for by, old in amended.items())


def _differs(was: Stand, now: Stand) -> bool:
    is_void = now.replaced == VOIDED
    return (was.effective, was.flags, was.replaced == VOIDED) != (
        now.effective,
        now.flags,
        is_void,
    )


def _restated(name: str, was: Stand, now: Stand) -> News:
    """A rating that stands otherwise than before."""
    if now.replaced == VOIDED and was.replaced != VOIDED:
        return News(VOIDED, name, now.by)
    if now.effective:
        return News(AMENDED, name)
    return News(SUPERSEDED, name, now.by)


def _amended(told: Told, after: SessionState) -> dict[str, str]:
    """Which rating now amends which; one that did before is not told again."""
    if after.void is not None:
        return {}
    return {
        new.rating_id: old.rating_id
        for old, new in pairwise(after.chain)
        if new.rating_id not in told.amended
    }


def _of_default(before: SessionState | None, after: SessionState) -> Iterator[News]:
    was = before.default if before else None
    now = after.default
    stood = was if was is not None and was.effective else None
    stands = now if now is not None and now.effective else None
    if stood and stands and stood.rating_id == stands.rating_id:
        return
    if stood:
        name = stood.rating_id or THE_DEFAULT
        if after.void is not None:
            yield News(VOIDED, name)
        else:
            yield News(SUPERSEDED, name, now.by if now else None)
    if stands:
        yield News(DEFAULTED, THE_DEFAULT, due_ms=stands.at_ms)


def _of_session(before: SessionState | None, after: SessionState) -> Iterator[News]:
    was = before.state if before else None
    if after.state in _ENDED_UNRATED and was != after.state:
        reason = after.service.reason or after.service.closed_as or after.state.value
        yield News(CLOSED, "", reason=reason)


def _of_duty(before: SessionState | None, after: SessionState) -> Iterator[News]:
    was, now = before.duty if before else None, after.duty
    if was and not was.closed and (now is None or now.subject != was.subject):
        reason = "voided" if after.void else "amended"
        yield News(FOLLOWUP_CLOSED, was.subject, reason=reason)
    if now is None:
        return
    if was is None or was.subject != now.subject:
        was = None
        due_ms = now.clock(CONTACT).due_ms
        yield News(FOLLOWUP_REQUIRED, now.subject, due_ms=due_ms)
    yield from _overdue(FOLLOWUP_OVERDUE, (CONTACT, RECTIFY), before, after, now)
    if now.closed and not (was and was.closed):
        yield News(FOLLOWUP_CLOSED, now.subject, reason=now.steps[-1][0])


def _of_complaints(before: SessionState | None, after: SessionState) -> Iterator[News]:
    known = {one.subject for one in before.complaints} if before else set()
    for one in after.complaints:
        if one.subject not in known:
            due_ms = one.clock(REPLY).due_ms
            yield News(COMPLAINT_RAISED, one.subject, due_ms=due_ms)
        yield from _overdue(COMPLAINT_OVERDUE, (REPLY,), before, after, one)


def _overdue(
    name: str,
    clocks: Sequence[str],
    before: SessionState | None,
    after: SessionState,
    duty: Duty,
) -> Iterator[News]:
    """The clocks that have run out since."""
    known = before.overdue if before else ()
    for clock in clocks:
        pair = (duty.subject, clock)
        if pair in after.overdue and pair not in known:
            due_ms = duty.clock(clock).due_ms
            yield News(name, duty.subject, clock=clock, due_ms=due_ms)
