"""Rows that follow from a session's state: its own, and that of its default."""

import json
from collections.abc import Mapping
from datetime import date
from typing import Final

from gateway.ledger.ratings import Session, Stored, default_id
from gateway.ledger.sessions import SessionFact, SessionRow
from gateway.processing.memory.attributing import seat
from gateway.processing.ratings.bindings import TERMINAL
from gateway.processing.state import State
from gateway.ratings.clocks import CONTACT, RECTIFY
from gateway.ratings.scopes import Surveyed
from gateway.ratings.state import SessionState

NAMED: Final = "named"
"""The detail that keeps whom a rating names, where bindings name somebody, too."""

HELD_STEP_MS: Final = 3_600_000
"""How often a default that waits for a silent device is looked at again."""


def session_row(
    state: State,
    session: Session,
    one: Surveyed,
    ratings: Mapping[str, Stored],
    default: Stored | None,
    fact: SessionFact | None,
) -> SessionRow:
    """A session as it is to be written; what it was looked at with is filled in."""
    now = one.state
    service = now.service
    effective = None if now.effective is None else ratings[now.effective.rating_id]
    if effective is None and default is not None and default.effective:
        effective = default
    window, employee, device_id = _attributed(state, one, ratings)
    device = state.by_id.get(device_id)
    department = _department(state, fact, window, now.counts_ms)
    places = sorted(each.place for each in one.facts.ratings)
    duty = now.duty
    return SessionRow(
        no=session.no,
        session_id=session.session_id,
        site=session.site,
        stage=session.stage,
        n=session.n,
        began_ms=session.began_ms,
        business_date=date.fromordinal(now.business_day).isoformat(),
        state=now.state.value,
        device_no=None if device is None else device.no,
        department=department,
        window=window,
        employee_id=employee,
        service_code=service.service_code,
        opened_ms=service.opened_ms,
        invited_ms=service.invited_ms,
        ended_ms=service.ended_ms,
        deadline_ms=now.deadline.at_ms if now.deadline else None,
        amend_until_ms=now.amend_until_ms,
        estimated=now.estimated,
        eligible=now.eligible,
        unrated_reason=now.unrated_reason,
        provisional=now.provisional,
        followup_due_ms=duty.clock(CONTACT).due_ms if duty else None,
        rectify_due_ms=duty.clock(RECTIFY).due_ms if duty else None,
        effective_place=None if effective is None else effective.place,
        ratings=json.dumps(places, separators=(",", ":")),
        default_place=None if default is None else default.place,
        due_ms=_due(state, one),
        look="",
    )


def _due(state: State, one: Surveyed) -> int | None:
    """When to look again; at a default that is held back every hour."""
    due_ms = one.state.due_ms
    deadline = one.state.deadline
    if due_ms is None or deadline is None or one.facts.offline_since_ms is None:
        return due_ms
    if one.state.issued is None and deadline.at_ms <= state.now_ms:
        return min(due_ms, state.now_ms + HELD_STEP_MS)
    return due_ms


def _attributed(
    state: State, one: Surveyed, ratings: Mapping[str, Stored]
) -> tuple[str | None, str | None, str]:
    """Window, employee and device that a session counts for, as of its moment."""
    service = one.state.service
    answer = one.state.chain[-1] if one.state.chain else None
    if answer is None and one.facts.ratings:
        answer = one.facts.ratings[0]
    rated = None if answer is None else ratings[answer.rating_id]
    device_id = service.device_id or (rated.device_id if rated else "")
    bound = state.attribution.at(device_id, one.state.counts_ms)
    window = bound.window or service.window
    if rated is not None and service.device_id is None:
        window = state.binding(rated.binding).window
    named = None if rated is None else _named(state, rated)
    if named not in state.attribution.known:
        named = service.employee_id or named
    served = seat(device_id, window)
    credit = state.attribution.credit(served, one.state.counts_ms, named)
    return window, credit.employee_id, device_id


def _named(state: State, rated: Stored) -> str | None:
    """Whom a rating itself names, and not who was bound when it was pressed."""
    named: str | None = rated.details.get(NAMED)
    served = seat(rated.device_id, state.binding(rated.binding).window)
    bound = state.attribution.at(served, rated.occurred_ms).employee
    return named or (None if rated.employee_id == bound else rated.employee_id)


def _department(
    state: State, fact: SessionFact | None, window: str | None, counts_ms: int
) -> str | None:
    """That of the window; a later reorganisation leaves what was counted where it is.

    Source: rating rules, "Session lifecycle", attribution.
    """
    if fact is not None and fact.window == window:
        looked_ms = fact.began_ms if fact.look is None else fact.look.at_ms
        if counts_ms <= looked_ms:
            return fact.department
    department: str | None = state.windows.get(window or "", {}).get("department")
    return department


def issue_default(
    state: State, session: Session, now: SessionState, fact: SessionFact | None
) -> Stored:
    """The row of a default: nobody pressed it, so no record holds its place."""
    assert now.issued is not None
    assert now.issued.level is not None
    assert now.deadline is not None
    service = now.service
    device = state.by_id[service.device_id or ""]
    state.ordinal += 1
    at = state.attribution.at(device.device_id, now.counts_ms)
    window = at.window or service.window
    department = _department(state, fact, window, now.counts_ms)
    scale = state.profiles.scale(device.profile)
    binding = state.bind(session.site or None, department, window, TERMINAL, scale)
    bound = state.attribution.credit(
        seat(device.device_id, window), now.counts_ms, service.employee_id
    )
    effective = now.default is not None and now.default.effective
    stored = Stored(
        place=-state.ordinal,
        ordinal=state.ordinal,
        device_id=device.device_id,
        event_id=default_id(state.ordinal),
        session_no=session.no,
        binding=binding.no,
        level=now.issued.level,
        level_raw=None,
        occurred_ms=now.deadline.at_ms,
        received_ms=state.now_ms,
        time_quality="gateway",
        origin="system_default",
        mode="live",
        round="initial",
        employee_id=bound.employee_id,
        seq=None,
        version=1,
        effective=effective,
        flags=(),
        amends=None,
        details={},
        void=None,
    )
    state.ratings.insert([_row_of(stored, device.no)])
    return stored


def _row_of(one: Stored, device_no: int) -> tuple[object, ...]:
    """In the order of the ledger's columns."""
    return (
        one.place,
        one.ordinal,
        device_no,
        one.event_id,
        one.session_no,
        one.binding,
        one.level,
        None,
        one.occurred_ms,
        None,
        one.received_ms,
        one.time_quality,
        one.origin,
        one.mode,
        one.round,
        one.employee_id,
        None,
        one.version,
        int(one.effective),
        None,
        None,
        None,
        None,
    )
