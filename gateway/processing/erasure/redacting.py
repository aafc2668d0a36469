"""A record without what one of its elements says about a person."""

import msgspec

from gateway.ledger.erasures import Erasure
from gateway.ports import Record
from gateway.redaction import Mark, Personal, redact


def redacted(record: Record, erasure: Erasure, index: int) -> Record:
    """A record without what an element, at this index, says about a person.

    Raises ValueError when it cannot be found in it.
    """
    personal = msgspec.json.decode(erasure.personal, type=Personal)
    return redact(record, mark_of(erasure, index), personal)


def mark_of(erasure: Erasure, index: int) -> Mark:
    """What stays of an element, which stands at this index of its array."""
    event_id = erasure.rating_id.partition(":")[2]
    return Mark(index, event_id, erasure.content_hash, erasure.key_id, erasure.digest)
