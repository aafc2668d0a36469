"""Every event that can leave the gateway, with the JSON Schema of its CloudEvent.

To add an event: one entry in `_OTHER`, or in `gateway.events.fleet`, and the rule that
emits it.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from gateway.events.fleet import FLEET, SEVERITIES, STATES
from gateway.events.shapes import COUNT, TEXT, TEXT_OR_NULL, TIME, Schema, an_object

_LEVEL: Final = {"type": "integer", "minimum": 1, "maximum": 5}
_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


class EventType(NamedTuple):
    """`name` is without prefix and suffix; `schema` describes the whole CloudEvent."""

    name: str
    about: str
    schema: Schema


def _event(
    name: str, about: str, required: Schema, optional: Schema, *, exact: bool = False
) -> EventType:
    version = {"version": {"type": "integer", "minimum": 1}}
    data = an_object({**version, **required}, optional, exact=exact)
    envelope = an_object(
        {
            "specversion": {"const": "1.0"},
            "id": TEXT,
            "source": {"type": "string", "pattern": "^/gateways/"},
            "type": {"const": f"evalgate.{name}.v1"},
            "subject": TEXT,
            "time": TIME,
            "partitionkey": TEXT,
            "sequence": {"type": "string", "pattern": "^[0-9]{20}$"},
            "datacontenttype": {"const": "application/json"},
            "data": data,
        },
        {},
        exact=exact,
    )
    return EventType(
        name,
        about,
        {"$schema": _DIALECT, "title": name, "description": about} | envelope,
    )


_RATING_REQUIRED: Final = {
    "rating_id": TEXT,
    "event_id": TEXT,
    "device_id": TEXT,
    "level": _LEVEL,
    "level_raw": {"type": ["integer", "number", "string", "null"]},
    "occurred_at": TIME,
    "received_at": TIME,
    "time_quality": {"enum": ["device", "uptime", "zone_corrected", "gateway"]},
    "session_id": TEXT_OR_NULL,
    "employee_id": TEXT_OR_NULL,
    "origin": TEXT,
    "flags": {"type": "array", "items": TEXT},
    "effective": {"type": "boolean"},
    "score": {"type": "number"},
}
_RATING_OPTIONAL: Final = {
    "session_key": TEXT,
    "site": TEXT,
    "department": TEXT,
    "window": TEXT,
    "stage": {"type": "integer"},
    "items": {
        "type": "array",
        "items": an_object({"code": TEXT, "level": _LEVEL}, {}),
    },
    "reasons": {"type": "array", "items": TEXT},
    "round": {"enum": ["initial", "followup"]},
    "amends": TEXT,
    "medium": TEXT,
    "related": TEXT,
}
_RATINGS: Final = {
    "rating.recorded": "A rating was accepted: exactly one for each.",
    "rating.amended": "A rating took the place of an earlier one of its session.",
    "rating.superseded": "A rating lost its effect to another one (`related`).",
    "rating.defaulted": "Nobody rated in time: the default level was given.",
    "rating.voided": "A rating was declared void by a person.",
}

_DEVICE: Final = {"device_id": TEXT}
_RATED: Final = {"rating_id": TEXT}
_DUE: Final = {"due_at": TIME}
_ALERT: Final = {"cause": TEXT, "severity": {"enum": list(SEVERITIES)}}
_ALERT_SCOPE: Final = {
    "alert_id": {"type": "integer", "minimum": 1},
    "device_id": TEXT_OR_NULL,
    "site": TEXT_OR_NULL,
    "text": TEXT,
    "state": {"enum": list(STATES)},
}
_PERSONAL: Final = {
    "comment": TEXT,
    "contact": an_object({"kind": TEXT, "value": TEXT}, {}),
}
_MISS: Final = {
    "figure": TEXT,
    "value": TEXT,
    "target": TEXT,
    "n": COUNT,
    "scope": {"type": "object", "additionalProperties": TEXT_OR_NULL},
    "period": TEXT,
    "unit": {"enum": ["day", "week", "month"]},
    "rules_revision": TEXT,
}
_DAY: Final = {
    "site": TEXT,
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
        COUNT,
    ),
}
_COUNT_OR_NULL: Final = {"type": ["integer", "null"]}
_SINK_COUNTS: Final = dict.fromkeys(("delivered", "dead", "owed"), _COUNT_OR_NULL)
_DAY_COUNTS: Final = {
    "counted": COUNT,
    "other": COUNT,
    "unexplained": {"type": "integer"},
    "unequal_devices": {"type": "array", "items": TEXT},
    "sinks": {
        "type": "array",
        "items": an_object({"name": TEXT, "addressed": COUNT}, _SINK_COUNTS),
    },
}
_CANARY: Final = {
    **_DEVICE,
    "site": TEXT,
    "event_id": TEXT,
    "occurred_at": TIME,
    "received_at": TIME,
    "delay_ms": COUNT,
}
CANARY_RECORDED: Final = "canary.recorded"
# name: (what it says, required fields of `data`, optional ones)
_OTHER: Final[Mapping[str, tuple[str, Schema, Schema]]] = {
    "comment.attached": ("A rating has a comment or a contact.", _RATED, _PERSONAL),
    "comment.erased": (
        "What a rating or a complaint said about a person is to be forgotten.",
        _DEVICE | {"cause": TEXT},
        _RATED | {"complaint_id": TEXT},
    ),
    "session.closed": ("A session ended without a rating to wait for.", {}, {}),
    "followup.required": ("A dissatisfied customer is to be contacted.", _RATED, _DUE),
    "followup.overdue": ("The contact did not happen in time.", _RATED, _DUE),
    "followup.closed": ("The follow-up is done.", _RATED, {}),
    "complaint.raised": ("A complaint arrived.", {}, _PERSONAL | _DUE),
    "complaint.overdue": ("A complaint was not answered in time.", {}, _DUE),
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
    "opened_at": TIME,
    "resolved_at": {"type": ["string", "null"]},
}
_NOTICE: Final = {
    "recipient": TEXT,
    "notice": {"enum": ["opened", "escalated", "digest", "resolved"]},
    "alerts": {"type": "array", "items": an_object(_NOTICE_ALERT, {}), "minItems": 1},
    "more": COUNT,
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
    | {
        name: _event(name, about, required, optional, exact=True)
        for name, (about, required, optional) in FLEET.items()
    }
)
