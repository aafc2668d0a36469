"""One record as the journal keeps it, without the personal data in it."""

from contextlib import closing
from typing import Any, Final, NamedTuple

import apsw
import msgspec

from gateway.app.paths import Paths
from gateway.errors import PermanentError
from gateway.journal.sqlite import SqliteJournalReader
from gateway.places import Place
from gateway.ports import Record
from gateway.redaction import REDACTED, opened
from gateway.sealing import open_keyring

_PERSONAL: Final = frozenset({"comment", "contact"})
_HIDDEN: Final = "…"


class Kept(NamedTuple):
    """`message` is the element at the place; None when it is in another format."""

    topic: str
    payload_bytes: int
    received_ms: int
    appended_ms: int
    message: dict[str, Any] | None


def kept_at(paths: Paths, place: Place) -> Kept | None:
    """What stands at `place`; None when it was pruned or erased.

    Raises:
        PermanentError: there is no journal here, or no key for it.

    """
    if not (paths.journal.exists() and paths.keyring.exists()):
        raise PermanentError(f"{paths.journal} is not on this machine")
    try:
        reader = SqliteJournalReader.open(paths.journal, open_keyring(paths.keyring))
        with closing(reader):
            blocks = reader.blocks(place.block - 1, 1)
    except apsw.Error as error:
        raise PermanentError(f"{paths.journal} cannot be read: {error}") from error
    for block in blocks:
        at_place = (block.header.generation, block.header.number) == place[:2]
        if at_place and block.records is not None:
            record = block.records[place.message]
            record = opened(record) if record.flags & REDACTED else record
            return _kept(record, block.header.appended_ms, place.element)
    return None


def _kept(record: Record, appended_ms: int, element: int) -> Kept:
    return Kept(
        record.topic,
        len(record.payload),
        record.received_ms,
        appended_ms,
        _message(record.payload, element),
    )


def _message(payload: bytes, element: int) -> dict[str, Any] | None:
    """The element, with its personal fields hidden."""
    try:
        content = msgspec.json.decode(payload)
        one = content[element] if isinstance(content, list) else content
    except (msgspec.DecodeError, UnicodeDecodeError, IndexError):
        return None
    if not isinstance(one, dict) or "event_id" not in one:
        return None  # another format, by its profile: what is personal is not known
    return {key: _HIDDEN if key in _PERSONAL else it for key, it in one.items()}
