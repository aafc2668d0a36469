"""Every downlink message as it stands in JSON: its fields and their bounds."""

from collections.abc import Mapping
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from device_protocol.limits import COMMAND_ID_CHARS_MAX
from device_protocol.topics import Channel
from device_protocol.wire import RFC3339_PATTERN, Counter, EventId, shown

SHA256_PATTERN: Final = "^[0-9a-f]{64}$"
NAME_PATTERN: Final = "^[a-z][a-z0-9_]{0,31}$"

Instant = Annotated[str, shown(pattern=RFC3339_PATTERN, format="date-time")]


class Rejected(msgspec.Struct, omit_defaults=True, gc=False):
    """An event that lies in quarantine: one of `event_id` and `payload_sha256`."""

    reason: str
    event_id: EventId | None = None
    payload_sha256: Annotated[str, shown(pattern=SHA256_PATTERN)] | None = None


class Receipt(msgspec.Struct, gc=False):
    """What the gateway keeps, and what it could not accept."""

    at: Instant
    event_ids: tuple[EventId, ...] = ()
    rejected: tuple[Rejected, ...] = ()


class Command(msgspec.Struct, gc=False):
    """A request with an id and a deadline."""

    command_id: Annotated[str, Meta(min_length=1, max_length=COMMAND_ID_CHARS_MAX)]
    name: Annotated[str, shown(pattern=NAME_PATTERN)]
    expires_at: Instant
    args: dict[str, Any] = {}


class Config(msgspec.Struct, gc=False):
    """Desired settings with a revision; no payload takes them back."""

    revision: Counter
    desired: dict[str, Any]


SHAPES: Final[Mapping[Channel, type[msgspec.Struct]]] = {
    Channel.RECEIPT: Receipt,
    Channel.COMMAND: Command,
    Channel.CONFIG: Config,
}
"""What the gateway sends on each channel."""
