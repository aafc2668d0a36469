"""What the stores answer; times `*_ms` are milliseconds since the epoch."""

from collections.abc import Mapping

import msgspec

from fleet.evidence import Figures
from gateway.ratings.facts import Dispute
from gateway.ratings.flags import Evidence


class FateCounts(msgspec.Struct, frozen=True):
    """The accounting identity at `processed_block`.

    `received` is ingress's count of messages, and `extra`: what arrays held beyond
    one element a message.
    """

    received: int
    extra: int
    accepted: int
    duplicate: int
    conflict: int
    quarantined: int
    ignored: int
    deferred: int
    processed_block: int
    ordinal: int

    def total(self) -> int:
        """The sum of all fates: it must be what was received."""
        return (
            self.accepted
            + self.duplicate
            + self.conflict
            + self.quarantined
            + self.ignored
            + self.deferred
        )


class SinkCursor(msgspec.Struct, frozen=True):
    """Events of the outbox before (block, index) are settled for this sink."""

    name: str
    block: int
    index: int


class OwedEvents(msgspec.Struct, frozen=True):
    """What the ledger addressed to one sink, and what lies beyond its cursor."""

    addressed: int
    owed: int
    oldest_ms: int | None


class SinkRow(msgspec.Struct, frozen=True, kw_only=True):
    """A sink as its dispatcher sees it."""

    name: str
    kind: str  # influxdb | backend | receipts
    delivered: int
    dead: int
    state: str  # ok | retrying | open | held | disabled
    last_error: str | None
    cursor: SinkCursor
    expired: int = 0


class VoidRow(msgspec.Struct, frozen=True):
    reason: str
    by: str


class RatingRow(msgspec.Struct, kw_only=True):
    """One rating as it stands now."""

    place: int
    ordinal: int
    event_id: str
    device_id: str
    site: str | None
    department: str | None
    window: str | None
    employee_id: str | None
    session_id: str | None
    session_key: str | None
    stage: int | None
    level: int | None
    level_raw: int | float | str | None
    occurred_ms: int
    claimed_ms: int | None
    received_ms: int
    time_quality: str
    origin: str
    mode: str
    round: str
    version: int
    effective: bool
    flags: tuple[str, ...]
    amends: str | None
    void: VoidRow | None = None

    @property
    def rating_id(self) -> str:
        return f"{self.device_id}:{self.event_id}"


class PointRow(msgspec.Struct, frozen=True):
    """The fixed key of a rating's point: its stored tags and its time."""

    tags: str
    time_ns: int


class EventPosition(msgspec.Struct, frozen=True):
    """Where an event stands in the outbox, and the sinks that it is for."""

    type: str
    block: int
    index: int
    sinks: tuple[str, ...]


class RatingDetail(msgspec.Struct, frozen=True):
    """`history`: all ratings of the same session, oldest first.

    `point` is None for what never goes to time series; `events` those that the
    outbox still holds of the block which first folded the rating; `evidence` what
    each of its flags rests on.
    """

    rating: RatingRow
    history: list[RatingRow]
    point: PointRow | None
    events: list[EventPosition]
    evidence: Mapping[str, Evidence] = {}
    dispute: Dispute | None = None


class EffectiveRating(msgspec.Struct, frozen=True):
    event_id: str
    level: int
    origin: str


class SessionRow(msgspec.Struct, kw_only=True):
    """A session as the set of its events makes it.

    `session_id` is None for one that a rating without a number implied.
    """

    session_key: str
    session_id: str | None
    site: str | None
    business_date: str | None
    stage: int | None
    state: str
    department: str | None
    window: str | None
    employee_id: str | None
    service_code: str | None
    invited_ms: int | None
    eligible: bool | None
    unrated_reason: str | None
    opened_ms: int | None
    ended_ms: int | None
    deadline_ms: int | None
    amend_until_ms: int | None
    estimated: bool
    effective: EffectiveRating | None
    provisional: bool
    followup_due_ms: int | None
    rectify_due_ms: int | None


class SessionDetail(msgspec.Struct, frozen=True):
    """`history`: all ratings of the session, oldest first."""

    session: SessionRow
    history: list[RatingRow]


