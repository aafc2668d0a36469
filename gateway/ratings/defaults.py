"""What becomes of a session that nobody rates: a default, held back, or expiry.

Source: rating rules, "Session lifecycle". A default waits while its device may still
hold the answer; a rating pressed in time supersedes it whenever it comes.
"""

from typing import Final, NamedTuple

from gateway.ratings.facts import Facts, Issued
from gateway.ratings.policy import SessionRules
from gateway.ratings.workdays import Calendar, Deadline

FLUSH_GRACE_MS: Final = 60_000
"""How long the rating may follow an end of service that is heard of too late."""
DEFAULT_ORIGINS: Final = frozenset({"device_timeout", "system_default"})


class DefaultStand(NamedTuple):
    """A default that was issued; `at_ms` is the deadline that it follows.

    `by` is the rating_id that superseded it.
    """

    at_ms: int
    level: int
    provisional: bool
    effective: bool
    rating_id: str | None = None
    by: str | None = None


class Outcome(NamedTuple):
    """`issued`: what the deadline brought; `due_ms`: when to ask again."""

    issued: Issued | None = None
    due_ms: int | None = None


def known_outcome(facts: Facts, ended_ms: int | None) -> Issued | None:
    """What was issued for this end of service; another end makes it void."""
    issued = facts.issued
    return issued if issued is not None and issued.ended_ms == ended_ms else None


def outcome(
    facts: Facts,
    ended_ms: int,
    deadline: Deadline,
    terms: tuple[SessionRules, Calendar, int],
) -> Outcome:
    """What an unanswered session's deadline brings; `terms` ends with now, in ms."""
    rules, calendar, now_ms = terms
    known = known_outcome(facts, ended_ms)
    if known is not None:
        return Outcome(known)
    if now_ms < deadline.at_ms:
        return Outcome(due_ms=deadline.at_ms)
    if not rules.default_enabled:
        return Outcome(Issued(ended_ms, None))
    since_ms = facts.offline_since_ms
    silent = since_ms is not None and since_ms <= deadline.at_ms
    if silent:
        until_ms = hold_until(deadline, rules, calendar)
        if now_ms < until_ms:
            return Outcome(due_ms=until_ms)
    return Outcome(Issued(ended_ms, rules.default_level, provisional=silent))


def grace_until(deadline: Deadline, heard_ms: int) -> int:
    """Until when a deadline brings nothing that had passed before its end was heard of.

    A terminal that flushes its buffer sends the end of a service first, and the rating
    pressed in time right after it. 0: the deadline was still to come.
    """
    return heard_ms + FLUSH_GRACE_MS if deadline.at_ms <= heard_ms else 0


def hold_until(deadline: Deadline, rules: SessionRules, calendar: Calendar) -> int:
    """The end of the last natural day that a default waits for a silent device."""
    last_ms = deadline.at_ms - 1  # an end is exclusive: its day is the one before it
    days = rules.default_hold_max_days
    return max(deadline.at_ms, calendar.deadline(last_ms, days, "natural").at_ms)
