"""Bodies rewritten without personal data, and the record that legitimises it.

One synced transaction replaces the bodies, notes their digests and appends the block
whose `block_redacted` acts tell of them: a power cut leaves all of it or nothing. The
headers stay, and so does the chain over them. Then the engine's log, which still holds
the old pages, is copied into the file, synced and truncated; `secure_delete` overwrites
freed pages with zeros. What a crash between the two leaves in the log goes when the
journal is opened, before anything else.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from itertools import groupby
from typing import Final, Protocol

from gateway import crashpoints
from gateway.clock import Clock
from gateway.journal.assembling import Assembler
from gateway.journal.table import Redaction, Stored
from gateway.places import Place
from gateway.ports import Header, Record, RecordKind

BLOCK_REDACTED: Final = "block_redacted"

Change = Callable[[Place, Record], Record]
"""A record without what it says about a person at a place.

Raises ValueError when that cannot be told: the record stays as it is.
"""


class Blocks(Protocol):
    """Where the blocks are kept."""

    def block(self, number: int) -> Stored | None: ...

    def replace_body(self, redaction: Redaction, body: bytes) -> None: ...

    def insert(self, header: Header, body: bytes) -> None: ...

    def transaction(self) -> AbstractContextManager[object]: ...


class Redacting:
    """Rewrites blocks; the journal's writer alone calls it."""

    def __init__(self, table: Blocks, assembler: Assembler, clock: Clock) -> None:
        self._table = table
        self._assembler = assembler
        self._clock = clock

    def redact(self, places: Sequence[Place], change: Change) -> Header | None:
        """Of places in the same block all go at once; None when nothing changed."""
        told = self._assembler.number
        with self._table.transaction():
            acts = [
                act
                for number, some in groupby(sorted(places), lambda one: one.block)
                if (act := self._block(number, list(some), change, told)) is not None
            ]
            if not acts:
                return None
            header, body = self._assembler.assemble(acts)
            self._table.insert(header, body)
            crashpoints.reach("redact.before_commit")
        self._assembler.committed(header)
        crashpoints.reach("redact.after_commit")
        return header

    def _block(
        self, number: int, places: Sequence[Place], change: Change, told: int
    ) -> Record | None:
        """What the journal says of a block: without digests when it holds nothing.

        A block that was pruned, or whose body does not open, has nothing to erase.
        """
        stored = self._table.block(number)
        codec = self._assembler.codec
        records = codec.records(*stored) if stored is not None else None
        if stored is None or records is None:
            return self._told(number, places)
        places = [place for place in places if _changed(records, place, change)]
        if not places:
            return None
        body = codec.body_again(stored.header, records)
        new = hashlib.sha256(body).digest()
        self._table.replace_body(Redaction(number, new, told), body)
        old = stored.digest or stored.header.digest
        return self._told(number, places, old=old.hex(), new=new.hex())

    def _told(self, number: int, places: Sequence[Place], **digests: str) -> Record:
        packed = [place.pack() for place in places]
        data = {"block": number, **digests, "places": packed}
        now_ms = self._clock.wall_ms()
        return Record(RecordKind.ACT, BLOCK_REDACTED, json.dumps(data).encode(), now_ms)


def tells_of(act: Record, redaction: Redaction) -> bool:
    """Whether a `block_redacted` act says that this block got this body."""
    told = json.loads(act.payload)
    digest = redaction.digest.hex()
    return (told.get("block"), told.get("new")) == (redaction.block, digest)


def _changed(records: list[Record], place: Place, change: Change) -> bool:
    """Put the changed record into the list; False when it cannot be changed."""
    try:
        records[place.message] = change(place, records[place.message])
    except (ValueError, IndexError):
        return False
    return True
