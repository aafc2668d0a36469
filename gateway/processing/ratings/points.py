"""Events about ratings: each tells how its rating's point stands now."""

import json

from device_protocol.messages import Rating
from gateway.events.points import NS_PER_MS, point_ns
from gateway.ledger.devices import Binding, Device
from gateway.ledger.ratings import Session, Stored, number_of
from gateway.ledger.sessions import SessionFact
from gateway.ports import RatingEvent, Record
from gateway.processing.state import State
from gateway.ratings.news import RECORDED

Timed = tuple[int, Device, Rating, Record, int, str]
"""Packed place, device, rating, record, occurred_ms, time_quality."""


def recorded(
    state: State,
    timed: Timed,
    flags: tuple[str, ...],
    binding: Binding,
    session_key: str | None,
    employee_id: str | None,
) -> RatingEvent:
    """The event of a rating in effect; its ordinal is the state's newest."""
    _, device, rating, record, occurred_ms, quality = timed
    ordinal, level = state.ordinal, rating.level
    assert level is not None
    scores = device.scores
    if binding.site is not device.site and binding.site != device.site:
        scores = state.scores_of(binding.scale, binding.site)
    event = RatingEvent(  # by position: keywords would cost a microsecond here
        ordinal,
        RECORDED,
        device.device_id,
        rating.event_id,
        1,
        level,
        rating.level_raw,
        occurred_ms,
        record.received_ms,
        quality,
        rating.session_id,
        employee_id,
        rating.origin,
        flags,
        True,  # noqa: FBT003 -- by position: effective
        scores[level],
        device.tags_of(binding, employee_id, rating.origin),
        occurred_ms * NS_PER_MS + ordinal % NS_PER_MS,
        binding.site,
        binding.window,
        binding.department,
        session_key,
    )
    if not rating.usual and (rating.items or rating.reasons or rating.stage):
        event.stage, event.reasons = rating.stage, rating.reasons
        event.items = tuple((item.code, item.level) for item in rating.items)
    event.medium = binding.medium
    return event


def restated(
    state: State,
    stored: Stored,
    session: Session | SessionFact | None,
    name: str,
    related: str | None,
) -> RatingEvent:
    """An event about a rating of the ledger, as it stands now."""
    assert stored.level is not None
    binding = state.binding(stored.binding)
    details = stored.details
    told_as = number_of(session.session_id if session else None)
    return RatingEvent(
        ordinal=stored.ordinal,
        type=name,
        device_id=stored.device_id,
        event_id=stored.event_id,
        version=stored.version,
        level=stored.level,
        level_raw=json.loads(stored.level_raw or "null"),
        occurred_ms=stored.occurred_ms,
        received_ms=stored.received_ms,
        time_quality=stored.time_quality,
        session_id=told_as or details.get("session_id"),
        employee_id=stored.employee_id,
        origin=stored.origin,
        flags=stored.flags,
        effective=stored.effective,
        score=state.scores_of(binding.scale, binding.site)[stored.level],
        tags=binding.tags(stored.device_id, stored.employee_id, stored.origin),
        point_ns=point_ns(stored.occurred_ms, stored.ordinal),
        site=binding.site,
        window=binding.window,
        department=binding.department,
        session_key=session.key if session else None,
        stage=details.get("stage"),
        items=tuple((code, level) for code, level in details.get("items", ())),
        reasons=tuple(details.get("reasons", ())),
        round=stored.round,
        amends=stored.amends,
        medium=binding.medium,
        related=related,
    )