class HealthReason(msgspec.Struct, frozen=True):
    """`figures` are those of now, `text` tells those of the moment it was found."""

    code: str
    since_ms: int
    text: str
    figures: Figures = msgspec.field(default_factory=dict)


class DeviceRow(msgspec.Struct, kw_only=True):
    """A terminal as registry, presence and health see it."""

    device_id: str
    lifecycle: str  # pending | active | maintenance | retired | refused
    presence: str
    flapping: bool = False
    health: str = "ok"
    reasons: tuple[HealthReason, ...] = ()
    site: str | None = None
    window: str | None = None
    model: str | None = None
    profile: str | None = None
    firmware: str | None = None
    last_seen_ms: int | None = None
    last_rating_ms: int | None = None
    battery_pct: int | None = None
    key_counts: tuple[int, ...] = ()
    missing: int = 0
    next_inspection_ms: int | None = None
    hw_serial: str | None = None
    labels: str | None = None
    installed_at: str | None = None
    presence_since_ms: int | None = None
    rssi_dbm: float | None = None
    power: str | None = None
    uptime_s: int | None = None
    buffer_depth: int | None = None
    temperature_c: float | None = None
    clock_offset_ms: int | None = None


class RegisteredDevice(msgspec.Struct, frozen=True, kw_only=True):
    """A device's row of the registry, all columns; what is not known is None."""

    device_id: str
    hw_serial: str | None
    model: str | None
    profile: str | None
    lifecycle: str
    site: str | None
    window: str | None
    labels: str | None
    installed_at: str | None


class PresenceChange(msgspec.Struct, frozen=True, kw_only=True):
    """What the newest birth, will or goodbye of a device made of it."""

    device_id: str
    site: str | None
    presence: str
    at_ms: int


class AlertRow(msgspec.Struct, kw_only=True):
    id: int
    cause: str
    severity: str
    device_id: str | None
    site: str | None
    opened_ms: int
    state: str  # open | confirmed | snoozed | resolved
    text: str
    count: int
    devices: tuple[str, ...] = ()
    snoozed_until_ms: int | None = None
    last_ms: int
    resolved_ms: int | None = None
    confirmed_by: str | None = None
    muted_until_ms: int | None = None
    advice: str
    subject: str
    figures: Figures = msgspec.field(default_factory=dict)


class AlertChange(msgspec.Struct, kw_only=True):
    """What happened to an alert; `by` None: the gateway did it."""

    at_ms: int
    what: str
    by: str | None
    text: str | None


class AlertDetail(AlertRow, kw_only=True):
    history: tuple[AlertChange, ...]


class WindowRow(msgspec.Struct, kw_only=True):
    """A maintenance window of a device, or of a site with those below it."""

    id: int
    device_id: str | None
    site: str | None
    from_ms: int
    until_ms: int
    reason: str | None
    author: str


class QuarantineRow(msgspec.Struct, kw_only=True):
    """Equal payloads of one topic and reason are one row of `count` elements.

    `source` is the SHA-256 of a payload that was redacted since.
    """

    id: int
    place: int
    topic: str
    device_id: str | None
    event_id: str | None
    reason: str
    detail: str
    received_ms: int
    payload: bytes | None  # None: purged
    count: int
    state: str  # quarantined | held | replayed | purged
    source: bytes | None = None


class DeadLetterRow(msgspec.Struct, kw_only=True):
    """One event that one sink refused, with its answer."""

    id: int
    sink: str
    type: str
    subject: str
    refused_ms: int
    status: int | None
    answer: str
    state: str  # dead | replaying | replayed | purged


class DeadLetterDetail(msgspec.Struct, frozen=True, kw_only=True):
    """One letter and what the sink was to get; None once replayed or purged."""

    letter: DeadLetterRow
    content: dict[str, object] | None


class ActRow(msgspec.Struct, frozen=True, kw_only=True):
    """An operator's act as the fold settled it.

    `outcome` is a JSON object, encoded: what it changed, or `{"error": code,
    "detail": sentence}`, or `{"repeated": true}` under a key known already. Under a
    key it also says which `request` that was.
    """

    place: int
    name: str
    at_ms: int
    outcome: str
