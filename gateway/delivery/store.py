"""The delivery store: cursors, counts and dead letters; one writing process.

`synchronous=NORMAL`: a commit survives the death of the process, and a power cut may
take the newest ones together, never one without those before it. The cursor then lags
behind what was sent, which repeats events with the same ids; it never leads. A dead
letter is committed in the transaction that moves the cursor past it.
"""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import apsw
import msgspec

from device_protocol.topics import Channel
from gateway import crashpoints, migrations
from gateway.delivery import ranges
from gateway.delivery.lane import Settlement
from gateway.delivery.letters import Letter, bury
from gateway.delivery.pace import SinkState, describe
from gateway.delivery.slots import Position
from gateway.errors import DiskFullError
from gateway.ports import AnyEvent, Order, Receipt, Unit

LETTERS_MAX: Final = 100_000
"""Dead letters that wait; a lane that would need more holds its events instead."""

SETTLED_LETTERS_MAX: Final = 10_000
"""Letters replayed or purged that are kept for the record; the oldest go first."""

_BUSY_MS: Final = 5_000
_SCHEMA: Final = """
CREATE TABLE sink (
    name TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    block INTEGER NOT NULL,
    at INTEGER NOT NULL,         -- everything before (block, at) is settled
    delivered INTEGER NOT NULL,
    dead INTEGER NOT NULL,
    state TEXT NOT NULL,
    error TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE dead_letter (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    sink TEXT NOT NULL,
    type TEXT NOT NULL,
    subject TEXT NOT NULL,
    block INTEGER NOT NULL,
    at INTEGER NOT NULL,
    refused_ms INTEGER NOT NULL,
    status INTEGER,
    answer TEXT NOT NULL,
    unit BLOB,                   -- NULL: replayed or purged
    state TEXT NOT NULL          -- dead, replaying, replayed, purged
) STRICT;
CREATE INDEX dead_letter_state ON dead_letter (state, sink);
CREATE INDEX dead_letter_subject ON dead_letter (subject);

CREATE TABLE control (block INTEGER NOT NULL) STRICT;  -- read before this block
INSERT INTO control VALUES (0);
"""
_EXPIRED: Final = "ALTER TABLE sink ADD COLUMN expired INTEGER NOT NULL DEFAULT 0"
MIGRATIONS: Final = (_SCHEMA, ranges.SCHEMA, _EXPIRED)

_decode_event: Final = msgspec.msgpack.Decoder(AnyEvent).decode
_decode_receipt: Final = msgspec.msgpack.Decoder(Receipt).decode
_decode_order: Final = msgspec.msgpack.Decoder(Order).decode
_ORDERS: Final = frozenset({Channel.COMMAND.value, Channel.CONFIG.value})


class SinkRecord(NamedTuple):
    """What the store knows of one sink."""

    cursor: Position
    delivered: int
    dead: int
    state: SinkState
    error: str | None
    expired: int


