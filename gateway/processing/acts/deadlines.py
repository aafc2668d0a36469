"""Open deadlines under other days: a calendar or rules that come into force move them.

What has passed, or was closed, stays. Deadlines of one day are one computation, and
all are written at once: a hundred thousand take less than a second, as many windows of
amendment about one and a half.
"""

from collections.abc import Iterable
from typing import Final

from device_protocol.timestamps import FUTURE_TOLERANCE_MS
from gateway.ledger.books import Timer
from gateway.processing.acts.acting import Context
from gateway.processing.memory.terms import TermsText, read_terms
from gateway.processing.ratings.complaints import COMPLAINT_TIMER
from gateway.processing.ratings.settling import SESSION_TIMER
from gateway.processing.state import State
from gateway.ratings.policy import DAY_MS

_SKEW_MS: Final = 2 * FUTURE_TOLERANCE_MS
"""A terminal's clock is believed that is ahead of ours by half of it."""


def put_in_force(context: Context) -> int:
    """Follow the rules, calendars and sites that the ledger holds by now.

    Answers how many deadlines moved.
    """
    state = context.state
    before = state.rulings.terms()
    state.rulings.begin_terms(context.place)
    state.counting.save(state.rules.time_zone, state.now_ms)
    state.apply_rules()
    state.zones.keep(state.rulings, state.ordinal + 1, context.place)
    state.exclusions.keep(state.rulings, state.ordinal + 1, context.place)
    if before == state.rulings.terms():
        return 0
    state.rulings.keep_terms(state.now_ms, context.place)
    context.inspecting.look_at_all()
    return _move_deadlines(state, before.values())


def _move_deadlines(state: State, before: Iterable[TermsText]) -> int:
    """Count all open deadlines anew; answers how many moved."""
    timers = [*_move_sessions(state), *_move_duties(state)]
    if timers:
        state.set_timers(timers)
    return len(timers) + _move_amendments(state, _reach_ms(before, state.now_ms))


def _reach_ms(before: Iterable[TermsText], now_ms: int) -> int:
    """How far back a window of amendment began that is still open, at most."""
    days = 1
    for rules, calendar in map(read_terms, before):
        length, unit = rules.amend_window_days, rules.day_unit
        while calendar.deadline(now_ms - days * DAY_MS, length, unit).at_ms > now_ms:
            days *= 2
    return days * DAY_MS


def _move_amendments(state: State, reach_ms: int) -> int:
    """Nothing falls due at their end: only their rows say it."""
    state.arrivals.save()
    since_ms = state.now_ms - reach_ms - _SKEW_MS
    moved = []
    for number, site, first_ms, until_ms in state.session_books.open_amendments(
        since_ms, state.now_ms
    ):
        ruling = state.rulings[site]
        end = ruling.deadline(first_ms, ruling.session.amend_window_days)
        now_ms = max(end.at_ms, state.now_ms)  # what was pressed until now is in time
        if now_ms != until_ms:
            moved.append((now_ms, number))
    state.session_books.save_amendments(moved)
    return len(moved)


def _move_sessions(state: State) -> list[Timer]:
    moved, timers = [], []
    for number, site, ended_ms, deadline_ms in state.session_books.open_deadlines(
        state.now_ms
    ):
        ruling = state.rulings[site]
        now = ruling.deadline(ended_ms, ruling.session.rating_window_days)
        if now.at_ms != deadline_ms:
            moved.append((now.at_ms, now.estimated, now.at_ms, number))
            timers.append(Timer(now.at_ms, SESSION_TIMER, str(number)))
    state.session_books.save_deadlines(moved)
    return timers


def _move_duties(state: State) -> list[Timer]:
    moved, timers = [], []
    for duty, session_no, site in state.session_books.open_duties():
        ruling = state.rulings[site]
        rules = ruling.session
        complaint = duty.kind == "complaint"
        first = rules.complaint_days if complaint else rules.followup_days
        due_ms = rectify_ms = None
        if duty.due_ms > state.now_ms:
            due_ms = ruling.deadline(duty.since_ms, first).at_ms
        if duty.rectify_due_ms is not None and duty.rectify_due_ms > state.now_ms:
            days = rules.rectify_days
            rectify_ms = ruling.deadline(duty.since_ms, days).at_ms
        now = duty._replace(
            due_ms=due_ms or duty.due_ms,
            rectify_due_ms=rectify_ms or duty.rectify_due_ms,
        )
        if now != duty:
            moved.append((now, session_no))
            next_ms = now.due_ms if due_ms is not None else rectify_ms or now.due_ms
            kind = COMPLAINT_TIMER if complaint else SESSION_TIMER
            subject = duty.subject if complaint else str(session_no)
            timers.append(Timer(next_ms, kind, subject))
    state.session_books.save_duties(duty for duty, _ in moved)
    state.session_books.save_followups(
        (duty.due_ms, duty.rectify_due_ms, number)
        for duty, number in moved
        if number is not None
    )
    return timers
