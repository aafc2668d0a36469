"""The fields of each channel that a profile can map, and those the hash covers."""

from typing import Final

from device_protocol import wire
from device_protocol.shapes import UNHASHED
from device_protocol.topics import Channel

_EVIDENCE: Final = frozenset({"prompt_delay_ms", "key_down_ms", "presses"})


def fields_of(channel: Channel) -> frozenset[str]:
    """What a profile may say of a channel; `contact.kind` names a field inside."""
    fields = frozenset(wire.SHAPES[channel].__struct_fields__)
    if "contact" in fields:
        fields |= {f"contact.{name}" for name in wire.Contact.__struct_fields__}
    return fields


def hashed_of(channel: Channel) -> frozenset[str]:
    """What version 1 of the content hash covers; nothing of what is no event."""
    shape = wire.SHAPES[channel]
    if not issubclass(shape, wire.Event):
        return frozenset()
    return frozenset(shape.__struct_fields__) - UNHASHED - _EVIDENCE
