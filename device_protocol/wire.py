"""Every uplink message as it stands in JSON: its fields and their bounds.

`shapes` judges elements by these types and `schema` publishes them. Fields that nobody
reads are not here; null and absent are the same. Lengths are in characters.
"""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Final, Literal

import msgspec
from msgspec import Meta

from device_protocol.identity import EVENT_ID
from device_protocol.levels import DEFAULT_LABELS
from device_protocol.limits import (
    ATTRIBUTIONS_MAX,
    BATTERY_PCT_MAX,
    BOOT_ID_CHARS_MAX,
    CHECKS_MAX,
    CODE_CHARS_MAX,
    COMMAND_ID_CHARS_MAX,
    COMMENT_CHARS_MAX,
    CONN_ID_CHARS_MAX,
    CONTACT_CHARS_MAX,
    COUNT_UINT32_MAX,
    COUNTER_MAX,
    EMPLOYEE_ID_CHARS_MAX,
    ERROR_CHARS_MAX,
    FACT_CHARS_MAX,
    FAULTS_MAX,
    INTEGER_MAX,
    ITEMS_MAX,
    KEY_MAX,
    KEYS_MAX,
    KEYS_PRESSED_MAX,
    LEVEL_MAX,
    LEVEL_MIN,
    REASONS_MAX,
    RSSI_DBM_MIN,
    SERVICE_CODE_CHARS_MAX,
    SESSION_ID_CHARS_MAX,
    TEMPERATURE_C_MAX,
    TEMPERATURE_C_MIN,
    UNIT_CHARS_MAX,
    VALUE_CHARS_MAX,
)
from device_protocol.topics import DEVICE_ID, Channel

# Patterns are for the schema alone: compiled ones of this package judge faster.
EVENT_ID_PATTERN: Final = f"^{EVENT_ID}$"
DEVICE_ID_PATTERN: Final = f"^{DEVICE_ID}$"
REFERENCE_PATTERN: Final = f"^({DEVICE_ID}:)?{EVENT_ID}$"
_RFC3339: Final = (
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}"
    r"(\.[0-9]+)?([Zz]|[+-][0-9]{2}:?[0-9]{2})"
)
RFC3339_PATTERN: Final = f"^{_RFC3339}$"
TIME_PATTERN: Final = f"^({_RFC3339}|[0-9]{{10}}|[0-9]{{13,14}})$"
LEVEL_PATTERN: Final = rf"^\s*([1-5１-５]|{'|'.join(DEFAULT_LABELS)})\s*$"  # noqa: RUF001 -- full-width digits are levels


def shown(**keywords: object) -> Meta:
    """What a schema says of a field, and no decoder looks at."""
    return Meta(extra_json_schema=dict(keywords))


EventId = Annotated[str, shown(pattern=EVENT_ID_PATTERN)]
Reference = Annotated[str, shown(pattern=REFERENCE_PATTERN)]
Time = (
    Annotated[str, shown(pattern=TIME_PATTERN)]
    | Annotated[
        int,
        Meta(ge=0, le=INTEGER_MAX),
        shown(
            anyOf=[
                {"minimum": 10**9, "maximum": 10**10 - 1},
                {"minimum": 10**12, "maximum": 10**14 - 1},
            ]
        ),
    ]
)
Counter = Annotated[int, Meta(ge=0, le=COUNTER_MAX)]
Evidence = Annotated[int, Meta(ge=-COUNTER_MAX, le=COUNTER_MAX)]
Mode = Literal["live", "test", "training", "maintenance"]
Code = Annotated[str, Meta(max_length=CODE_CHARS_MAX)]
Fact = Annotated[str, Meta(max_length=FACT_CHARS_MAX)]
ConnId = Annotated[str, Meta(max_length=CONN_ID_CHARS_MAX)]
EmployeeId = Annotated[str, Meta(max_length=EMPLOYEE_ID_CHARS_MAX)]
SessionId = Annotated[str, Meta(max_length=SESSION_ID_CHARS_MAX)]
Key = Annotated[int, Meta(ge=0, le=KEY_MAX)]
Percentage = Annotated[float, Meta(ge=0, le=BATTERY_PCT_MAX)]
Comment = Annotated[
    str,
    shown(description=f"at most {COMMENT_CHARS_MAX} characters after NFC"),
]
Level = (
    Annotated[int, Meta(ge=LEVEL_MIN, le=LEVEL_MAX)]
    | Annotated[str, shown(pattern=LEVEL_PATTERN)]
)

