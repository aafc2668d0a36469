"""Payloads of terminals with a profile: the same messages as from any other."""

from typing import Final, NamedTuple, cast

import msgspec

from device_protocol.codec import READERS, SINGLE, Uplink, judge_parsed
from device_protocol.errors import ProtocolError, Reason
from device_protocol.identity import digest
from device_protocol.json_text import (
    Element,
    claimed_event_id,
    claimed_seq,
    parse_text,
    split_text,
)
from device_protocol.limits import LEVEL_MIN, PAYLOAD_BYTES_MAX, SHOWN_CHARS_MAX
from device_protocol.messages import Cleared, Message, Rating
from device_protocol.profiles.content import Content, id_of_boot, id_of_content
from device_protocol.profiles.model import ChannelMapping, Profile
from device_protocol.profiles.times import as_meant
from device_protocol.profiles.translation import Translation
from device_protocol.topics import Channel

_BOM: Final = "\ufeff"
_encode: Final = msgspec.json.Encoder().encode


class ProfileReader:
    """Reads one channel of the terminals with one profile."""

    def __init__(self, profile: Profile, channel: Channel) -> None:
        mapping = profile.channels.get(channel.value, ChannelMapping())
        self._profile = profile
        self._mapping = mapping
        self._channel = channel
        self._native = READERS[channel]
        self._is_native = profile.is_native(channel)
        self._translation = Translation(mapping)
        self._content = Content(channel, profile.time)
        self._derives = profile.event_ids != "sent" and channel not in SINGLE
        self._scale = profile.scale if channel is Channel.RATING else None
        # Else the native reader hashes just what was sent.
        self._maps_values = channel not in SINGLE and bool(
            mapping.constants
            or mapping.values
            or mapping.texts
            or mapping.numbers
            or mapping.splits
            or self._scale
            or profile.time.offset_min is not None
        )

    def __call__(self, device_id: str, payload: bytes) -> Uplink:
        """What a payload says; see `device_protocol.codec.decode`.

        Raises:
            ProtocolError: the payload is refused whole.
        """
        if self._is_native and (found := self._as_protocol(device_id, payload)):
            return found
        if not payload and self._channel is Channel.PRESENCE:
            return Cleared()
        parsed = parse_text(self._text(payload))
        return judge_parsed(self._channel, self._read, device_id, parsed)

    def _as_protocol(self, device_id: str, payload: bytes) -> Uplink | None:
        """What is right as the protocol has it, without a detour; else None."""
        try:
            found = self._native(device_id, payload)
        except ProtocolError:
            return None
        if isinstance(found, list) and any(
            isinstance(one, ProtocolError) for one in found
        ):
            return None
        return found

    def split(self, payload: bytes) -> list[bytes]:
        """The bytes of each element of an array that has been read."""
        charset = self._profile.charset
        return [part.encode(charset) for part in split_text(self._text(payload))]

    def _text(self, payload: bytes) -> str:
        charset = self._profile.charset
        if len(payload) > PAYLOAD_BYTES_MAX:
            detail = f"payload of {len(payload)} bytes"
            raise ProtocolError(Reason.TOO_LARGE, detail)
        try:
            return payload.decode(charset).removeprefix(_BOM)
        except UnicodeDecodeError as error:
            detail = f"not {charset}, byte {error.start}: {error.reason}"
            raise ProtocolError(Reason.NOT_UTF8, detail) from None

    def _read(self, device_id: str, element: Element) -> Message:
        form = self._profile.time
        sent, unread = self._translation.find(element)
        values = self._translation.convert(sent)
        if values.get("occurred_at") is not None:
            values["occurred_at"] = as_meant(values["occurred_at"], form)
        derives = self._derives and values.get("event_id") is None
        canonical = None
        if derives or self._maps_values:
            canonical = self._content.canonical(sent)
        if derives:
            values["event_id"] = self._derived_id(sent, values, canonical or b"")
        strangers = self._map_levels(values) if self._scale else []
        message = cast("Message", self._native(device_id, _encode(values)))
        if strangers:
            shown = repr(strangers[0])[:SHOWN_CHARS_MAX]
            detail = f"level: {shown} is not on the scale {self._profile.scale_name}"
            claimed = claimed_event_id(values), claimed_seq(values)
            raise ProtocolError(Reason.UNKNOWN_LEVEL, detail, *claimed)
        found = _Found(unread, canonical if self._maps_values else None, derives)
        return _as_sent(message, sent, found)

    def _derived_id(self, sent: Element, values: Element, canonical: bytes) -> str:
        if self._profile.event_ids == "boot_seq":
            found, needed = id_of_boot(values), "boot_id and seq"
        else:
            found = id_of_content(sent, canonical)
            needed = "occurred_at, or boot_id and uptime_ms,"
        if found is None:
            detail = f"event_id: none sent, and {needed} to derive it are missing"
            raise ProtocolError(Reason.SCHEMA, detail)
        return found

    def _map_levels(self, values: Element) -> list[object]:
        """Put levels 1…5 for those sent; answers what is not on the scale.

        A stand-in takes its place, so that graver faults of the element show first.
        """
        strangers: list[object] = []
        if values.get("level") is not None:
            values["level"] = self._level(values["level"], strangers)
        if isinstance(items := values.get("items"), list):
            values["items"] = [
                item | {"level": self._level(item["level"], strangers)}
                if isinstance(item, dict) and item.get("level") is not None
                else item
                for item in items
            ]
        return strangers

    def _level(self, raw: object, strangers: list[object]) -> int:
        assert self._scale is not None
        level = self._scale.level_of(raw)
        if level is None:
            strangers.append(raw)
            return LEVEL_MIN
        return level


class _Found(NamedTuple):
    """What a message does not say itself: `canonical` None means, hash as it is."""

    unread: int
    canonical: bytes | None
    derived: bool


def _as_sent(message: Message, sent: Element, found: _Found) -> Message:
    """The message with what tells of the sender's own words."""
    if isinstance(message, Cleared):
        return message
    fields = message.__struct_fields__
    changes: dict[str, object] = {}
    if found.unread:
        changes["unknown_fields"] = message.unknown_fields + found.unread
    if found.canonical is not None and "content_hash" in fields:
        changes["content_hash"] = digest(found.canonical)
    if found.derived and "derived_id" in fields:
        changes["derived_id"] = True
    if isinstance(message, Rating):
        raw = sent.get("level")
        changes["level_raw"] = raw if isinstance(raw, int | float | str) else None
        changes["usual"] = message.usual and not found.derived
    return msgspec.structs.replace(message, **changes) if changes else message


def profile_reader(profile: Profile, channel: Channel) -> ProfileReader:
    """As `device_protocol.codec.reader_of`, for terminals with this profile."""
    return ProfileReader(profile, channel)
