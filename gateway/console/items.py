"""What the API answers: the rows of the stores under their public names.

Each model reads the attributes of a row (`gateway.queries.rows`); `*_at` fields are
RFC 3339 and read `*_ms`.
"""

from base64 import b64encode
from typing import Annotated, Any, Final, Generic, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer

from fleet.evidence import Figures
from gateway.console.instants import Instant
from gateway.events import rfc3339
from gateway.ratings.flags import INSTANTS, Evidence


class Item(BaseModel):
    model_config = ConfigDict(
        from_attributes=True, validate_by_name=True, validate_by_alias=True
    )


Entry = TypeVar("Entry", bound=Item)


class ListOf(Item, Generic[Entry]):
    """Newest first; `next_cursor` asks for more, null at the end.

    A page looks at so much at most: it may hold fewer than `limit`, even none, while
    `next_cursor` is not null.
    """

    items: list[Entry]
    next_cursor: str | None


class Void(Item):
    reason: str
    by: str


class Rating(Item):
    rating_id: str
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
    occurred_at: Instant = Field(validation_alias="occurred_ms")
    claimed_at: Instant | None = Field(validation_alias="claimed_ms")
    received_at: Instant = Field(validation_alias="received_ms")
    time_quality: str
    origin: str
    mode: str
    round: str
    version: int
    effective: bool
    flags: list[str]
    amends: str | None
    void: Void | None


ShownEvidence = dict[str, int | str]


class Point(Item):
    """The key of the rating's point in every time series store."""

    tags: str
    time_ns: int


class Delivery(Item):
    """How one sink stands with one event of the rating."""

    sink: str
    event: str
    state: Literal["delivered", "owed", "dead"]


class Decision(Item):
    """What the fold made of the record, and why."""

    fate: str
    effective: bool
    flags: list[str]
    time_quality: str
    session_key: str | None
    ordinal: int


class Trace(Item):
    """The rating's whole way; `place` is generation.block.message.element."""

    place: str
    decision: Decision
    point: Point | None
    deliveries: list[Delivery]


class Dispute(Item):
    """An employee's objection, and its decision: `ruling` is the reason of that."""

    by: str
    reason: str
    at: Instant = Field(validation_alias="at_ms")
    outcome: Literal["kept", "voided"] | None
    decided_by: str | None
    decided_at: Instant | None = Field(validation_alias="decided_ms")
    ruling: str | None


class RatingWhole(Rating):
    """One rating, all ratings of its session (oldest first), and its way.

    `evidence` says of each flag what it rests on.
    """

    evidence: dict[str, ShownEvidence] = {}
    dispute: Dispute | None = None
    history: list[Rating]
    trace: Trace


def shown(evidence: Evidence) -> ShownEvidence:
    """What a flag rests on, with moments as everywhere outside."""
    found: ShownEvidence = {}
    for name, value in evidence.items():
        if name in INSTANTS and isinstance(value, int):
            found[f"{name.removesuffix('_ms')}_at"] = rfc3339(value)
        else:
            found[name] = value
    return found


class Contact(Item):
    kind: str
    value: str


class PersonalData(Item):
    """What a rating says about a person; `erased` when it is no longer kept."""

    rating_id: str
    contact: Contact | None
    comment: str | None
    erased: bool


class EffectiveRating(Item):
    event_id: str
    level: int
    origin: str


class Session(Item):
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
    invited_at: Instant | None = Field(validation_alias="invited_ms")
    eligible: bool | None
    unrated_reason: str | None
    opened_at: Instant | None = Field(validation_alias="opened_ms")
    ended_at: Instant | None = Field(validation_alias="ended_ms")
    deadline_at: Instant | None = Field(validation_alias="deadline_ms")
    amend_until: Instant | None = Field(validation_alias="amend_until_ms")
    estimated: bool
    effective: EffectiveRating | None
    provisional: bool
    followup_due_at: Instant | None = Field(validation_alias="followup_due_ms")
    rectify_due_at: Instant | None = Field(validation_alias="rectify_due_ms")


