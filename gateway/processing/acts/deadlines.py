"""Open deadlines under other days: a calendar or rules that come into force move them.

What has passed, or was closed, stays. Deadlines of one day are one computation, and
all are written at once: a hundred thousand take less than a second.
"""

from gateway.ledger.books import Timer
from gateway.processing.acts.acting import Context
from gateway.processing.ratings.complaints import COMPLAINT_TIMER
from gateway.processing.ratings.settling import SESSION_TIMER
from gateway.processing.state import State


def put_in_force(context: Context) -> int:
    """Follow the rules, calendars and sites that the ledger holds by now.

    Answers how many deadlines moved.
    """
    state = context.state
    before = state.rulings.terms()
    state.counting.save(state.rules.time_zone, state.now_ms)
    state.apply_rules()
    state.zones.keep(state.rulings, state.ordinal + 1, context.place)
    state.exclusions.keep(state.rulings, state.ordinal + 1, context.place)
    if before == state.rulings.terms():
        return 0
    state.rulings.keep_terms(state.now_ms, context.place)
    context.inspecting.look_at_all()
    return move_deadlines(state)


def move_deadlines(state: State) -> int:
    """Count all open deadlines anew; answers how many moved."""
    timers = [*_move_sessions(state), *_move_duties(state)]
    if timers:
        state.set_timers(timers)
    return len(timers)


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
