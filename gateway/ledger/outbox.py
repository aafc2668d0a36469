"""The outbox as the dispatcher reads it: read-only, short transactions."""

import asyncio
import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Final

import apsw
import msgspec

from gateway.clock import Clock
from gateway.errors import TransientError
from gateway.ledger.owed import Owed
from gateway.ledger.packing import unpack
from gateway.ledger.store import BUSY_MS
from gateway.ports import OutboxRow, SinkSince
from gateway.queries.rows import SinkCursor
from gateway.sealing import Keyring

_FIELDS = msgspec.json.Decoder(dict[str, object])


_MADE_MS_MAX: Final = 60_000
_POLL_S: Final = 0.05


async def ledger_made(path: Path, clock: Clock, stopped: Callable[[], bool]) -> bool:
    """Wait for the ledger of a first start; False when a stop came first.

    Raises TransientError when it stays away.
    """
    give_up_ms = clock.monotonic_ms() + _MADE_MS_MAX
    while not _is_made(path):
        if stopped():
            return False
        if clock.monotonic_ms() >= give_up_ms:
            raise TransientError(f"{path} is not there: does process run?")
        await asyncio.sleep(_POLL_S)
    return True


def _is_made(path: Path) -> bool:
    try:
        connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    except apsw.CantOpenError:
        return False
    try:
        connection.set_busy_timeout(BUSY_MS)
        sinks_of(connection)
    except (apsw.SQLError, apsw.CantOpenError):  # its schema is being made
        return False
    finally:
        connection.close()
    return True


class SqliteOutbox:
    """`gateway.ports.Outbox` on the ledger of another process."""

    def __init__(self, path: Path, keyring: Keyring) -> None:
        self._connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
        self._connection.set_busy_timeout(BUSY_MS)
        self._keyring = keyring
        self._owed = Owed()

    def close(self) -> None:
        self._connection.close()

    def rows(self, from_block: int, limit: int) -> list[OutboxRow]:
        rows = self._connection.execute(
            "SELECT body FROM outbox WHERE block >= ? ORDER BY block LIMIT ?",
            (from_block, limit),
        )
        return [unpack(body) for (body,) in rows]

    def first_since(self, appended_ms: int) -> int:
        low, high = self._span()
        while low < high:  # blocks are in the order of their times
            middle = (low + high) // 2
            block, at_ms = self._next(middle)
            if at_ms >= appended_ms:
                high = middle
            else:
                low = block + 1
        return low

    def first_within(self, bytes_max: int, from_block: int) -> int:
        rows: list[tuple[Any, ...]] = self._connection.execute(
            "SELECT total(length(body)) FROM outbox WHERE block >= ?", (from_block,)
        ).fetchall()
        if rows[0][0] <= bytes_max:
            return 0
        held = 0
        newest_first: Iterable[tuple[Any, ...]] = self._connection.execute(
            "SELECT block, length(body) FROM outbox ORDER BY block DESC"
        )
        for block, size in newest_first:
            held += size
            if held > bytes_max:
                return int(block) + 1
        return 0

    def newest_ms(self) -> int:
        rows: list[tuple[Any, ...]] = self._connection.execute(
            "SELECT appended_ms FROM outbox ORDER BY block DESC LIMIT 1"
        ).fetchall()
        return rows[0][0] if rows else 0

    def _span(self) -> tuple[int, int]:
        """The first row's block, and the one after the last row's."""
        rows: list[tuple[Any, ...]] = self._connection.execute(
            "SELECT (SELECT min(block) FROM outbox), (SELECT max(block) FROM outbox)"
        ).fetchall()
        ((first, last),) = rows
        return (0, 0) if first is None else (first, last + 1)

    def _next(self, block: int) -> tuple[int, int]:
        """(block, appended_ms) of the first row from `block` on; there is one."""
        rows: list[tuple[Any, ...]] = self._connection.execute(
            "SELECT block, appended_ms FROM outbox WHERE block >= ?"
            " ORDER BY block LIMIT 1",
            (block,),
        ).fetchall()
        ((found, appended_ms),) = rows
        return found, appended_ms

    def folded(self) -> int:
        for (block,) in self._connection.execute(
            "SELECT value FROM state WHERE name = 'block'"
        ):
            return int(block)
        return 0

    def sinks(self) -> list[SinkSince]:
        return sinks_of(self._connection)

    def addressed_before(self, name: str, block: int, index: int) -> int:
        return self._owed.before(self._connection, SinkCursor(name, block, index))

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


def sinks_of(connection: apsw.Connection) -> list[SinkSince]:
    """Every sink state that was ever in force, oldest first."""
    rows = connection.execute(
        "SELECT name, kind, iif(removed, '[]', events), since_block, since_index"
        " FROM sink ORDER BY no"
    )
    return [
        SinkSince(name, kind, tuple(json.loads(events)), block, index)
        for name, kind, events, block, index in rows
    ]
