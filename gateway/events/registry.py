"""Every event that can leave the gateway, with the JSON Schema of its CloudEvent.

To add an event: one entry in `_OTHER`, and the rule that emits it.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple

Schema = Mapping[str, Any]

_TEXT: Final = {"type": "string"}
_TEXT_OR_NULL: Final = {"type": ["string", "null"]}
_TIME: Final = {"type": "string", "format": "date-time"}
_COUNT: Final = {"type": "integer", "minimum": 0}
_LEVEL: Final = {"type": "integer", "minimum": 1, "maximum": 5}
_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


class EventType(NamedTuple):
    """`name` is without prefix and suffix; `schema` describes the whole CloudEvent."""

    name: str
    about: str
    schema: Schema


def _object(required: Schema, optional: Schema) -> dict[str, Any]:
    # Receivers must bear fields that later versions add.
    return {
        "type": "object",
        "required": list(required),
        "properties": {**required, **optional},
        "additionalProperties": True,
    }


def _event(name: str, about: str, required: Schema, optional: Schema) -> EventType:
    data = _object({"version": {"type": "integer", "minimum": 1}, **required}, optional)
    envelope = _object(
        {
            "specversion": {"const": "1.0"},
            "id": _TEXT,
            "source": {"type": "string", "pattern": "^/gateways/"},
            "type": {"const": f"evalgate.{name}.v1"},
            "subject": _TEXT,
            "time": _TIME,
            "partitionkey": _TEXT,
            "sequence": {"type": "string", "pattern": "^[0-9]{20}$"},
            "datacontenttype": {"const": "application/json"},
            "data": data,
        },
        {},
    )
    return EventType(
        name,
        about,
        {"$schema": _DIALECT, "title": name, "description": about} | envelope,
    )


_RATING_REQUIRED: Final = {
    "rating_id": _TEXT,
    "event_id": _TEXT,
    "device_id": _TEXT,
    "level": _LEVEL,
    "level_raw": {"type": ["integer", "number", "string", "null"]},
    "occurred_at": _TIME,
    "received_at": _TIME,
    "time_quality": {"enum": ["device", "uptime", "zone_corrected", "gateway"]},
    "session_id": _TEXT_OR_NULL,
    "employee_id": _TEXT_OR_NULL,
    "origin": _TEXT,
    "flags": {"type": "array", "items": _TEXT},
    "effective": {"type": "boolean"},
    "score": {"type": "number"},
}
_RATING_OPTIONAL: Final = {
    "session_key": _TEXT,
    "site": _TEXT,
    "department": _TEXT,
    "window": _TEXT,
    "stage": {"type": "integer"},
    "items": {
        "type": "array",
        "items": _object({"code": _TEXT, "level": _LEVEL}, {}),
    },
    "reasons": {"type": "array", "items": _TEXT},
    "round": {"enum": ["initial", "followup"]},
    "amends": _TEXT,
    "medium": _TEXT,
    "related": _TEXT,
}
_RATINGS: Final = {
    "rating.recorded": "A rating was accepted: exactly one for each.",
    "rating.amended": "A rating took the place of an earlier one of its session.",
    "rating.superseded": "A rating lost its effect to another one (`related`).",
    "rating.defaulted": "Nobody rated in time: the default level was given.",
    "rating.voided": "A rating was declared void by a person.",
}

_DEVICE: Final = {"device_id": _TEXT}
_RATED: Final = {"rating_id": _TEXT}
_DUE: Final = {"due_at": _TIME}
_ALERT: Final = {"cause": _TEXT, "severity": _TEXT}
_ALERT_SCOPE: Final = {
    "alert_id": {"type": "integer", "minimum": 1},
    "device_id": _TEXT_OR_NULL,
    "site": _TEXT_OR_NULL,
    "text": _TEXT,
    "state": {"enum": ["open", "confirmed", "snoozed", "resolved"]},
}
_PEOPLE: Final = {"type": "array", "items": _TEXT}
_BY: Final = {"by": _TEXT, "reason": _TEXT_OR_NULL}
_PLACED: Final = {"site": _TEXT_OR_NULL, "window": _TEXT_OR_NULL}
_PRESENCE: Final = {
    **_PLACED,
    "presence": _TEXT,
    "previous": _TEXT,
    "why": _TEXT,
    "flapping": {"type": "boolean"},
    "lasted_s": {"type": ["integer", "null"], "minimum": 0},
}
_HEALTH: Final = {"enum": ["ok", "degraded", "failed"]}
_REASON: Final = {"code": _TEXT, "since_ms": {"type": "integer"}, "text": _TEXT}
_HEALTH_CHANGED: Final = {
    **_PLACED,
    "health": _HEALTH,
    "previous": _HEALTH,
    "reasons": {"type": "array", "items": _object(_REASON, {})},
}
_PERSONAL: Final = {
    "comment": _TEXT,
    "contact": _object({"kind": _TEXT, "value": _TEXT}, {}),
}
_MISS: Final = {
    "figure": _TEXT,
    "value": _TEXT,
    "target": _TEXT,
    "n": _COUNT,
    "scope": {"type": "object", "additionalProperties": _TEXT_OR_NULL},
    "period": _TEXT,
    "unit": {"enum": ["day", "week", "month"]},
    "rules_revision": _TEXT,
}
_DAY: Final = {
    "site": _TEXT,
    "day": {"type": "string", "format": "date"},
    "record_version": {"type": "integer", "minimum": 1},
    "equal": {"type": "boolean"},
    **dict.fromkeys(
        (
            "devices",
            "presses",
            "accepted",
            "duplicate",
            "flagged",
            "quarantined",
            "missing",
            "unequal",
        ),
        _COUNT,
    ),
}
_COUNT_OR_NULL: Final = {"type": ["integer", "null"]}
_SINK_COUNTS: Final = dict.fromkeys(("delivered", "dead", "owed"), _COUNT_OR_NULL)
_DAY_COUNTS: Final = {
    "counted": _COUNT,
    "other": _COUNT,
    "unexplained": {"type": "integer"},
    "unequal_devices": {"type": "array", "items": _TEXT},
    "sinks": {
        "type": "array",
        "items": _object({"name": _TEXT, "addressed": _COUNT}, _SINK_COUNTS),
    },
}
_CANARY: Final = {
    **_DEVICE,
    "site": _TEXT,
    "event_id": _TEXT,
    "occurred_at": _TIME,
    "received_at": _TIME,
    "delay_ms": _COUNT,
}
CANARY_RECORDED: Final = "canary.recorded"
# name: (what it says, required fields of `data`, optional ones)
_OTHER: Final[Mapping[str, tuple[str, Schema, Schema]]] = {
    "comment.attached": ("A rating has a comment or a contact.", _RATED, _PERSONAL),
    "comment.erased": (
        "What a rating or a complaint said about a person is to be forgotten.",
        _DEVICE | {"cause": _TEXT},
        _RATED | {"complaint_id": _TEXT},
    ),
    "session.closed": ("A session ended without a rating to wait for.", {}, {}),
    "followup.required": ("A dissatisfied customer is to be contacted.", _RATED, _DUE),
    "followup.overdue": ("The contact did not happen in time.", _RATED, _DUE),
    "followup.closed": ("The follow-up is done.", _RATED, {}),
    "complaint.raised": ("A complaint arrived.", {}, _PERSONAL | _DUE),
    "complaint.overdue": ("A complaint was not answered in time.", {}, _DUE),
    "device.presence_changed": (
        "A terminal came, went or fell silent.",
        _DEVICE,
        _PRESENCE,
    ),
    "device.health_changed": (
        "A terminal's health changed.",
        _DEVICE,
        _HEALTH_CHANGED,
    ),
    "device.identity_alert": (
        "Two devices seem to share one identity.",
        _DEVICE,
        {"boots": _PEOPLE, "text": _TEXT},
    ),
    "device.seq_reset": ("A terminal began to count anew.", _DEVICE, {}),
    "alert.opened": (
        "Something needs hands; `reopened`: again, within the cooldown or a snooze.",
        _ALERT,
        _ALERT_SCOPE | {"reopened": {"type": "boolean"}},
    ),
    "alert.confirmed": ("Somebody sees to it.", _ALERT | _BY, _ALERT_SCOPE),
    "alert.snoozed": (
        "Somebody put it aside.",
        _ALERT | _BY | {"until": _TIME},
        _ALERT_SCOPE,
    ),
    "alert.escalated": (
        "Nobody confirmed it in time: others are told.",
        _ALERT | {"recipients": _PEOPLE, "after_minutes": _COUNT},
        _ALERT_SCOPE,
    ),
    "alert.resolved": (
        "It is over; `by`: a person said so.",
        _ALERT,
        _ALERT_SCOPE | _BY,
    ),
    "inspection.due": ("A routine inspection is due.", {}, _DEVICE | _DUE),
    "inspection.overdue": ("A routine inspection is overdue.", {}, _DEVICE | _DUE),
    "inspection.completed": ("An inspection was recorded.", {}, _DEVICE),
    "figure.below_target": (
        "A figure was below its target when a period was over.",
        _MISS,
        {},
    ),
    CANARY_RECORDED: ("A ghost's press came through the broker.", _CANARY, {}),
    "reconciliation.daily": (
        "A site's day: presses against ratings, the ledger against sinks.",
        _DAY,
        _DAY_COUNTS,
    ),
}

_NOTICE_ALERT: Final = {
    **_ALERT,
    **_ALERT_SCOPE,
    "opened_at": _TIME,
    "resolved_at": {"type": ["string", "null"]},
}
_NOTICE: Final = {
    "recipient": _TEXT,
    "notice": {"enum": ["opened", "escalated", "digest", "resolved"]},
    "alerts": {"type": "array", "items": _object(_NOTICE_ALERT, {}), "minItems": 1},
    "more": _COUNT,
}
NOTICE: Final = "notice.sent"
"""What a recipient of alerts is told; no other sink takes it."""
NOTICES: Final[Mapping[str, EventType]] = MappingProxyType(
    {NOTICE: _event(NOTICE, "A recipient is told of alerts.", _NOTICE, {})}
)

RATING_EVENTS: Final = frozenset(_RATINGS)
GATEWAY: Final = "gateway"
POINTS: Final = frozenset({"device_health", GATEWAY})
"""What goes to time series alone: no events, so no schemas of CloudEvents."""
EVENTS: Final[Mapping[str, EventType]] = MappingProxyType(
    {
        name: _event(name, about, _RATING_REQUIRED, _RATING_OPTIONAL)
        for name, about in _RATINGS.items()
    }
    | {
        name: _event(name, about, required, optional)
        for name, (about, required, optional) in _OTHER.items()
    }
)