Parts = dict[str, type[msgspec.Struct]]


class Common(msgspec.Struct, kw_only=True, gc=False):
    """What every uplink message may carry.

    `buffered` and `retry` speak of transport only.
    """

    # Fields that hold objects, whose own fields are counted, too, when unknown.
    PARTS: ClassVar[Parts] = {}

    v: Literal[1]
    event_id: Any = None
    device_id: Annotated[str, shown(pattern=DEVICE_ID_PATTERN)] | None = None
    boot_id: Annotated[str, Meta(max_length=BOOT_ID_CHARS_MAX)] | None = None
    seq: Counter | None = None
    occurred_at: Time | None = None
    uptime_ms: Counter | None = None
    sent_uptime_ms: Counter | None = None
    mode: Mode | None = None
    buffered: bool | None = None
    retry: Evidence | None = None


class Event(Common, kw_only=True, gc=False):
    """What every event message carries: an identity made at the event."""

    event_id: EventId


class Contact(msgspec.Struct, gc=False):
    """Personal data: where the customer asks to be reached."""

    kind: Literal["phone", "email", "wechat", "other"]
    value: Annotated[str, Meta(max_length=CONTACT_CHARS_MAX)]


class Item(msgspec.Struct, gc=False):
    """The answer to one of several questions."""

    code: Code
    level: Level


class Rating(Event, kw_only=True, gc=False):
    """One press, or a comment alone (`comment_for`, neither `level` nor `key`)."""

    PARTS: ClassVar[Parts] = {"contact": Contact, "items": Item}

    level: Level | None = None
    key: Key | None = None
    items: Annotated[tuple[Item, ...], Meta(max_length=ITEMS_MAX)] | None = None
    session_id: SessionId | None = None
    stage: Literal[1, 2] | None = None
    employee_id: EmployeeId | None = None
    attributions: (
        Annotated[tuple[EmployeeId, ...], Meta(max_length=ATTRIBUTIONS_MAX)] | None
    ) = None
    reasons: Annotated[tuple[Code, ...], Meta(max_length=REASONS_MAX)] | None = None
    comment: Comment | None = None
    comment_for: Reference | None = None
    contact: Contact | None = None
    amends: Reference | None = None
    round: Literal["initial", "followup"] | None = None
    origin: Literal["customer", "device_timeout", "staff_proxy"] | None = None
    prompt_delay_ms: Evidence | None = None
    key_down_ms: Evidence | None = None
    presses: Evidence | None = None


class Session(Event, kw_only=True, gc=False):
    """A step of a service session."""

    session_id: Annotated[SessionId, Meta(min_length=1)]
    action: Literal["opened", "invited", "ended", "cancelled", "not_eligible"]
    stage: Literal[1, 2] | None = None
    employee_id: EmployeeId | None = None
    service_code: Annotated[str, Meta(max_length=SERVICE_CODE_CHARS_MAX)] | None = None
    reason: (
        Literal[
            "not_invited",
            "exempt",
            "refused",
            "left",
            "device_fault",
            "timeout",
            "unknown",
        ]
        | None
    ) = None


