"""What an explanation rests on, and the lines that it is made of.

Times are int milliseconds since the epoch; days are proleptic ordinals.
"""

from collections.abc import Mapping
from typing import Literal, NamedTuple

import msgspec

from gateway.ratings.attribution import Credit
from gateway.ratings.facts import Facts, RatingFact
from gateway.ratings.policy import SessionRules
from gateway.ratings.standings import Stand
from gateway.ratings.state import SessionState
from gateway.ratings.workdays import Calendar, SaidBy

Clock = Literal["rating", "amendment", "contact", "rectify"]


class Line(NamedTuple):
    """One sentence: `rule` names its section of the rating rules.

    `key` is the key of `[rules]` that it follows, with the `value` in force when the
    session was last looked at; None: no key decides it.
    """

    topic: str
    text: str
    rule: str
    key: str | None = None
    value: str | int | float | bool | None = None


class RatingSeen(msgspec.Struct, frozen=True, kw_only=True):
    """A rating as the ledger holds it; `default` is one that nobody pressed."""

    fact: RatingFact
    version: int
    effective: bool
    flags: tuple[str, ...] = ()
    evidence: Mapping[str, Mapping[str, int | str]] = {}
    employee_id: str | None = None
    mode: str = "live"
    kept_out: bool = False
    default: bool = False


class Stored(msgspec.Struct, frozen=True, kw_only=True):
    """A session's row, as everybody reads it."""

    state: str
    business_date: str | None
    deadline_ms: int | None
    amend_until_ms: int | None
    followup_due_ms: int | None
    rectify_due_ms: int | None
    estimated: bool
    provisional: bool
    department: str | None
    window: str | None
    employee_id: str | None


class Terms(NamedTuple):
    """Rules and the calendar that days are counted by."""

    rules: SessionRules
    calendar: Calendar


class Sibling(NamedTuple):
    """A session of the same number, site and stage."""

    key: str
    began_ms: int


class SessionSeen(msgspec.Struct, frozen=True, kw_only=True):
    """A session as the fold last looked at it, at `looked_ms` under `terms`.

    `in_force` are the terms by now, which move deadlines that are open. `siblings`
    are all sessions of its scope that are near, itself among them. `credit` is what
    the tables say of its moment; `revision` the place of the record that put the
    rules in force under which it was looked at.
    """

    key: str
    site: str
    number: str | None
    stage: int
    facts: Facts
    state: SessionState
    stored: Stored
    terms: Terms
    in_force: Terms
    revision: str
    plain: bool
    looked_ms: int
    now_ms: int
    ratings: tuple[RatingSeen, ...]
    siblings: tuple[Sibling, ...]
    device_id: str
    claimed: str | None
    bound_window: str | None
    bound_employee: str | None
    credit: Credit
    excluding: frozenset[str]


class LoneSeen(msgspec.Struct, frozen=True, kw_only=True):
    """A rating that no session holds; `waits` for the one that it requires.

    `stand` is how it stands among those that wait with it.
    """

    rating: RatingSeen
    site: str
    number: str | None
    waits: bool
    stand: Stand
    terms: Terms
    revision: str
    now_ms: int
    excluding: frozenset[str]


class Skipped(NamedTuple):
    """A day that does not count, and who says so."""

    day: int
    said_by: SaidBy


class DeadlineSeen(NamedTuple):
    """A deadline with the days that it was counted over.

    `counted` and `skipped` are None where the calendar of then is not known any more.
    `moved`: rules or a calendar that came into force later count it now.
    """

    clock: Clock
    at_ms: int
    days: int
    unit: str
    estimated: bool
    calendar: str
    counted: tuple[int, ...] | None
    skipped: tuple[Skipped, ...] | None
    moved: bool
