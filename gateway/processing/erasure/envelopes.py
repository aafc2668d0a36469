"""Records without personal data are read as the whole ones were."""

from collections.abc import Callable
from typing import cast

import msgspec

from device_protocol.codec import Uplink
from device_protocol.errors import ProtocolError, Reason
from device_protocol.messages import EventMessage
from gateway.ports import Record, RecordFlag
from gateway.redaction import REDACTED, Mark, Redacted, opened

Reader = Callable[[str, bytes], Uplink]
Element = EventMessage | ProtocolError


def unfolded(record: Record, read: Reader) -> tuple[Record, Reader]:
    """A record as it is to be read, and what reads it."""
    if not isinstance(record, Redacted):
        if not record.flags & REDACTED:
            return record, read
        record = opened(record)
    return record, _marking(read, record)


def _marking(read: Reader, record: Redacted) -> Reader:
    """A reader that gives elements what their marks kept of them."""

    def read_marked(device_id: str, payload: bytes) -> Uplink:
        try:
            found = read(device_id, payload)
        except ProtocolError as error:
            mark = record.mark_of(0)
            if mark is not None:
                _mark(error, mark)
            raise
        if isinstance(found, list):
            return [_marked(one, record.mark_of(i)) for i, one in enumerate(found)]
        return cast("Uplink", _marked(cast("Element", found), record.mark_of(0)))

    return read_marked


def _marked(element: Element, mark: Mark | None) -> Element:
    if mark is None:
        return element
    if isinstance(element, ProtocolError):
        _mark(element, mark)
        return element
    return msgspec.structs.replace(
        element, event_id=mark.event_id, content_hash=mark.content_hash
    )


def _mark(error: ProtocolError, mark: Mark) -> None:
    """An id that was worked out from the content is not found in it any more."""
    if error.event_id is not None:
        error.event_id = mark.event_id


def read_part(read: Reader, device_id: str, record: Record) -> Uplink:
    """What a payload says that may be one element of an array.

    Raises:
        ProtocolError: it is refused whole.
    """
    message = read(device_id, record.payload)
    if record.flags & RecordFlag.ELEMENT and isinstance(message, list):
        raise ProtocolError(Reason.SCHEMA, "an array in an array")
    return message
