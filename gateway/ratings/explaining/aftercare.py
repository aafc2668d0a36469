"""Voids, disputes, and what is owed to a dissatisfied customer."""

from collections.abc import Iterator
from typing import Final

from gateway.ratings.explaining.model import Line, SessionSeen
from gateway.ratings.explaining.words import instant

_LIFE: Final = "The life of a session"


def objections(seen: SessionSeen) -> Iterator[Line]:
    """Who declared it void, who disputes it, and what was decided."""
    zone, void = seen.terms.calendar.zone, seen.state.void
    if void is not None:
        at = instant(void.at_ms, zone)
        text = f"void as a whole since {at}, by {void.by}: {void.reason}"
        yield Line("void", f"{text} ({void.rating_id})", "Void")
    for one in seen.state.disputes:
        at = instant(one.at_ms, zone)
        decided = f"{one.outcome} by {one.decided_by}" if one.outcome else "undecided"
        text = f"{one.rating_id} disputed {at} by {one.by}: {one.reason}; {decided}"
        yield Line("dispute", text, "Dispute")


def followup(seen: SessionSeen) -> Iterator[Line]:
    """Why a clock runs, and what has stopped it."""
    duty, rules = seen.state.duty, seen.terms.rules
    if duty is None:
        return
    zone = seen.terms.calendar.zone
    text = f"{duty.subject} is at level {rules.followup_level_max} or below"
    yield Line("follow-up", f"{text}: {duty.state(seen.now_ms)}", "Follow-up")
    for name, at_ms, by in duty.steps:
        text = f"{name} {instant(at_ms, zone)}{f' by {by}' if by else ''}"
        yield Line("follow-up", text, "Follow-up")
    for name in duty.overdue(seen.now_ms):
        yield Line("follow-up", f"{name} is overdue", "Follow-up")


def opinions(seen: SessionSeen) -> Iterator[Line]:
    """What the customer said after the contact."""
    for one in seen.state.opinions:
        text = f"{one.rating_id}: level {one.level} after the contact"
        yield Line("follow-up", text, _LIFE)
