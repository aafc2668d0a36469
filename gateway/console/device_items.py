"""What the API answers of terminals and of tables of them."""

from pydantic import Field

from fleet.evidence import Figures
from gateway.console.instants import Instant
from gateway.console.items import Item


class Reason(Item):
    """`figures` are those of now, `text` tells those of the moment it was found."""

    code: str
    since: Instant = Field(validation_alias="since_ms")
    text: str
    figures: Figures


class Device(Item):
    """`battery_pct` and what follows `presence_since` are as its last heartbeat told.

    `clock_offset_ms` is by how much its clock is ahead of ours.
    """

    device_id: str
    lifecycle: str
    presence: str
    flapping: bool
    health: str
    reasons: list[Reason]
    site: str | None
    window: str | None
    model: str | None
    profile: str | None
    firmware: str | None
    last_seen_at: Instant | None = Field(validation_alias="last_seen_ms")
    last_rating_at: Instant | None = Field(validation_alias="last_rating_ms")
    battery_pct: int | None
    key_counts: list[int]
    missing: int
    next_inspection_at: Instant | None = Field(validation_alias="next_inspection_ms")
    hw_serial: str | None
    labels: str | None
    installed_at: str | None
    presence_since: Instant | None = Field(validation_alias="presence_since_ms")
    rssi_dbm: float | None
    power: str | None
    uptime_s: int | None
    buffer_depth: int | None
    temperature_c: float | None
    clock_offset_ms: int | None


class RowError(Item):
    """`line` counts from 1, the header included."""

    line: int
    detail: str


class Imported(Item):
    """What an import changed, or would change; the first errors are shown."""

    dry_run: bool
    created: int
    changed: int
    unchanged: int
    refused: int
    errors: list[RowError]
    place: str | None