class DeliveryStore:
    """Every method is one transaction; DiskFullError leaves all as it was."""

    def __init__(self, path: Path) -> None:
        self._connection = connection = apsw.Connection(str(path))
        connection.set_busy_timeout(_BUSY_MS)
        connection.pragma("journal_mode", "wal")
        connection.pragma("synchronous", "normal")
        migrations.apply(connection, MIGRATIONS)
        self._ranges = ranges.Ranges(connection.execute)

    def close(self) -> None:
        self._connection.close()

    def sink(self, name: str, kind: str, since: Position) -> SinkRecord:
        """The record of a sink; a new one begins at `since`."""
        self._connection.execute(
            "INSERT INTO sink (name, kind, block, at, delivered, dead, state)"
            " VALUES (?, ?, ?, ?, 0, 0, 'ok') ON CONFLICT DO NOTHING",
            (name, kind, *since),
        )
        found = self.find(name)
        assert found is not None
        return found

    def find(self, name: str) -> SinkRecord | None:
        """The record of a sink; None: no lane of it ever started."""
        rows: list[tuple[Any, ...]] = self._connection.execute(
            "SELECT block, at, delivered, dead, state, error, expired FROM sink"
            " WHERE name = ?",
            (name,),
        ).fetchall()
        for block, at, delivered, dead, state, error, expired in rows:
            told = SinkState(state), error, expired
            return SinkRecord((block, at), delivered, dead, *told)
        return None

    def settle(self, name: str, done: Settlement, wall_ms: int) -> None:
        """Commit what a lane has settled: its letters, its counts, its cursor."""
        crashpoints.reach("cursor.before_commit")
        self._write(lambda: self._settle(name, done, wall_ms))
        crashpoints.reach("cursor.after_commit")

    def give_up(self, name: str, cursor: Position, count: int) -> None:
        """Commit that a sink is no longer owed what is before `cursor`."""
        self._write(
            lambda: self._connection.execute(
                "UPDATE sink SET block = ?, at = ?, expired = expired + ?"
                " WHERE name = ?",
                (*cursor, count, name),
            )
        )

    def change_state(self, name: str, state: SinkState, error: str | None) -> None:
        self._write(
            lambda: self._connection.execute(
                "UPDATE sink SET state = ?, error = ? WHERE name = ?",
                (state.value, error, name),
            )
        )

    def waiting_letters(self) -> int:
        """How many dead letters wait for an operator or their turn."""
        return self._number(
            "SELECT count(*) FROM dead_letter WHERE state IN ('dead', 'replaying')"
        )

    def letters_to_replay(self, name: str, limit: int) -> list[tuple[int, Unit]]:
        """(id, unit) of letters that an operator wants to be sent again, in order."""
        rows = self._connection.execute(
            "SELECT id, type, unit FROM dead_letter"
            " WHERE state = 'replaying' AND sink = ? ORDER BY id LIMIT ?",
            (name, limit),
        )
        return [(number, unpack_unit(kind, unit)) for number, kind, unit in rows]

    def controls_read(self) -> int:
        """Controls of the outbox before this block have been carried out."""
        return self._number("SELECT block FROM control")

    def range_to_gather(self, name: str) -> ranges.Range | None:
        """The oldest range of a sink whose units are still to become letters."""
        return self._ranges.first(name)

    def gather(
        self,
        name: str,
        wanted: ranges.Range,
        position: Position,
        units: Sequence[tuple[Position, Unit]],
        wall_ms: int,
    ) -> None:
        """These units become letters to be sent; the range goes on at `position`."""
        self._write(
            lambda: self._ranges.advance(wanted, name, position, units, wall_ms)
        )

    def carry_out(self, next_block: int, changes: Iterable["Change"]) -> None:
        """Apply the changes of controls before `next_block`, once."""
        changes = tuple(changes)
        self._write(lambda: self._carry_out(next_block, changes))

    def _settle(self, name: str, done: Settlement, wall_ms: int) -> None:
        execute = self._connection.execute
        for letter in done.dead:
            answer = describe(letter.answer)
            buried = Letter(letter.position, letter.unit, answer, letter.answer.status)
            bury(execute, name, buried, wall_ms)
        for number, letter in done.refused:
            execute(
                "UPDATE dead_letter SET state = 'dead', status = ?, answer = ?,"
                " refused_ms = ? WHERE id = ?",
                (letter.answer.status, describe(letter.answer), wall_ms, number),
            )
        replayed = sum(map(self._replayed, done.replayed))
        if done.replayed:
            self._forget_settled()
        execute(
            "UPDATE sink SET block = ?, at = ?, delivered = delivered + ?,"
            " dead = dead + ? WHERE name = ?",
            (*done.cursor, done.delivered + replayed, len(done.dead) - replayed, name),
        )

    def _replayed(self, number: int) -> bool:
        """Whether the letter was dead before: one of a range was delivered already."""
        execute = self._connection.execute
        ((again,),) = execute(
            "UPDATE dead_letter SET state = 'replayed', unit = NULL WHERE id = ?"
            " RETURNING again",
            (number,),
        ).fetchall()
        return not again

    def _carry_out(self, next_block: int, changes: Iterable["Change"]) -> None:
        for change in changes:
            if isinstance(change, ranges.RangeAsked):
                self._ranges.ask(change, next_block)
                continue
            where, values = change.condition()
            state, unit = ("purged", "NULL") if change.purge else ("replaying", "unit")
            self._connection.execute(
                f"UPDATE dead_letter SET state = '{state}', unit = {unit}"  # noqa: S608 -- constants; values are bound
                f" WHERE state = 'dead'{where}",
                values,
            )
            if change.purge:
                self._forget_settled()
        self._connection.execute("UPDATE control SET block = ?", (next_block,))

    def _forget_settled(self) -> None:
        self._connection.execute(
            "DELETE FROM dead_letter WHERE id IN (SELECT id FROM dead_letter WHERE"
            " state IN ('replayed', 'purged') ORDER BY id DESC LIMIT -1 OFFSET ?)",
            (SETTLED_LETTERS_MAX,),
        )

    def _number(self, question: str) -> int:
        ((number,),) = self._connection.execute(question)
        assert isinstance(number, int)
        return number

    def _write(self, change: Callable[[], object]) -> None:
        try:
            with self._connection:
                change()
        except apsw.FullError as error:
            raise DiskFullError("no space for the delivery store") from error


class LettersChange(NamedTuple):
    """What an operator wants done with dead letters: these ids, or all, of a sink."""

    purge: bool
    ids: list[int] | None
    sink: str | None

    def condition(self) -> tuple[str, tuple[str, ...]]:
        """SQL that narrows the letters, with its values."""
        where: list[str] = []
        values: list[str] = []
        if self.ids is not None:
            where.append(" AND id IN (SELECT value FROM json_each(?))")
            values.append(msgspec.json.encode(self.ids).decode())
        if self.sink is not None:
            where.append(" AND sink = ?")
            values.append(self.sink)
        return "".join(where), tuple(values)


Change = LettersChange | ranges.RangeAsked


def content_of(unit: Unit) -> dict[str, object]:
    """A unit's fields for people; personal ones are references, never their text."""
    fields: dict[str, object] = msgspec.structs.asdict(unit)
    for name in ("data", "payload"):
        if isinstance(data := fields.get(name), bytes):
            # The settings of a terminal are taken back by no payload at all.
            fields[name] = msgspec.json.decode(data) if data else None
    return fields


def unpack_unit(kind: str, packed: bytes) -> Unit:
    if kind in _ORDERS:
        return _decode_order(packed)
    return _decode_receipt(packed) if kind == "receipt" else _decode_event(packed)
