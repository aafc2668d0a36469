"""The outbox as the dispatcher reads it: read-only, short transactions."""

import json
from collections.abc import Sequence
from pathlib import Path

import apsw
import msgspec

from gateway.ledger.packing import unpack
from gateway.ledger.store import BUSY_MS
from gateway.ports import OutboxRow, SinkSince
from gateway.sealing import Keyring

_FIELDS = msgspec.json.Decoder(dict[str, object])


class SqliteOutbox:
    """`gateway.ports.Outbox` on the ledger of another process."""

    def __init__(self, path: Path, keyring: Keyring) -> None:
        self._connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
        self._connection.set_busy_timeout(BUSY_MS)
        self._keyring = keyring

    def close(self) -> None:
        self._connection.close()

    def rows(self, from_block: int, limit: int) -> list[OutboxRow]:
        rows = self._connection.execute(
            "SELECT body FROM outbox WHERE block >= ? ORDER BY block LIMIT ?",
            (from_block, limit),
        )
        return [unpack(body) for (body,) in rows]

    def folded(self) -> int:
        for (block,) in self._connection.execute(
            "SELECT value FROM state WHERE name = 'block'"
        ):
            return int(block)
        return 0

    def sinks(self) -> list[SinkSince]:
        rows = self._connection.execute(
            "SELECT name, kind, iif(removed, '[]', events), since_block, since_index"
            " FROM sink ORDER BY no"
        )
        return [
            SinkSince(name, kind, tuple(json.loads(events)), block, index)
            for name, kind, events, block, index in rows
        ]

    def personal(self, place: int) -> dict[str, object] | None:
        rows: Sequence[tuple[str, int, bytes | None]] = list(
            self._connection.execute(
                "SELECT rating_id, key_id, sealed FROM personal WHERE place = ?",
                (place,),
            )
        )
        for rating_id, key_id, sealed in rows:
            if sealed is not None:
                plain = self._keyring.open(key_id, sealed, rating_id.encode())
                return _FIELDS.decode(plain)
        return None
