"""The state of a session: a pure function of its facts, its rules and the time.

    facts + rules + calendar + now -> where it stands, and when to look again

What a session was before never enters, but for what is a fact itself: deadlines that
have passed (`Fixed`) and what they brought (`Issued`).
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import msgspec

from device_protocol.messages import Origin
from gateway.ratings.clocks import Duty, complaint_duty, followup
from gateway.ratings.defaults import (
    DEFAULT_ORIGINS,
    DefaultStand,
    Outcome,
    grace_until,
    known_outcome,
    outcome,
)
from gateway.ratings.facts import (
    Dispute,
    Facts,
    Fixed,
    Issued,
    RatingFact,
    Void,
)
from gateway.ratings.grouping import event_order, rating_order
from gateway.ratings.lifecycle import Signal, State, run
from gateway.ratings.policy import SessionRules
from gateway.ratings.service import Service, service_of
from gateway.ratings.standings import VOIDED, Choice, Stand, choose
from gateway.ratings.terms import Terms
from gateway.ratings.workdays import Calendar, Deadline


class SessionState(msgspec.Struct, frozen=True, kw_only=True):
    """Where a session stands.

    `stands` is by rating_id; `chain` the versions of the answer, oldest first.
    `counts_ms` is the moment it counts on, `business_day` the local day (ordinal) of
    its first own event. `fixed` and `issued` are to be kept among its facts. `due_ms`
    is when it may change without a new fact, None: never.
    """

    state: State
    own: bool
    service: Service
    business_day: int
    counts_ms: int
    deadline: Deadline | None
    amend_until_ms: int | None
    stands: Mapping[str, Stand]
    chain: tuple[RatingFact, ...]
    effective: RatingFact | None
    default: DefaultStand | None
    void: Void | None
    duty: Duty | None
    complaints: tuple[Duty, ...]
    opinions: tuple[RatingFact, ...]
    disputes: tuple[Dispute, ...]
    overdue: tuple[tuple[str, str], ...]
    fixed: tuple[Fixed, ...]
    issued: Issued | None
    due_ms: int | None

    @property
    def eligible(self) -> bool:
        """Whether it was to be rated: neither cancelled nor not_eligible."""
        return self.service.closed_as is None

    @property
    def countable(self) -> bool:
        """Whether it is one of E: eligible, and ended by an event of its own."""
        return self.eligible and self.service.ended_ms is not None

    @property
    def answered(self) -> bool:
        """Whether a customer's rating, or one by proxy, is in effect."""
        return self.effective is not None and not is_default(self.effective)

    @property
    def responded(self) -> bool:
        """Whether a customer's own rating is in effect (rating rules, Figures: U).

        What staff enter answers the session, but is no response.
        """
        rating = self.effective
        return (
            self.answered and rating is not None and rating.origin != Origin.STAFF_PROXY
        )

    @property
    def estimated(self) -> bool:
        """Whether its deadline rests on days that nobody has published."""
        return self.deadline is not None and self.deadline.estimated

    @property
    def provisional(self) -> bool:
        """Whether a default stands that a device, still silent, may refute."""
        default = self.default
        return default is not None and default.effective and default.provisional

    @property
    def unrated_reason(self) -> str | None:
        """Why no customer rated, as its events say; None when one has."""
        return None if self.responded else self.service.reason


class _Ending(NamedTuple):
    """When the service of an eligible session ended, and until when it is rated."""

    ended_ms: int
    deadline: Deadline
    heard_ms: int


def state_of(
    facts: Facts, rules: SessionRules, calendar: Calendar, now_ms: int
) -> SessionState:
    """Where a session stands at `now_ms`, the journal's time."""
    terms = Terms(facts, rules, calendar, now_ms)
    service = service_of(facts.events)
    ending = _ending(service, terms)
    choice = _choice(facts, service, ending, terms)
    found = _unanswered(facts, ending, choice, terms)
    default, void = _default(facts, found, choice, ending)
    if void is not None and choice.void is None:
        choice = _nothing_revived(choice)
    duty = None if void else _duty(facts, choice, terms)
    complaints = tuple(
        complaint_duty(one, facts.steps, rules, terms.deadline)
        for one in sorted(facts.complaints, key=lambda one: one.complaint_id)
    )
    until_ms = None
    if choice.first_ms is not None:
        until_ms = terms.amend_until(choice.first_ms)
    duties = (*complaints, duty) if duty else complaints
    met_ms = ending.ended_ms if ending and choice.first_ms is not None else None
    first_ms = _first_ms(facts)
    signals = _signals(service, choice, found.issued, void)
    return SessionState(
        state=run(*signals),
        own=bool(facts.events),
        service=service,
        business_day=calendar.local_day(first_ms),
        counts_ms=_counts_ms(ending, choice, first_ms),
        deadline=ending.deadline if ending else None,
        amend_until_ms=until_ms,
        stands=choice.stands,
        chain=choice.chain,
        effective=None if void else choice.effective,
        default=default,
        void=void,
        duty=duty,
        complaints=complaints,
        opinions=_opinions(facts),
        disputes=tuple(sorted(facts.disputes, key=lambda one: (one.at_ms, one.by))),
        overdue=tuple(
            (one.subject, name) for one in duties for name in one.overdue(now_ms)
        ),
        fixed=terms.fixed(met_ms),
        issued=found.issued,
        due_ms=_next_due(found, duties, now_ms),
    )


def is_default(rating: RatingFact | None) -> bool:
    """Whether a rating is no customer's answer, but a device's timeout."""
    return rating is not None and rating.origin in DEFAULT_ORIGINS


