"""A journal that forgets what its ledger has erased, without processes."""

from typing import Any

import msgspec

from gateway.journal.memory import MemoryJournal
from gateway.ledger.erasures import Erasure
from gateway.places import Place
from gateway.ports import Record
from gateway.processing.erasure.redacting import mark_of
from gateway.redaction import Personal, opened, redact
from tests.support.folding import FoldedLedger


def pending(ledger: FoldedLedger) -> list[Erasure]:
    rows = ledger.all("SELECT * FROM erasure WHERE redacted IS NULL ORDER BY place")
    return [Erasure(*row) for row in rows]


def redact_journal(ledger: FoldedLedger) -> int:
    """What ingest does: rewrite the records, tell it, and let it be folded."""
    rows = {row.place: row for row in pending(ledger)}

    def change(place: Place, record: Record) -> Record:
        row = rows[place.pack()]
        personal = msgspec.json.decode(row.personal, type=Personal)
        return redact(record, mark_of(row, place.element), personal)

    ledger.journal.redact([Place.unpack(place) for place in rows], change)
    ledger.catch_up()
    return len(rows)


def told_by(journal: MemoryJournal) -> bytes:
    """All that every body says, envelopes included."""
    parts: list[bytes] = []
    for _, records in journal.blocks(0, 1 << 30):
        for record in records or ():
            kept: Any = opened(record).payload if record.flags & 16 else b""
            parts += [record.topic.encode(), record.payload, kept]
    return b"\0".join(parts)


def kept_in(ledger: FoldedLedger) -> bytes:
    """The ledger as it would be copied to disk, with what its seals hide."""
    ledger.store.run("VACUUM")
    raw = ledger.store.connection.serialize("main")
    opened_rows = []
    for place, own, key_id, sealed, *_ in ledger.all("SELECT * FROM personal"):
        if sealed is not None:
            del place
            opened_rows.append(ledger.keyring.open(key_id, sealed, own.encode()))
    packed = [body for (body,) in ledger.all("SELECT body FROM outbox")]
    rows = [msgspec.msgpack.encode(row) for row in ledger.outbox()]
    return b"\0".join([raw, *opened_rows, *packed, *rows])
