"""Receipts, commands and settings: written by the gateway, read by terminals."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from device_protocol.errors import ProtocolError, Reason
from device_protocol.fields import Fields
from device_protocol.json_text import Element, parse
from device_protocol.limits import COMMAND_ID_CHARS_MAX, OBJECT_BYTES_MAX
from device_protocol.messages import (
    Cleared,
    Command,
    Config,
    Downlink,
    Receipt,
    Rejected,
)
from device_protocol.timestamps import format_instant, parse_instant
from device_protocol.topics import Channel
from device_protocol.wire import RFC3339_PATTERN, Counter, EventId, shown

_Instant = Annotated[str, shown(pattern=RFC3339_PATTERN, format="date-time")]


class RejectedWire(msgspec.Struct, omit_defaults=True, gc=False):
    """An event that lies in quarantine: one of `event_id` and `payload_sha256`."""

    reason: str
    event_id: EventId | None = None
    payload_sha256: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")] | None = None


class ReceiptWire(msgspec.Struct, gc=False):
    """What the gateway keeps, and what it could not accept."""

    at: _Instant
    event_ids: tuple[EventId, ...] = ()
    rejected: tuple[RejectedWire, ...] = ()


class CommandWire(msgspec.Struct, gc=False):
    """A request with an id and a deadline."""

    command_id: Annotated[str, Meta(min_length=1, max_length=COMMAND_ID_CHARS_MAX)]
    name: Annotated[str, Meta(pattern="^[a-z][a-z0-9_]{0,31}$")]
    expires_at: _Instant
    args: dict[str, Any] = {}


class ConfigWire(msgspec.Struct, gc=False):
    """Desired settings with a revision; an empty payload takes them back."""

    revision: Counter
    desired: dict[str, Any]


_encode: Final = msgspec.json.Encoder().encode


def encode(message: Receipt | Command | Config) -> bytes:
    """The payload of a message.

    Raises:
        ValueError: a field is out of its bounds, or the payload longer than 16 KiB.
    """
    match message:
        case Receipt(at_ms, event_ids, rejected):
            sent = [
                RejectedWire(one.reason, one.event_id, one.payload_sha256)
                for one in rejected
            ]
            return _bounded(ReceiptWire(format_instant(at_ms), event_ids, tuple(sent)))
        case Command(command_id, name, args, expires_ms):
            expires_at = format_instant(expires_ms)
            return _bounded(CommandWire(command_id, name, expires_at, args))
        case Config(revision, desired):
            return _bounded(ConfigWire(revision, desired))


def _bounded(sent: ReceiptWire | CommandWire | ConfigWire) -> bytes:
    payload = _encode(sent)
    decode(_CHANNELS[type(sent)], payload)
    return payload


def encode_receipts(
    at_ms: int, event_ids: Sequence[str], rejected: Sequence[Rejected]
) -> Iterator[bytes]:
    """The payload of a receipt; of several when one would be larger than 16 KiB."""
    sent = [
        RejectedWire(one.reason, one.event_id, one.payload_sha256) for one in rejected
    ]
    yield from _parted(format_instant(at_ms), event_ids, sent)


def _parted(
    at: str, event_ids: Sequence[str], rejected: Sequence[RejectedWire]
) -> Iterator[bytes]:
    payload = _encode(ReceiptWire(at, tuple(event_ids), tuple(rejected)))
    if len(payload) <= OBJECT_BYTES_MAX:
        yield payload
        return
    half, other = (len(event_ids) + 1) // 2, (len(rejected) + 1) // 2
    yield from _parted(at, event_ids[:half], rejected[:other])
    yield from _parted(at, event_ids[half:], rejected[other:])


def decode(channel: Channel, payload: bytes) -> Downlink:
    """What the gateway says to a terminal; fields nobody reads are ignored.

    Raises:
        ProtocolError: the payload is refused.
    """
    if channel not in _READERS:
        raise ProtocolError(Reason.BAD_TOPIC, f"{channel} is no downlink channel")
    if not payload and channel is Channel.CONFIG:
        return Cleared()
    parsed = parse(payload)
    if not isinstance(parsed, dict):
        raise ProtocolError(Reason.SCHEMA, f"an array: a {channel} is one object")
    return _READERS[channel](parsed)


def _read_receipt(element: Element) -> Receipt:
    fields = Fields(element)
    sent = fields.shaped(ReceiptWire)
    if any(
        (one.event_id is None) is (one.payload_sha256 is None) for one in sent.rejected
    ):
        raise fields.error("rejected: one of event_id and payload_sha256")
    rejected = [
        Rejected(one.reason, one.event_id, one.payload_sha256) for one in sent.rejected
    ]
    return Receipt(_instant(fields, "at", sent.at), sent.event_ids, tuple(rejected))


def _read_command(element: Element) -> Command:
    fields = Fields(element)
    sent = fields.shaped(CommandWire)
    expires_ms = _instant(fields, "expires_at", sent.expires_at)
    return Command(sent.command_id, sent.name, sent.args, expires_ms)


def _read_config(element: Element) -> Config:
    sent = Fields(element).shaped(ConfigWire)
    return Config(sent.revision, sent.desired)


def _instant(fields: Fields, name: str, text: str) -> int:
    try:
        return parse_instant(text)
    except ValueError as error:
        raise fields.error(f"{name}: {error}") from None


_READERS: Final[Mapping[Channel, Callable[[Element], Downlink]]] = {
    Channel.RECEIPT: _read_receipt,
    Channel.COMMAND: _read_command,
    Channel.CONFIG: _read_config,
}
_CHANNELS: Final = {
    ReceiptWire: Channel.RECEIPT,
    CommandWire: Channel.COMMAND,
    ConfigWire: Channel.CONFIG,
}
