"""Events about ratings: each tells how its rating's point stands now."""

import json
from typing import Final

from device_protocol.messages import Rating
from gateway.events.points import point_ns, point_tags
from gateway.ledger.devices import Binding, Device
from gateway.ledger.ratings import Session, Stored
from gateway.ports import RatingEvent, Record
from gateway.processing.state import State

RECORDED: Final = "rating.recorded"


def _tags(binding: Binding, device_id: str, employee: str | None, origin: str) -> str:
    return point_tags(
        binding.site,
        binding.department,
        binding.window,
        device_id,
        employee if binding.employee_tag else None,
        binding.scale,
        origin,
        binding.medium,
    )


def recorded(
    state: State,
    device: Device,
    rating: Rating,
    record: Record,
    occurred_ms: int,
    quality: str,
    flags: tuple[str, ...],
    binding: Binding,
    session: Session | None,
) -> RatingEvent:
    """The event of a rating in effect; its ordinal is the state's newest."""
    ordinal, level = state.ordinal, rating.level
    assert level is not None
    return RatingEvent(  # by position: keywords would cost a microsecond here
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
        rating.employee_id,
        rating.origin,
        flags,
        True,  # noqa: FBT003 -- by position: effective
        state.scores[level],
        _tags(binding, device.device_id, rating.employee_id, rating.origin),
        point_ns(occurred_ms, ordinal),
        binding.site,
        binding.window,
        binding.department,
        None if session is None else session.key,
        rating.stage,
        tuple((item.code, item.level) for item in rating.items),
        rating.reasons,
        rating.round,
        rating.amends,
        binding.medium,
    )


def restated(
    state: State,
    stored: Stored,
    session: Session | None,
    name: str,
    related: str | None,
) -> RatingEvent:
    """An event about a rating of the ledger, as it stands now."""
    assert stored.level is not None
    binding = state.binding(stored.binding)
    details = stored.details
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
        session_id=_number_of(session) if session else details.get("session_id"),
        employee_id=stored.employee_id,
        origin=stored.origin,
        flags=stored.flags,
        effective=stored.effective,
        score=state.scores[stored.level],
        tags=_tags(binding, stored.device_id, stored.employee_id, stored.origin),
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


def _number_of(session: Session) -> str | None:
    """The session's number as terminals know it; None for one that we implied."""
    return None if session.session_id.startswith("@") else session.session_id