class SessionWhole(Session):
    """One session and all its ratings, oldest first."""

    history: list[Rating]


class SessionTaken(Item):
    """What became of a session event; `reason` and `detail` say why it was refused."""

    event_id: str
    fate: Literal["accepted", "duplicate", "conflict", "quarantined", "ignored"]
    session_key: str | None = None
    state: str | None = None
    reason: str | None = None
    detail: str | None = None


class SessionsTaken(Item):
    """One item an event, in the order in which they were sent."""

    items: list[SessionTaken]


class Alert(Item):
    """`subject`: the device, site, sink or part of the gateway it is about.

    `figures` are those of now, as of a device's reasons, while it is not resolved.
    """

    id: int
    cause: str
    severity: str
    device_id: str | None
    site: str | None
    opened_at: Instant = Field(validation_alias="opened_ms")
    state: str
    text: str
    count: int
    devices: list[str]
    snoozed_until: Instant | None = Field(validation_alias="snoozed_until_ms")
    muted_until: Instant | None = Field(validation_alias="muted_until_ms")
    last_at: Instant = Field(validation_alias="last_ms")
    resolved_at: Instant | None = Field(validation_alias="resolved_ms")
    confirmed_by: str | None
    advice: str
    subject: str
    figures: Figures


class AlertChange(Item):
    """`by` is null for what the gateway did by itself."""

    at: Instant = Field(validation_alias="at_ms")
    what: str
    by: str | None
    text: str | None


class AlertDetail(Alert):
    history: list[AlertChange]


class MaintenanceWindow(Item):
    id: int
    device_id: str | None
    site: str | None
    from_: Instant = Field(validation_alias="from_ms", serialization_alias="from")
    until: Instant = Field(validation_alias="until_ms")
    reason: str | None
    author: str


Base64 = Annotated[
    bytes, PlainSerializer(lambda raw: b64encode(raw).decode(), return_type=str)
]


def _public_state(state: object) -> object:
    """Outside, what waits for a replay and what waits for a device are both held."""
    return "held" if state == "quarantined" else state


class Quarantined(Item):
    id: int
    topic: str
    device_id: str | None
    event_id: str | None
    reason: str
    detail: str
    received_at: Instant = Field(validation_alias="received_ms")
    payload_base64: Base64 | None = Field(validation_alias="payload")
    count: int
    state: Annotated[str, BeforeValidator(_public_state)]


class DeadLetter(Item):
    id: int
    sink: str
    type: str
    subject: str
    refused_at: Instant = Field(validation_alias="refused_ms")
    status: int | None
    answer: str
    state: str


class DeadLetterWhole(DeadLetter):
    """With what the sink was to get; null once it is replayed or purged."""

    content: dict[str, Any] | None


class JournalState(Item):
    block: int
    ordinal: int
    bytes: int


class Sink(Item):
    name: str
    kind: str
    addressed: int
    delivered: int
    owed: int
    dead: int
    expired: int
    """Owed for too long, or too many, and given up."""
    lag_s: float
    state: str
    last_error: str | None


class Pipeline(Item):
    """`received` equals the sum of the fates at `processed_block`."""

    received: int
    accepted: int
    duplicate: int
    conflict: int
    quarantined: int
    ignored: int
    deferred: int
    journal: JournalState
    processed_block: int
    sinks: list[Sink]


class Check(Item):
    ok: bool
    detail: str


class Health(Item):
    status: str
    checks: dict[str, Check]


class ActDone(Item):
    """A processed act: where its record stands, and what it changed."""

    place: str
    processed: bool
    outcome: dict[str, Any]


ACT_RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    200: {"model": ActDone, "description": "Processed"},
    202: {"model": ActDone, "description": "Durable, not yet processed"},
}