class Complaint(Event, kw_only=True, gc=False):
    """A complaint or report about a service; never a rating."""

    PARTS: ClassVar[Parts] = {"contact": Contact}

    session_id: SessionId | None = None
    employee_id: EmployeeId | None = None
    category: Literal["service", "guided_rating", "other"] | None = None
    comment: Comment | None = None
    contact: Contact | None = None


class Heartbeat(Common, kw_only=True, gc=False):
    """Health figures of a terminal."""

    conn_id: ConnId | None = None
    uptime_s: Counter | None = None
    last_seq: Counter | None = None
    key_counts: (
        Annotated[
            tuple[Annotated[int, Meta(ge=0, le=COUNT_UINT32_MAX)], ...],
            Meta(max_length=KEYS_MAX),
        ]
        | None
    ) = None
    buffer_depth: Counter | None = None
    buffer_oldest_s: Counter | None = None
    battery_pct: Percentage | None = None
    battery_mv: Counter | None = None
    power: Literal["mains", "battery"] | None = None
    rssi_dbm: Annotated[float, Meta(ge=RSSI_DBM_MIN, le=0)] | None = None
    storage_free_pct: Percentage | None = None
    temperature_c: (
        Annotated[float, Meta(ge=TEMPERATURE_C_MIN, le=TEMPERATURE_C_MAX)] | None
    ) = None
    clock_synced: bool | None = None
    firmware: Fact | None = None
    config_revision: Counter | None = None
    faults: (
        Annotated[
            tuple[
                Literal[
                    "stuck_key",
                    "dead_key",
                    "rtc",
                    "storage",
                    "display",
                    "audio",
                    "touch",
                    "network",
                    "tamper",
                ],
                ...,
            ],
            Meta(max_length=FAULTS_MAX),
        ]
        | None
    ) = None


class Presence(Common, kw_only=True, gc=False):
    """Birth (`online`), last will or goodbye (`offline`)."""

    state: Literal["online", "offline"]
    conn_id: ConnId | None = None
    boot_count: Counter | None = None
    reset_reason: Fact | None = None
    model: Fact | None = None
    hw_serial: Fact | None = None
    firmware: Fact | None = None
    config_revision: Counter | None = None
    capabilities: dict[str, Any] | None = None
    last_seq: Counter | None = None
    buffer_depth: Counter | None = None
    reason: Fact | None = None


class Check(msgspec.Struct, gc=False):
    """One check of a self-test."""

    code: Code
    result: Literal["pass", "fail", "skip"]
    value: (
        Annotated[str, Meta(max_length=VALUE_CHARS_MAX)] | int | float | bool | None
    ) = None
    unit: Annotated[str, Meta(max_length=UNIT_CHARS_MAX)] | None = None


class SelfTest(Event, kw_only=True, gc=False):
    """The result of a self-test."""

    PARTS: ClassVar[Parts] = {"items": Check}

    trigger: Literal["boot", "schedule", "command", "inspection"]
    items: Annotated[tuple[Check, ...], Meta(max_length=CHECKS_MAX)] | None = None
    keys_pressed: (
        Annotated[tuple[Key, ...], Meta(max_length=KEYS_PRESSED_MAX)] | None
    ) = None


class Reply(Event, kw_only=True, gc=False):
    """The answer to a command; `result` is any JSON value."""

    command_id: Annotated[str, Meta(min_length=1, max_length=COMMAND_ID_CHARS_MAX)]
    status: Literal["accepted", "done", "failed", "rejected", "expired"]
    result: Any = None
    error: Annotated[str, Meta(max_length=ERROR_CHARS_MAX)] | None = None


SHAPES: Final[Mapping[Channel, type[Common]]] = {
    Channel.RATING: Rating,
    Channel.SESSION: Session,
    Channel.COMPLAINT: Complaint,
    Channel.HEARTBEAT: Heartbeat,
    Channel.PRESENCE: Presence,
    Channel.SELFTEST: SelfTest,
    Channel.REPLY: Reply,
}
"""What a terminal sends on each channel."""
