"""Identity: (device, `event_id`), and the hash that tells a resend from a conflict."""

import hashlib
import re
from typing import Final

import msgspec

from device_protocol.topics import is_device_id

HASH_BYTES: Final = 16

EVENT_ID: Final = "[A-Za-z0-9._:-]{8,64}"
match_event_id: Final = re.compile(EVENT_ID).fullmatch
_sha256: Final = hashlib.sha256
_encode: Final = msgspec.json.Encoder().encode


class ItemContent(msgspec.Struct, gc=False):
    """One answer as sent; a level's number normalised (5.0 is 5)."""

    code: str
    level: int | str


class ContactContent(msgspec.Struct, gc=False):
    kind: str
    value: str


class RatingContent(msgspec.Struct, omit_defaults=True, gc=False):
    """What version 1 of the content hash covers, fields in alphabetical order.

    Values are as sent, before any mapping or Unicode normalisation; only numbers are
    normalised, and `occurred_at` is an instant in ms or fourteen local digits. An
    absent and a null field are None, and left out.
    """

    amends: str | None = None
    attributions: tuple[str, ...] | None = None
    comment: str | None = None
    comment_for: str | None = None
    contact: ContactContent | None = None
    employee_id: str | None = None
    items: tuple[ItemContent, ...] | None = None
    key: int | None = None
    level: int | str | None = None
    mode: str | None = None
    occurred_at: int | str | None = None
    origin: str | None = None
    reasons: tuple[str, ...] | None = None
    round: str | None = None
    session_id: str | None = None
    stage: int | None = None


def canonical(content: RatingContent) -> bytes:
    """The bytes that are hashed: compact JSON, sorted keys, UTF-8."""
    return _encode(content)


def content_hash(content: msgspec.Struct) -> bytes:
    """The hash of a content that lists its fields in order, and holds no fraction."""
    return _sha256(_encode(content)).digest()[:HASH_BYTES]


def digest(canonical_bytes: bytes) -> bytes:
    """The first sixteen bytes of SHA-256 over the canonical bytes."""
    return _sha256(canonical_bytes).digest()[:HASH_BYTES]


def is_event_id(text: str) -> bool:
    return match_event_id(text) is not None


def rating_id(device_id: str, event_id: str) -> str:
    return f"{device_id}:{event_id}"


def split_rating_id(text: str) -> tuple[str, str]:
    """(device, `event_id`) of a rating_id: split at the first colon.

    Raises:
        ValueError: it is no rating_id.
    """
    device_id, _, event_id = text.partition(":")
    if not is_device_id(device_id) or not is_event_id(event_id):
        raise ValueError("not device_id:event_id")
    return device_id, event_id


def references(device_id: str, text: str) -> tuple[tuple[str, str], ...]:
    """The identities that `amends` or `comment_for` may mean, the likeliest first.

    An `event_id` may hold colons, so a text can be both an id of this device and
    `device_id:event_id`; none means it can be neither.
    """
    own = ((device_id, text),) if is_event_id(text) else ()
    try:
        return (*own, split_rating_id(text))
    except ValueError:
        return own
