"""Receipts, commands and settings: written by the gateway, read by terminals."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

import msgspec

from device_protocol import wire_downlink
from device_protocol.errors import ProtocolError, Reason
from device_protocol.fields import Fields
from device_protocol.json_text import Element, parse
from device_protocol.limits import OBJECT_BYTES_MAX
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

_match_sha256: Final = re.compile(wire_downlink.SHA256_PATTERN).fullmatch
_match_name: Final = re.compile(wire_downlink.NAME_PATTERN).fullmatch
_encode: Final = msgspec.json.Encoder().encode


def encode(message: Receipt | Command | Config) -> bytes:
    """The payload of a message.

    Raises:
        ValueError: a field is out of its bounds, or the payload longer than 16 KiB.
    """
    match message:
        case Receipt(at_ms, event_ids, rejected):
            at = format_instant(at_ms)
            return _bounded(wire_downlink.Receipt(at, event_ids, _sent(rejected)))
        case Command(command_id, name, args, expires_ms):
            expires_at = format_instant(expires_ms)
            return _bounded(wire_downlink.Command(command_id, name, expires_at, args))
        case Config(revision, desired):
            return _bounded(wire_downlink.Config(revision, desired))


def _bounded(
    sent: wire_downlink.Receipt | wire_downlink.Command | wire_downlink.Config,
) -> bytes:
    payload = _encode(sent)
    decode(_CHANNELS[type(sent)], payload)
    return payload


def encode_receipts(
    at_ms: int, event_ids: Sequence[str], rejected: Sequence[Rejected]
) -> list[bytes]:
    """The payload of a receipt; of several when one would be larger than 16 KiB."""
    sent = _sent(rejected) if rejected else ()
    return _parted(format_instant(at_ms), event_ids, sent)


def _sent(rejected: Iterable[Rejected]) -> tuple[wire_downlink.Rejected, ...]:
    return tuple(
        wire_downlink.Rejected(one.reason, one.event_id, one.payload_sha256)
        for one in rejected
    )


def _parted(
    at: str, event_ids: Sequence[str], rejected: Sequence[wire_downlink.Rejected]
) -> list[bytes]:
    payload = _encode(wire_downlink.Receipt(at, tuple(event_ids), tuple(rejected)))
    if len(payload) <= OBJECT_BYTES_MAX:
        return [payload]
    half, other = (len(event_ids) + 1) // 2, (len(rejected) + 1) // 2
    return [
        *_parted(at, event_ids[:half], rejected[:other]),
        *_parted(at, event_ids[half:], rejected[other:]),
    ]


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
    sent = fields.shaped(wire_downlink.Receipt)
    rejected = tuple(_rejected(fields, one) for one in sent.rejected)
    return Receipt(_instant(fields, "at", sent.at), sent.event_ids, rejected)


def _rejected(fields: Fields, one: wire_downlink.Rejected) -> Rejected:
    if (one.event_id is None) is (one.payload_sha256 is None):
        raise fields.error("rejected: one of event_id and payload_sha256")
    if one.payload_sha256 is not None and not _match_sha256(one.payload_sha256):
        raise fields.error("rejected: payload_sha256 is not 64 hexadecimal digits")
    return Rejected(one.reason, one.event_id, one.payload_sha256)


def _read_command(element: Element) -> Command:
    fields = Fields(element)
    sent = fields.shaped(wire_downlink.Command)
    if not _match_name(sent.name):
        raise fields.error("name: not a lower-case word of at most 32 characters")
    expires_ms = _instant(fields, "expires_at", sent.expires_at)
    return Command(sent.command_id, sent.name, sent.args, expires_ms)


def _read_config(element: Element) -> Config:
    sent = Fields(element).shaped(wire_downlink.Config)
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
_CHANNELS: Final = {shape: channel for channel, shape in wire_downlink.SHAPES.items()}
