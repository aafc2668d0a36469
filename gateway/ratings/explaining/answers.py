"""What each rating of a session is to it, and what its deadline brought."""

from collections.abc import Iterator
from typing import Final

from gateway.ratings.defaults import grace_until, hold_until, known_outcome
from gateway.ratings.explaining.model import Line, RatingSeen, SessionSeen, Terms
from gateway.ratings.explaining.words import instant
from gateway.ratings.grouping import FOLLOWUP, rating_order
from gateway.ratings.policy import MINUTE_MS
from gateway.ratings.sessions import AMENDED, SUPERSEDED
from gateway.ratings.standings import LATE, VOIDED, Stand
from gateway.ratings.workdays import Deadline

_LIFE: Final = "The life of a session"
_GENUINE: Final = "Genuine ratings"

_REPLACED: Final = {
    AMENDED: ("amended by", "amend_window_days"),
    SUPERSEDED: ("superseded by", None),
    VOIDED: ("void", None),
}


def answers(seen: SessionSeen) -> Iterator[Line]:
    """Each rating, the oldest press first: its effect, why, and its flags."""
    real = [one for one in seen.ratings if not one.default]
    for one in sorted(real, key=lambda each: rating_order(each.fact)):
        yield from _answer(seen, one)


def _answer(seen: SessionSeen, one: RatingSeen) -> Iterator[Line]:
    stand = seen.state.stands.get(one.fact.rating_id, Stand())
    pressed = instant(one.fact.occurred_ms, seen.terms.calendar.zone)
    effect = "in effect" if one.effective else "not in effect"
    text = f"{one.fact.rating_id}: level {one.fact.level}, pressed {pressed}, {effect}"
    yield Line("answer", f"{text}, version {one.version}", _LIFE)
    yield from without_effect(one, stand, seen.terms)
    for flag in stand.flags:
        yield from _standing(seen, one, flag)
    yield from flag_lines(one, seen.excluding)


def without_effect(one: RatingSeen, stand: Stand, terms: Terms) -> Iterator[Line]:
    """What it is instead of an answer, or what took its place."""
    if one.fact.round == FOLLOWUP:
        yield Line("answer", "said after the contact: linked, never the answer", _LIFE)
    if stand.replaced is not None:
        what, key = _REPLACED[stand.replaced]
        value = terms.rules.amend_window_days if key else None
        yield Line("answer", f"{what} {stand.by or ''}".rstrip(), _LIFE, key, value)


def _standing(seen: SessionSeen, one: RatingSeen, flag: str) -> Iterator[Line]:
    """The rule by which a rating among others got its flag."""
    rules = seen.terms.rules
    match flag:
        case "late":
            taken = rules.late_rating == "replace"
            effect = "it takes its effect" if taken else "kept without effect"
            text = f"pressed after the deadline: {effect}"
            yield Line("answer", text, _LIFE, "late_rating", rules.late_rating)
        case "double_press":
            text = f"within {rules.response_interval_ms / 1000:g} s of the first press,"
            text = f"{text} of which the {rules.multi_press} one counts"
            yield Line("answer", text, _LIFE, "multi_press", rules.multi_press)
        case "repeat":
            yield _repeat(seen, one)
        case "raised_at_counter":
            minutes = rules.raised_within_ms // MINUTE_MS
            text = f"a better level at the same window within {minutes} minutes"
            yield Line("answer", text, _GENUINE)
        case _:
            return


def _repeat(seen: SessionSeen, one: RatingSeen) -> Line:
    """Whether it came too late for an amendment, or as one too many."""
    rules, until_ms = seen.terms.rules, seen.state.amend_until_ms
    if until_ms is not None and one.fact.occurred_ms >= until_ms:
        until = instant(until_ms, seen.terms.calendar.zone)
        text = f"a further press after {until}: kept without effect"
        days = rules.amend_window_days
        return Line("answer", text, _LIFE, "amend_window_days", days)
    text = "a further press beyond the amendments allowed: kept without effect"
    return Line("answer", text, _LIFE, "amendments_max", rules.amendments_max)


def flag_lines(one: RatingSeen, excluding: frozenset[str]) -> Iterator[Line]:
    """Each flag with its evidence, and whether it keeps the rating out."""
    for flag in one.flags:
        out = flag in excluding
        effect = "keeps it out of the verified figures" if out else "informs"
        evidence = one.evidence.get(flag, {})
        told = ", ".join(f"{name} {value}" for name, value in evidence.items())
        text = f"{flag} {effect}{f': {told}' if told else ''}"
        yield Line("flag", text, _GENUINE, "excluding_flags")


def default(seen: SessionSeen) -> Iterator[Line]:
    """What the deadline brought, or will bring."""
    state, rules = seen.state, seen.terms.rules
    deadline_ms = seen.stored.deadline_ms
    if deadline_ms is None:
        return
    if state.default is not None:
        yield from _issued(seen)
    elif known_outcome(seen.facts, state.service.ended_ms) or state.state == "expired":
        text = "nobody had rated at the deadline; it expired without a default"
        yield Line("default", text, _LIFE, "default_enabled", value=False)
    elif not state.chain:
        yield from _to_come(seen, Deadline(deadline_ms, seen.stored.estimated))
    elif state.answered:
        text = "none: it was rated in time, by the moment of the press"
        if deadline_ms <= state.chain[0].occurred_ms:
            text = "none any more: a late rating took its place"
        yield Line("default", text, _LIFE, "late_rating", rules.late_rating)


def _issued(seen: SessionSeen) -> Iterator[Line]:
    found = seen.state.default
    assert found is not None
    rules = seen.terms.rules
    text = f"nobody had rated at the deadline: {found.rating_id or 'a default'}"
    text = f"{text}, level {found.level}"
    yield Line("default", text, _LIFE, "default_level", rules.default_level)
    if found.provisional:
        text = "provisional: its terminal was offline since before the deadline"
        days = rules.default_hold_max_days
        yield Line("default", text, _LIFE, "default_hold_max_days", days)
    if found.by is not None:
        text = f"superseded by {found.by}, which was pressed in time and came later"
        if LATE in seen.state.stands[found.by].flags:
            text = "none any more: a late rating took its place"
        yield Line("default", text, _LIFE, "late_rating", rules.late_rating)


def _to_come(seen: SessionSeen, deadline: Deadline) -> Iterator[Line]:
    """An unanswered session: when the deadline brings what."""
    rules, calendar = seen.terms
    zone = calendar.zone
    what = "it expires without a default"
    if rules.default_enabled:
        what = f"a default at level {rules.default_level} follows"
    at_ms = max(deadline.at_ms, grace_until(deadline, seen.state.service.end_heard_ms))
    text = f"unless somebody rates, {what} {instant(at_ms, zone)}"
    yield Line("default", text, _LIFE, "default_enabled", rules.default_enabled)
    since_ms = seen.facts.offline_since_ms
    if seen.now_ms >= at_ms and since_ms is not None and rules.default_enabled:
        until = instant(hold_until(deadline, rules, calendar), zone)
        text = f"held back until {until} at most: its terminal is offline since"
        days = rules.default_hold_max_days
        text = f"{text} {instant(since_ms, zone)}"
        yield Line("default", text, _LIFE, "default_hold_max_days", days)
