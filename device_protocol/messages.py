"""Typed messages: what a payload means after decoding, before any rule is applied.

Times named `*_ms` are milliseconds since 1970-01-01T00:00:00Z.
"""

from enum import StrEnum

import msgspec


class Mode(StrEnum):
    LIVE = "live"
    TEST = "test"
    TRAINING = "training"
    MAINTENANCE = "maintenance"


class Origin(StrEnum):
    CUSTOMER = "customer"
    DEVICE_TIMEOUT = "device_timeout"
    STAFF_PROXY = "staff_proxy"


class Round(StrEnum):
    INITIAL = "initial"
    FOLLOWUP = "followup"


class Item(msgspec.Struct, frozen=True, gc=False):
    """The answer to one of several questions; `level` 1…5."""

    code: str
    level: int


class Contact(msgspec.Struct, frozen=True, gc=False):
    """Personal data: where the customer asks to be reached."""

    kind: str
    value: str


class Rating(msgspec.Struct, gc=False):
    """One press, or a comment alone (`comment_for` set, `level` and `key` absent).

    `level` is 1…5, or None when only a physical `key` (0…15) was sent, which the
    device profile maps, or when the element is a comment alone. `level_raw` is the
    JSON value as sent, never coerced. `claimed_ms` is the terminal's clock as an
    instant; `claimed_local` its fourteen local digits, when it sent no offset.
    `usual` says for certain that it is a live press of a level for a session, with
    nothing rare about it. `content_hash` is version 1 of the protocol's hash: the
    first 16 bytes of SHA-256 over the canonical bytes. `derived_id`: the terminal sent
    no `event_id`.
    """

    event_id: str
    content_hash: bytes
    level: int | None = None
    level_raw: int | float | str | None = None
    key: int | None = None
    claimed_ms: int | None = None
    claimed_local: str | None = None
    session_id: str | None = None
    employee_id: str | None = None
    seq: int | None = None
    boot_id: str | None = None
    usual: bool = False
    mode: str = Mode.LIVE.value
    origin: str = Origin.CUSTOMER.value
    round: str = Round.INITIAL.value
    stage: int | None = None
    uptime_ms: int | None = None
    sent_uptime_ms: int | None = None
    items: tuple[Item, ...] = ()
    attributions: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    comment: str | None = None
    comment_for: str | None = None
    contact: Contact | None = None
    amends: str | None = None
    prompt_delay_ms: int | None = None
    key_down_ms: int | None = None
    presses: int | None = None
    unknown_fields: int = 0
    derived_id: bool = False


class Presence(msgspec.Struct, kw_only=True, gc=False):
    """Birth (`online`), last will or goodbye (`offline`)."""

    state: str
    conn_id: str | None = None
    boot_id: str | None = None
    boot_count: int | None = None
    reset_reason: str | None = None
    model: str | None = None
    hw_serial: str | None = None
    firmware: str | None = None
    config_revision: int | None = None
    capabilities: dict[str, object] = {}
    last_seq: int | None = None
    buffer_depth: int | None = None
    reason: str | None = None
    claimed_ms: int | None = None
    claimed_local: str | None = None
    mode: str = Mode.LIVE.value
    unknown_fields: int = 0

    @property
    def receipts(self) -> bool:
        """Whether the terminal waits for receipts (`capabilities.receipts`)."""
        return self.capabilities.get("receipts") is True


class Cleared(msgspec.Struct, frozen=True, gc=False):
    """An empty payload on `presence` or `config`: the retained message was removed."""


class Heartbeat(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Health figures; what a terminal does not measure is None.

    `key_counts` are cumulative counters (uint32, they wrap), the first one key 0's.
    """

    conn_id: str | None = None
    boot_id: str | None = None
    claimed_ms: int | None = None
    claimed_local: str | None = None
    mode: str = Mode.LIVE.value
    uptime_s: int | None = None
    last_seq: int | None = None
    key_counts: tuple[int, ...] = ()
    buffer_depth: int | None = None
    buffer_oldest_s: int | None = None
    battery_pct: float | None = None
    battery_mv: int | None = None
    power: str | None = None
    rssi_dbm: float | None = None
    storage_free_pct: float | None = None
    temperature_c: float | None = None
    clock_synced: bool | None = None
    firmware: str | None = None
    config_revision: int | None = None
    faults: tuple[str, ...] = ()
    unknown_fields: int = 0


class Envelope(msgspec.Struct, frozen=True, gc=False):
    """What every event message has; a `Rating` has the same fields by itself.

    `claimed_ms` is the terminal's clock as an instant, `claimed_local` its fourteen
    local digits when it sent no offset. `content_hash` is as of a `Rating`;
    `derived_id`: the terminal made no id, a device profile did.
    """

    event_id: str
    content_hash: bytes
    claimed_ms: int | None
    claimed_local: str | None
    mode: str
    seq: int | None
    boot_id: str | None
    uptime_ms: int | None
    sent_uptime_ms: int | None
    unknown_fields: int
    derived_id: bool


class Session(Envelope, frozen=True, gc=False):
    """A step of a service session: opened, invited, ended, cancelled, not_eligible."""

    session_id: str
    action: str
    stage: int | None = None
    employee_id: str | None = None
    service_code: str | None = None
    reason: str | None = None


class Complaint(Envelope, frozen=True, gc=False):
    """A complaint or report about a service; never a rating.

    `comment` is composed (NFC); comment and contact are personal data.
    """

    session_id: str | None = None
    employee_id: str | None = None
    category: str = "other"
    comment: str | None = None
    contact: Contact | None = None


class Check(msgspec.Struct, frozen=True, gc=False):
    """One check of a self-test: pass, fail or skip."""

    code: str
    result: str
    value: str | float | bool | None = None
    unit: str | None = None


class SelfTest(Envelope, frozen=True, gc=False):
    """What a terminal found when it tested itself; `keys_pressed` are 0…15."""

    trigger: str
    items: tuple[Check, ...] = ()
    keys_pressed: tuple[int, ...] = ()


class Reply(Envelope, frozen=True, gc=False):
    """The answer to a command; `result` is any JSON value."""

    command_id: str
    status: str
    result: object = None
    error: str | None = None


class Rejected(msgspec.Struct, frozen=True, gc=False):
    """An event that lies in quarantine: named by its id, or by its payload's hash."""

    reason: str
    event_id: str | None = None
    payload_sha256: str | None = None


class Receipt(msgspec.Struct, frozen=True, gc=False):
    """What the gateway keeps (`event_ids`), and what a terminal may forget."""

    at_ms: int
    event_ids: tuple[str, ...] = ()
    rejected: tuple[Rejected, ...] = ()


class Command(msgspec.Struct, frozen=True, gc=False):
    """A request to a terminal; after `expires_ms` it is answered `expired`."""

    command_id: str
    name: str
    args: dict[str, object]
    expires_ms: int


class Config(msgspec.Struct, frozen=True, gc=False):
    """The settings wanted of a terminal; the highest `revision` holds."""

    revision: int
    desired: dict[str, object]


EventMessage = Rating | Session | Complaint | SelfTest | Reply
Message = EventMessage | Presence | Heartbeat | Cleared
Downlink = Receipt | Command | Config | Cleared
