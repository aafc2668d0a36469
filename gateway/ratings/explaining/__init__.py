"""Why a session stands as it does, in sentences: made of the fold's own rules.

    facts + rules + calendar of the last look -> state (`state_of`) -> lines

Nothing here decides: what a rule has decided is read from the session's state, and
counted days from the calendar that counted them. Source: rating rules.
"""

from collections.abc import Iterator

from gateway.ratings.explaining.aftercare import followup, objections, opinions
from gateway.ratings.explaining.answers import (
    answers,
    default,
    flag_lines,
    without_effect,
)
from gateway.ratings.explaining.belonging import attribution, belonging, period
from gateway.ratings.explaining.days import deadline_lines, deadlines
from gateway.ratings.explaining.model import Line, LoneSeen, SessionSeen
from gateway.ratings.explaining.words import instant
from gateway.ratings.policy import MINUTE_MS
from gateway.ratings.waiting import ORPHAN

_LIFE = "The life of a session"


def explain(seen: SessionSeen, rating_id: str | None = None) -> Iterator[Line]:
    """A session, told from the rating with this id when it is given."""
    yield from belonging(seen, rating_id)
    yield from _state(seen)
    yield from period(seen)
    yield from attribution(seen)
    counted = list(deadlines(seen))
    for one in counted:
        if one.clock in {"rating", "amendment"}:
            yield from deadline_lines(seen, one)
    yield from default(seen)
    yield from answers(seen)
    yield from objections(seen)
    yield from followup(seen)
    for one in counted:
        if one.clock in {"contact", "rectify"}:
            yield from deadline_lines(seen, one)
    yield from opinions(seen)


def _state(seen: SessionSeen) -> Iterator[Line]:
    service, zone = seen.state.service, seen.terms.calendar.zone
    text = f"{seen.stored.state}"
    if service.closed_as is not None:
        why = f": {service.reason}" if service.reason else ""
        text = f"{text}, {service.closed_as}{why}; not eligible"
    if service.ended_ms is not None:
        text = f"{text}, service ended {instant(service.ended_ms, zone)}"
    yield Line("state", text, _LIFE)
    looked = instant(seen.looked_ms, zone)
    rules = "the rules in force" if _is_current(seen) else "rules replaced since"
    text = f"last looked at {looked} under {rules} ({seen.revision})"
    yield Line("state", text, "Asking why")


def _is_current(seen: SessionSeen) -> bool:
    was, now = seen.terms, seen.in_force
    return was.rules == now.rules and was.calendar.table == now.calendar.table


def explain_alone(seen: LoneSeen) -> Iterator[Line]:
    """A rating that no session holds."""
    rating, zone = seen.rating, seen.terms.calendar.zone
    pressed = instant(rating.fact.occurred_ms, zone)
    if seen.waits:
        minutes = seen.terms.rules.orphan_after_ms // MINUTE_MS
        until = instant(rating.fact.received_ms + minutes * MINUTE_MS, zone)
        text = f"waits for session {seen.number}, which none has begun by {pressed};"
        if seen.number is None:
            text = "carries no session number, and here a session is required;"
        elif ORPHAN in rating.flags:
            text = f"no session {seen.number} had begun by {pressed};"
        how = "since" if ORPHAN in rating.flags else "from"
        text = f"{text} an orphan {how} {until}"
        yield Line("session", text, "Which session", "orphan_minutes", minutes)
    elif rating.mode != "live":
        text = f"a press in mode {rating.mode}: no session, no figure, no point"
        yield Line("session", text, "Which session")
    elif "press_test" in rating.flags:
        yield Line("session", "pressed during a test of the keys", "Genuine ratings")
    elif seen.number is None:
        text = "carries no session number: it counts by itself"
        yield Line("session", text, "Which session")
    else:
        text = f"sessions are not asked about here: number {seen.number} is kept"
        yield Line("session", text, "Which session", "session_mode", "none")
    yield Line("period", f"counts {pressed}, when it was pressed", "When it counts")
    effect = "in effect" if rating.effective else "not in effect"
    name, level = rating.fact.rating_id, rating.fact.level
    text = f"{name}: level {level}, {effect}, version {rating.version}"
    yield Line("answer", text, _LIFE)
    yield from without_effect(rating, seen.stand, seen.terms)
    yield from flag_lines(rating, seen.excluding)
