"""What is known of a session: the set of facts that its state is a function of.

Times are int milliseconds since the epoch. The order of facts never matters; what
breaks ties is part of the facts, never the order of their arrival.
"""

from typing import Literal

import msgspec

Action = Literal["opened", "invited", "ended", "cancelled", "not_eligible"]
Source = Literal["terminal", "http"]
StepName = Literal["contacted", "fixed", "confirmed"]
Outcome = Literal["kept", "voided"]
ClockName = Literal["rating", "amendment", "contact", "rectify", "reply"]
"""What a deadline is for; each of a session's has a name of its own."""


class SessionEvent(msgspec.Struct, frozen=True, gc=False):
    """What a terminal, or a queue system (`http`), says of a service session.

    `heard_ms` is the journal's time when it came, 0: not known.
    """

    event_id: str  # its identity, `device_id:event_id`
    action: Action
    occurred_ms: int
    device_id: str
    source: Source = "terminal"
    window: str | None = None
    employee_id: str | None = None
    service_code: str | None = None
    reason: str | None = None
    heard_ms: int = 0


class RatingFact(msgspec.Struct, frozen=True, gc=False):
    """One rating of a session; `amends` is a rating_id, resolved."""

    place: int
    rating_id: str
    device_id: str
    occurred_ms: int
    level: int
    seq: int | None = None
    received_ms: int = 0
    origin: str = "customer"
    round: str = "initial"
    amends: str | None = None
    window: str | None = None
    key: int | None = None  # the physical one, where its device tells it
    exact: bool = True  # its device knows the moment
    waits: bool = False  # for a session of its own events; else it implies one
    at_terminal: bool = True  # pressed at one, not told of over HTTP
    voided: bool = False  # with its session, which those that wait with it imply


class Void(msgspec.Struct, frozen=True, gc=False):
    rating_id: str
    reason: str
    by: str
    at_ms: int


class Dispute(msgspec.Struct, frozen=True, gc=False):
    """An employee's objection to a rating, and what somebody else decided."""

    rating_id: str
    by: str
    reason: str
    at_ms: int
    outcome: Outcome | None = None
    decided_by: str | None = None
    decided_ms: int | None = None
    author: str | None = None  # who brought it forward, for `by`
    ruling: str | None = None  # the reason of the decision


class Step(msgspec.Struct, frozen=True, gc=False):
    """A step taken for a dissatisfied customer, or for a complaint."""

    subject: str  # rating_id, or the complaint's id
    name: StepName
    at_ms: int
    by: str = ""


class Complaint(msgspec.Struct, frozen=True, gc=False):
    complaint_id: str  # its identity, `device_id:event_id`
    occurred_ms: int
    category: str = "other"


class Fixed(msgspec.Struct, frozen=True, gc=False):
    """A deadline that has passed or was met: no later calendar or rule moves it."""

    since_ms: int
    days: int
    at_ms: int
    estimated: bool = False
    clock: ClockName = "rating"


class Issued(msgspec.Struct, frozen=True, gc=False):
    """What became of an unanswered session whose service ended at `ended_ms`.

    `level` is the default's, None: the session expired without one. `rating_id` is
    given when the default gets its ordinal.
    """

    ended_ms: int
    level: int | None
    provisional: bool = False
    rating_id: str | None = None


class Facts(msgspec.Struct, frozen=True):
    """All that is known of one session, and of its device's connection.

    `offline_since_ms`: since when the session's device is offline, None: it is not.
    """

    events: tuple[SessionEvent, ...] = ()
    ratings: tuple[RatingFact, ...] = ()
    voids: tuple[Void, ...] = ()
    disputes: tuple[Dispute, ...] = ()
    steps: tuple[Step, ...] = ()
    complaints: tuple[Complaint, ...] = ()
    fixed: tuple[Fixed, ...] = ()
    issued: Issued | None = None
    offline_since_ms: int | None = None
