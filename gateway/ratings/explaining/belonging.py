"""Which session, when it counts, and for whom."""

from collections.abc import Iterator

from gateway.ratings.explaining.model import Line, SessionSeen
from gateway.ratings.explaining.words import instant
from gateway.ratings.grouping import event_order
from gateway.ratings.policy import HOUR_MS

_WHICH = "Which session"
_WHEN = "When it counts"


def belonging(seen: SessionSeen, rating_id: str | None) -> Iterator[Line]:
    """Why the rating, and every other fact, belongs to this session."""
    zone = seen.terms.calendar.zone
    began_ms = next(one.began_ms for one in seen.siblings if one.key == seen.key)
    yield Line("session", _how_known(seen), _WHICH, *_mode(seen))
    rating = next(
        (one for one in seen.ratings if one.fact.rating_id == rating_id), None
    )
    if rating is None and rating_id is not None:
        text = "one of too many presses under this number: kept without effect"
        yield Line("session", text, _WHICH)
    if rating is None or rating.default:
        return
    pressed = f"pressed {instant(rating.fact.occurred_ms, zone)}"
    others = len(seen.siblings) - 1
    of = "the only one" if not others else f"the newest of {others + 1}"
    text = f"{pressed}; this is {of} of its number that had begun by then"
    if rating.fact.amends is not None:
        text = f"{pressed}; it is where what it amends belongs, {rating.fact.amends}"
    yield Line("session", f"{text} ({instant(began_ms, zone)})", _WHICH)
    later = [one for one in seen.siblings if one.began_ms > rating.fact.occurred_ms]
    if later:
        after = min(later, key=lambda one: one.began_ms)
        text = f"the next, {after.key}, began {instant(after.began_ms, zone)}"
        yield Line("session", text, _WHICH)


def _how_known(seen: SessionSeen) -> str:
    number = f"number {seen.number}" if seen.number else "no number"
    stage = f", stage {seen.stage}" if seen.stage else ""
    where = f"{number}{stage} at {seen.site or 'no site'}"
    if not seen.facts.events:
        return f"{where}, of which no event is known: its ratings imply it"
    told = sorted(seen.facts.events, key=event_order)
    names = ", ".join(f"{one.action} ({one.source})" for one in told)
    if told[0].action == "opened":
        return f"{where}, told of by {names}"
    hours = seen.terms.rules.unopened_span_ms // HOUR_MS
    return f"{where}, told of by {names}; it may have begun {hours} hours before that"


def _mode(seen: SessionSeen) -> tuple[str, str] | tuple[()]:
    implied = seen.number is not None and not seen.facts.events
    return ("session_mode", "implicit") if implied else ()


def period(seen: SessionSeen) -> Iterator[Line]:
    """The moment that it counts on, and its business date."""
    calendar, state = seen.terms.calendar, seen.state
    at = instant(state.counts_ms, calendar.zone)
    if state.service.ended_ms == state.counts_ms and state.eligible:
        why = "the end of its service"
    elif state.chain:
        why = "when its answer was pressed: no end of its service is known"
    else:
        why = "when it was first heard of: no end of its service is known"
    yield Line("period", f"counts {at}, {why}", _WHEN)
    first = "own event" if seen.facts.events else "rating"
    text = f"business date {seen.stored.business_date}, the local day of its first"
    zone = str(calendar.zone)
    yield Line("period", f"{text} {first}", _WHEN, "time_zone", zone)


def attribution(seen: SessionSeen) -> Iterator[Line]:
    """Window, department and employee."""
    stored = seen.stored
    window, department = stored.window or "none", stored.department or "none"
    at = instant(seen.state.counts_ms, seen.terms.calendar.zone)
    if stored.window is not None and seen.bound_window == stored.window:
        why = f"bound to {seen.device_id} at {at}"
    elif seen.state.service.window is not None:
        why = "named by the session's events"
    else:
        why = "that of the rating's terminal"
    text = f"window {window}, department {department}: {why}"
    yield Line("attribution", text, _WHEN)
    yield Line("attribution", f"employee {_employee(seen)}", _WHEN)
    for flag in seen.credit.flags:
        text = f"{flag}: {seen.claimed} is named, {seen.bound_employee} is bound"
        yield Line("attribution", text, "Genuine ratings")


def _employee(seen: SessionSeen) -> str:
    stored, credit = seen.stored.employee_id, seen.credit.employee_id
    if stored is None:
        return "none: nobody is named, nobody bound"
    if credit != stored:
        return f"{stored}, as attributed then; the tables of now say {credit or 'none'}"
    if stored == seen.bound_employee and seen.bound_window is None:
        return f"{stored}, who was bound to window {seen.stored.window} then"
    if stored == seen.bound_employee:
        return f"{stored}, by the binding of {seen.device_id} then"
    return f"{stored}, named by the rating or its session"
