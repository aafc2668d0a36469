"""Event messages judged by their shape in `wire`: what all of them have in common."""

from typing import Final, NamedTuple, TypeVar
from unicodedata import normalize

from device_protocol import wire
from device_protocol.canonical import canonical_json
from device_protocol.fields import Fields
from device_protocol.identity import digest
from device_protocol.json_text import Element
from device_protocol.limits import COMMENT_CHARS_MAX

_Event = TypeVar("_Event", bound=wire.Event)
Claim = int | str | None
"""`occurred_at`: an instant in ms, or fourteen local digits."""

UNHASHED: Final = frozenset(wire.Common.__struct_fields__) - {"mode", "occurred_at"}
"""Of what every message may carry, the hash covers mode and time only."""


class Head(NamedTuple):
    """The fields of `messages.Envelope`, in its order."""

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
    derived_id: bool = False


def judge_event(
    device_id: str, element: Element, shape: type[_Event]
) -> tuple[Head, _Event]:
    """What every event message says, and the fields of its own.

    Raises:
        ProtocolError: with the first rule that the element breaks.
    """
    fields = Fields(element)
    fields.expect_common(device_id)
    fields.event_id()
    claim = fields.claim()
    event = fields.shaped(shape)
    unknown = count_unknown(fields, shape)
    return head(event, digest(canonical_content(event, claim)), claim, unknown), event


def head(event: wire.Event, content_hash: bytes, claim: Claim, unknown: int) -> Head:
    return Head(
        event.event_id,
        content_hash,
        claim if isinstance(claim, int) else None,
        claim if isinstance(claim, str) else None,
        event.mode or "live",
        event.seq,
        event.boot_id or None,
        event.uptime_ms,
        event.sent_uptime_ms,
        unknown,
    )


def canonical_content(event: wire.Event, claim: Claim) -> bytes:
    """The bytes that are hashed: fields of its own, mode and time; no transport."""
    names = [name for name in event.__struct_fields__ if name not in UNHASHED]
    content = {name: getattr(event, name) for name in names} | {"occurred_at": claim}
    return canonical_json({k: v for k, v in content.items() if v is not None})


def count_unknown(fields: Fields, shape: type[wire.Common]) -> int:
    """Fields nobody reads, those inside a contact or an item included."""
    count = fields.unknown(shape.__struct_fields__)
    for name, part in shape.PARTS.items():
        value = fields.raw(name)
        for one in value if isinstance(value, list) else [value]:
            if one is not None:
                known = part.__struct_fields__
                count += fields.part(name, one).unknown(known)
    return count


def composed_comment(fields: Fields, comment: str | None) -> str | None:
    """A comment as it is kept: composed (NFC), at most 500 characters."""
    kept = normalize("NFC", comment or "")
    if len(kept) > COMMENT_CHARS_MAX:
        raise fields.error(f"comment: longer than {COMMENT_CHARS_MAX} characters")
    return kept or None
