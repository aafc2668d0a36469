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
    `content_hash` is version 1 of the protocol's hash: the first 16 bytes of
    SHA-256 over the canonical bytes.
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
    mode: str = Mode.LIVE.value
    origin: str = Origin.CUSTOMER.value
    round: str = Round.INITIAL.value
    stage: int | None = None
    boot_id: str | None = None
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
    """An empty payload on `presence`: the retained message was removed."""


Message = Rating | Presence | Cleared
