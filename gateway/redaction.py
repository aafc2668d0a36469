"""A record without what it says about a person, that folds as the whole one did.

Its payload is an envelope: the message with its personal values blanked, and for each
element that this concerns a mark with what can no longer be worked out from it. The
flag `REDACTED`, which no sender can set, tells an envelope from a message.
"""

import hashlib
from typing import Final

import msgspec

from device_protocol.blanking import OWN_PATHS, Blanked, Path, blanked
from device_protocol.rating import CONTACT_KINDS
from gateway.ports import Record, RecordFlag

REDACTED: Final = int(RecordFlag.REDACTED)  # an enum's & costs a microsecond
_UTF_8: Final = "utf-8"


class Personal(msgspec.Struct, frozen=True):
    """Where messages may hold what is personal, in which character sets.

    Values in `kept` are codes that tell of nobody.
    """

    paths: tuple[Path, ...] = OWN_PATHS
    kept: tuple[str, ...] = CONTACT_KINDS
    charsets: tuple[str, ...] = (_UTF_8,)


class Mark(msgspec.Struct, array_like=True, frozen=True):
    """What is kept of an element, which stands at index `element` of its array.

    `digest` is keyed and stands for what was erased; `source` is the SHA-256 of the
    element as it was sent.
    """

    element: int
    event_id: str
    content_hash: bytes
    key_id: int
    digest: bytes
    source: bytes = b""


class _Envelope(msgspec.Struct, array_like=True):
    payload: bytes
    source: bytes
    marks: list[Mark]


_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(_Envelope).decode


class Redacted(Record, gc=False, kw_only=True):
    """A record as it is read: `payload` is the blanked message, `kept` the envelope."""

    kept: bytes
    source: bytes
    marks: list[Mark]

    def mark_of(self, element: int) -> Mark | None:
        """What is known of an element."""
        return next((one for one in self.marks if one.element == element), None)


def opened(record: Record) -> Redacted:
    """An envelope as the message in it."""
    envelope = _decode(record.payload)
    return Redacted(
        record.kind,
        record.topic,
        envelope.payload,
        record.received_ms,
        record.flags,
        kept=record.payload,
        source=envelope.source,
        marks=envelope.marks,
    )


def redact(record: Record, mark: Mark, personal: Personal) -> Record:
    """The record without what one element says about a person; twice is as once.

    Raises:
        ValueError: the payload is no message in any of the character sets.
    """
    if isinstance(record, Redacted):
        envelope = _Envelope(record.payload, record.source, record.marks)
    elif record.flags & REDACTED:
        envelope = _decode(record.payload)
    else:
        envelope = _Envelope(record.payload, source_of(record), [])
    if not any(one.element == mark.element for one in envelope.marks):
        envelope = _marked(envelope, mark, personal)
    return Record(
        record.kind,
        record.topic,
        _encode(envelope),
        record.received_ms,
        record.flags | REDACTED,
    )


def _marked(envelope: _Envelope, mark: Mark, personal: Personal) -> _Envelope:
    text, charset = _text(envelope.payload, personal)
    found: Blanked = blanked(text, mark.element, personal.paths, personal.kept)
    source = hashlib.sha256(found.element.encode(charset)).digest()
    marks = [*envelope.marks, msgspec.structs.replace(mark, source=source)]
    marks.sort(key=lambda one: one.element)
    return _Envelope(found.text.encode(charset), envelope.source, marks)


def _text(payload: bytes, personal: Personal) -> tuple[str, str]:
    for charset in personal.charsets:
        try:
            return payload.decode(charset), charset
        except UnicodeDecodeError:
            continue
    raise ValueError("the payload is in no character set that is known")


def part(record: Record, payload: bytes, element: int) -> Record:
    """One element of an array, kept apart from the others."""
    flags = record.flags | RecordFlag.ELEMENT
    alone = Record(record.kind, record.topic, payload, record.received_ms, flags)
    if not isinstance(record, Redacted):
        return alone
    mark = record.mark_of(element)
    if mark is None:
        alone.flags = int(flags & ~RecordFlag.REDACTED)
        return alone
    own = msgspec.structs.replace(mark, element=0)
    alone.payload = _encode(_Envelope(payload, mark.source, [own]))
    return opened(alone)


def source_of(record: Record) -> bytes:
    """The SHA-256 of the payload as it was sent."""
    if isinstance(record, Redacted):
        return record.source
    return hashlib.sha256(record.payload).digest()


def payload_of(record: Record) -> bytes:
    """What to keep of a record in a store."""
    return record.kept if isinstance(record, Redacted) else record.payload
