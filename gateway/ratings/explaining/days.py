"""Deadlines with the days that they were counted over."""

from collections.abc import Iterator

from gateway.ratings.clocks import CONTACT, RECTIFY
from gateway.ratings.defaults import DEFAULT_ORIGINS
from gateway.ratings.explaining.model import (
    Clock,
    DeadlineSeen,
    Line,
    SessionSeen,
    Skipped,
    Terms,
)
from gateway.ratings.explaining.words import because, day, days, instant, listed
from gateway.ratings.workdays import WEEKDAYS

_RULE = "Days and deadlines"
_KEYS: dict[Clock, str] = {
    "rating": "rating_window_days",
    "amendment": "amend_window_days",
    "contact": "followup_days",
    "rectify": "rectify_days",
}
_WHAT: dict[Clock, tuple[str, str]] = {
    "rating": ("may be rated", "the end of its service"),
    "amendment": ("may be amended", "its first rating"),
    "contact": ("customer to be contacted", "the bad rating"),
    "rectify": ("matter to be put right", "the bad rating"),
}


def deadlines(seen: SessionSeen) -> Iterator[DeadlineSeen]:
    """All deadlines of a session, each as its row has it."""
    stored, state = seen.stored, seen.state
    ended_ms = state.service.ended_ms
    if stored.deadline_ms is not None and ended_ms is not None:
        yield _seen(seen, "rating", ended_ms, stored.deadline_ms)
    pressed = (one for one in state.chain if one.origin not in DEFAULT_ORIGINS)
    first = next(pressed, None)
    if stored.amend_until_ms is not None and first is not None:
        yield _seen(seen, "amendment", first.occurred_ms, stored.amend_until_ms)
    if state.duty is not None:
        due_ms = stored.followup_due_ms or state.duty.clock(CONTACT).due_ms
        yield _seen(seen, "contact", state.duty.since_ms, due_ms)
        due_ms = stored.rectify_due_ms or state.duty.clock(RECTIFY).due_ms
        yield _seen(seen, "rectify", state.duty.since_ms, due_ms)


def _seen(seen: SessionSeen, clock: Clock, since_ms: int, at_ms: int) -> DeadlineSeen:
    """Counted anew under the terms that come to what the row has, if any does."""
    for terms in (seen.terms, seen.in_force):
        number = getattr(terms.rules, _KEYS[clock])
        found = terms.calendar.deadline(since_ms, number, terms.rules.day_unit)
        if found.at_ms == at_ms:
            return _counted(terms, clock, since_ms, moved=terms is not seen.terms)
    fixed = {(one.since_ms, one.at_ms): one for one in seen.facts.fixed}
    kept = fixed.get((since_ms, at_ms))
    number = kept.days if kept else getattr(seen.terms.rules, _KEYS[clock])
    estimated = kept.estimated if kept else clock == "rating" and seen.stored.estimated
    unit = seen.terms.rules.day_unit
    return DeadlineSeen(
        clock, at_ms, number, unit, estimated, "", None, None, moved=False
    )


def _counted(terms: Terms, clock: Clock, since_ms: int, *, moved: bool) -> DeadlineSeen:
    rules, calendar = terms
    number = getattr(rules, _KEYS[clock])
    found = calendar.deadline(since_ms, number, rules.day_unit)
    over = calendar.days_of(since_ms, number, rules.day_unit)
    skipped = tuple(Skipped(one, calendar.said_by(one)) for one in over.skipped)
    return DeadlineSeen(
        clock,
        found.at_ms,
        number,
        rules.day_unit,
        found.estimated,
        calendar.table.calendar,
        over.counted,
        skipped,
        moved,
    )


def deadline_lines(seen: SessionSeen, one: DeadlineSeen) -> Iterator[Line]:
    """The deadline, and the days that it was counted over."""
    zone = seen.terms.calendar.zone
    what, since = _WHAT[one.clock]
    passed = "" if one.at_ms > seen.now_ms else " (passed)"
    counted = f"{days(one.days, one.unit)} after the day of {since}"
    topic = "deadline" if one.clock in {"rating", "amendment"} else "follow-up"
    text = f"{what} until {instant(one.at_ms, zone)}{passed}: {counted}"
    key = _KEYS[one.clock]
    yield Line(topic, text, _RULE, key, one.days)
    if one.moved:
        text = "moved: rules or a calendar that came into force later count it now"
        yield Line(topic, text, _RULE, "calendar", one.calendar)
    if one.counted is None or one.skipped is None:
        text = "counted under rules or a calendar that have been replaced since"
        yield Line(topic, text, _RULE)
        return
    yield from _days(seen, one, topic)


def _days(seen: SessionSeen, one: DeadlineSeen, topic: str) -> Iterator[Line]:
    assert one.counted is not None
    assert one.skipped is not None
    if one.counted:
        text = f"counted: {listed([day(each) for each in one.counted])}"
        yield Line(topic, text, _RULE, "day_unit", one.unit)
    if one.skipped:
        skipped = [f"{day(each)} ({because(why)})" for each, why in one.skipped]
        name = one.calendar or WEEKDAYS.calendar
        text = f"skipped: {listed(skipped)}, by the calendar {name}"
        yield Line(topic, text, _RULE, "calendar", name)
    if one.estimated:
        text = "estimated: nobody has published the days of that year yet"
        yield Line(topic, text, _RULE, "calendar", one.calendar)
    if seen.terms.calendar.close is not None:
        close = f"{seen.terms.calendar.close:%H:%M}"
        text = f"its last day ends with the close of business, {close}"
        yield Line(topic, text, _RULE, "close_of_business", close)
