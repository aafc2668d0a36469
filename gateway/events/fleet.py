"""What the events about terminals and alerts hold, to the last field.

Vocabularies are written out: they are what receivers rely on. Tests compare them with
the rules that use them, and every event of a fold with its schema.
"""

from collections.abc import Mapping
from typing import Any, Final

from device_protocol.topics import DEVICE_ID
from gateway.events.shapes import COUNT, TEXT_OR_NULL, TIME, Schema, an_object

TEXT_CHARS_MAX: Final = 1_000

PRESENCES: Final = (
    "unseen",
    "online",
    "stale",
    "offline",
    "standby",
    "maintenance",
    "retired",
)
SIGNS: Final = (
    "any live message",
    "3 heartbeats missed",
    "10 heartbeats missed",
    "will of the connection",
    "silent while closed",
    "taken out of service",
    "retired",
    "back in service",
)
REASONS: Final = (
    "battery",
    "battery_forecast",
    "signal",
    "storage",
    "temperature",
    "clock",
    "buffer",
    "restarts",
    "selftest",
    "stuck_key",
    "dead_key",
    "silent",
    "lost_presses",
    "firmware",
    "inspection_overdue",
    "fault_rtc",
    "fault_storage",
    "fault_display",
    "fault_audio",
    "fault_touch",
    "fault_network",
    "fault_tamper",
)
SEVERITIES: Final = ("info", "warning", "critical")
STATES: Final = ("open", "confirmed", "snoozed", "resolved")

_NAME: Final = {"type": "string", "minLength": 1}
_TEXT: Final = {"type": "string", "minLength": 1, "maxLength": TEXT_CHARS_MAX}
_ID: Final = {"type": "string", "pattern": f"^{DEVICE_ID}$"}
_YES: Final = {"const": True}


def _one_of(*words: str) -> dict[str, Any]:
    return {"enum": list(words)}


def _list_of(items: Schema, least: int) -> dict[str, Any]:
    return {"type": "array", "items": items, "minItems": least}


_DEVICE: Final = {"device_id": _ID}
_PLACED: Final = _DEVICE | {"site": TEXT_OR_NULL, "window": TEXT_OR_NULL}
_PRESENCE: Final = _one_of(*PRESENCES)
_HEALTH: Final = _one_of("ok", "degraded", "failed")
_REASON: Final = an_object(
    {
        "code": _one_of(*REASONS),
        "since_ms": COUNT,
        "text": _TEXT,
    },
    {},
    exact=True,
)


def _alert(*states: str) -> dict[str, Any]:
    """An alert that stands so when it is told of."""
    return {
        "alert_id": {"type": "integer", "minimum": 1},
        "cause": {"type": "string", "pattern": "^[a-z][a-z0-9_]{0,63}$"},
        "severity": _one_of(*SEVERITIES),
        "device_id": {"anyOf": [_ID, {"type": "null"}]},
        "site": TEXT_OR_NULL,
        "text": _TEXT,
        "state": _one_of(*states),
    }


_BY: Final = {"by": _NAME, "reason": TEXT_OR_NULL}

FLEET: Final[Mapping[str, tuple[str, Schema, Schema]]] = {
    "device.presence_changed": (
        "A terminal came, went or fell silent.",
        _PLACED
        | {
            "presence": _PRESENCE,
            "previous": _PRESENCE,
            "why": _one_of(*SIGNS),
            "flapping": {"type": "boolean"},
            "lasted_s": {"type": ["integer", "null"], "minimum": 0},
        },
        {},
    ),
    "device.health_changed": (
        "A terminal's health changed.",
        _PLACED
        | {
            "health": _HEALTH,
            "previous": _HEALTH,
            "reasons": _list_of(_REASON, 0),
        },
        {},
    ),
    "device.identity_alert": (
        "Two devices seem to share one identity.",
        _DEVICE | {"boots": _list_of(_NAME, 2), "text": _TEXT},
        {},
    ),
    "device.seq_reset": (
        "A terminal began to count anew.",
        _DEVICE | {"seq": COUNT, "boot_id": TEXT_OR_NULL},
        {},
    ),
    "alert.opened": (
        "Something needs hands; `reopened`: again, within the cooldown or a snooze.",
        _alert("open", "confirmed"),
        {"reopened": _YES},
    ),
    "alert.confirmed": ("Somebody sees to it.", _alert("confirmed") | _BY, {}),
    "alert.snoozed": (
        "Somebody put it aside.",
        _alert("snoozed") | _BY | {"until": TIME},
        {},
    ),
    "alert.escalated": (
        "Nobody confirmed it in time: others are told.",
        _alert("open")
        | {
            "recipients": _list_of(_NAME, 1),
            "after_minutes": {"type": "integer", "minimum": 1},
        },
        {},
    ),
    "alert.resolved": (
        "It is over; `by`: a person said so.",
        _alert("resolved"),
        {"by": _NAME},
    ),
}
"""name: (what it says, required fields of `data`, optional ones)"""