def _ending(service: Service, terms: Terms) -> _Ending | None:
    if service.ended_ms is None or service.closed_as is not None:
        return None
    days = terms.rules.rating_window_days
    deadline = terms.deadline("rating", service.ended_ms, days)
    return _Ending(service.ended_ms, deadline, service.end_heard_ms)


def _choice(
    facts: Facts, service: Service, ending: _Ending | None, terms: Terms
) -> Choice:
    """The choice among the ratings; what is not to be rated has no timeout, either."""
    decided = [
        Void(one.rating_id, one.reason, one.decided_by or "", one.decided_ms or 0)
        for one in facts.disputes
        if one.outcome == "voided"
    ]
    ratings = facts.ratings
    if service.closed_as is not None:
        ratings = tuple(one for one in ratings if not is_default(one))
    deadline_ms = ending.deadline.at_ms if ending else None
    choice = choose(
        ratings, (*facts.voids, *decided), terms.rules, deadline_ms, terms.amend_until
    )
    if len(ratings) == len(facts.ratings):
        return choice
    dropped = {one.rating_id: Stand() for one in facts.ratings if is_default(one)}
    return choice._replace(stands={**choice.stands, **dropped})


def _unanswered(
    facts: Facts, ending: _Ending | None, choice: Choice, terms: Terms
) -> Outcome:
    """What the deadline brought; an answered session keeps what it had brought."""
    if ending is None:
        return Outcome()
    if _void_of_default(facts) is not None:
        return Outcome(facts.issued)  # no default follows, whatever its service's end
    if choice.chain:
        return Outcome(known_outcome(facts, ending.ended_ms))
    grace_ms = grace_until(ending.deadline, ending.heard_ms)
    if terms.now_ms < grace_ms and known_outcome(facts, ending.ended_ms) is None:
        return Outcome(due_ms=grace_ms)
    asked = (terms.rules, terms.calendar, terms.now_ms)
    return outcome(facts, ending.ended_ms, ending.deadline, asked)


def _nothing_revived(choice: Choice) -> Choice:
    """What came after its session's default was declared void: void, as that is."""
    stands = dict(choice.stands)
    for one in choice.chain:
        stand = stands[one.rating_id]
        stands[one.rating_id] = stand._replace(effective=False, replaced=VOIDED)
    return choice._replace(stands=stands)


def _void_of_default(facts: Facts) -> Void | None:
    """Whether the default that was issued was declared void, whatever it followed."""
    name = None if facts.issued is None else facts.issued.rating_id
    if name is None:
        return None
    return next((one for one in facts.voids if one.rating_id == name), None)


def _default(
    facts: Facts, found: Outcome, choice: Choice, ending: _Ending | None
) -> tuple[DefaultStand | None, Void | None]:
    """The default as it stands, and what makes the session void."""
    issued = found.issued
    if issued is None or issued.level is None or ending is None:
        return None, choice.void
    void = choice.void or _void_of_default(facts)
    stands = not choice.chain and void is None
    by = choice.chain[0].rating_id if choice.chain and void is None else None
    at_ms = ending.deadline.at_ms
    default = DefaultStand(
        at_ms, issued.level, issued.provisional, stands, issued.rating_id, by
    )
    return default, void


def _duty(facts: Facts, choice: Choice, terms: Terms) -> Duty | None:
    """What a dissatisfied customer is owed, since the first such version in a row."""
    bad: RatingFact | None = None
    for version in reversed(choice.chain):
        if version.level > terms.rules.followup_level_max or is_default(version):
            break
        bad = version
    if bad is None or choice.effective is None:
        return None
    ids = {one.rating_id for one in facts.ratings}
    steps = [one for one in facts.steps if one.subject in ids]
    return followup(bad.rating_id, bad.occurred_ms, steps, terms.rules, terms.deadline)


def _opinions(facts: Facts) -> tuple[RatingFact, ...]:
    """What customers said after they were contacted, oldest first."""
    opinions = [one for one in facts.ratings if one.round == "followup"]
    return tuple(sorted(opinions, key=rating_order)) if opinions else ()


def _first_ms(facts: Facts) -> int:
    """When it is first heard of: by its own events, else by what implies it."""
    if facts.events:
        return min(facts.events, key=event_order).occurred_ms
    told = [one.occurred_ms for one in facts.ratings]
    told += [one.occurred_ms for one in facts.complaints]
    assert told, "a session that nothing tells of"
    return min(told)


def _counts_ms(ending: _Ending | None, choice: Choice, first_ms: int) -> int:
    if ending is not None:
        return ending.ended_ms
    return choice.chain[-1].occurred_ms if choice.chain else first_ms


def _signals(
    service: Service, choice: Choice, issued: Issued | None, void: Void | None
) -> Iterator[Signal]:
    if service.closed_as is not None:
        yield Signal.CLOSING
    elif service.ended_ms is not None:
        yield Signal.ENDED
    if choice.first_ms is not None:
        yield Signal.RATING
        yield from [Signal.AMENDMENT] * (len(choice.chain) - 1)
    elif choice.chain or (issued and issued.level is not None):
        yield Signal.DEFAULT
    elif issued:
        yield Signal.EXPIRY
    if void is not None:
        yield Signal.VOID


def _next_due(found: Outcome, duties: tuple[Duty, ...], now_ms: int) -> int | None:
    due = [one.next_due(now_ms) for one in duties] + [found.due_ms]
    return min((one for one in due if one is not None), default=None)
