"""Are two ledgers equal? Table by table, row by row, in the order of their keys.

Compared is what is a function of the journal: `FOLDED`, the identities, and who has
personal fields. A seal is made with a random nonce, so of sealed bytes only the keyed
digest counts, and that only under the same key. The outbox follows from the journal
too, but its oldest rows may have been pruned.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from typing import Any, Final, NamedTuple

import apsw
import msgspec

from gateway.ledger.packing import unpack
from gateway.ledger.schema import FOLDED

EXAMPLES_MAX: Final = 5
PRUNED_AGE_MS_MIN: Final = 86_400_000
"""No younger row of the outbox is ever pruned: retention counts in days."""

_CHUNK_ROWS: Final = 1_000
_SHOWN_MAX: Final = 80
_RANKS: Final[dict[type, int]] = {int: 1, float: 1, str: 2, bytes: 3}
_NULL_RANK: Final = 0

Row = tuple[Any, ...]
Progress = Callable[[int], None]
"""Told how many rows have been compared since the last call."""


class Table(NamedTuple):
    """What to read of a table: its columns, the first `keys` of them its key."""

    name: str
    columns: tuple[str, ...]
    keys: int
    where: str = "1"

    def rows(self, connection: apsw.Connection) -> Iterator[Row]:
        key = ", ".join(self.columns[: self.keys])
        names = ", ".join(self.columns)
        return connection.execute(
            f"SELECT {names} FROM {self.name} WHERE {self.where} ORDER BY {key}"
        )


class Difference(NamedTuple):
    """A table that differs: how many rows do, and what is wrong with the first ones."""

    table: str
    rows: int
    examples: tuple[str, ...]


_PERSONAL: Final = Table(
    "personal",
    (
        *("place", "rating_id", "key_id", "sealed IS NULL", "digest"),
        *("subject", "at_ms", "kept"),
    ),
    1,
)


def compare(
    expected: apsw.Connection,
    found: apsw.Connection,
    progress: Progress = lambda _: None,
) -> list[Difference]:
    """What `found` has otherwise than `expected`; open a transaction around it."""
    differences = []
    for table in [*_tables(expected, found), _outbox(found)]:
        difference = _absent(table, expected, found) or _gathered(
            table.name,
            _texts(table, table.rows(expected), table.rows(found), progress),
        )
        if difference:
            differences.append(difference)
    return differences


def _gathered(name: str, texts: Iterator[str]) -> Difference | None:
    examples = tuple(islice(texts, EXAMPLES_MAX))
    if not examples:
        return None
    return Difference(name, len(examples) + sum(1 for _ in texts), examples)


def _outbox(found: apsw.Connection) -> Table:
    """Rows that cannot have been pruned: from the oldest one left, and all of a day."""
    oldest = found.execute("SELECT min(block) FROM outbox").get
    now_ms = found.execute("SELECT value FROM state WHERE name = 'now_ms'").get or 0
    fresh = f"appended_ms >= {now_ms - PRUNED_AGE_MS_MIN}"
    where = fresh if oldest is None else f"block >= {oldest} OR {fresh}"
    return Table("outbox", ("block", "appended_ms", "events", "body"), 1, where)


def digest(connection: apsw.Connection) -> str:
    """Hex; equal for equal ledgers, whatever their seals."""
    summed = hashlib.sha256()
    encode = msgspec.msgpack.Encoder().encode
    for table in _tables(connection):
        summed.update(encode(table.name))
        for row in table.rows(connection):
            summed.update(encode(row[:2] if table is _PERSONAL else row))
    return summed.hexdigest()


def _tables(*connections: apsw.Connection) -> list[Table]:
    """All tables that are compared, of any of the ledgers."""
    periods = {
        number
        for connection in connections
        for (number,) in connection.execute("SELECT no FROM identity_period")
    }
    names = [*FOLDED, *(f"identity_{number}" for number in sorted(periods))]
    tables = [_described(name, connections) for name in names]
    return [*tables, _PERSONAL]


def _described(name: str, connections: Iterable[apsw.Connection]) -> Table:
    """From the first ledger that has it; columns of the key first."""
    for connection in connections:
        columns = list(
            connection.execute("SELECT name, pk FROM pragma_table_info(?)", (name,))
        )
        if columns:
            keys = [column for column, at in sorted(columns, key=_second) if at]
            others = [column for column, at in columns if not at]
            return Table(name, (*keys, *others), len(keys))
    return Table(name, (), 0)


def _second(pair: tuple[str, int]) -> int:
    return pair[1]


def _absent(
    table: Table, expected: apsw.Connection, found: apsw.Connection
) -> Difference | None:
    """A table that one of them lacks altogether."""
    for connection, text in ((expected, "not expected"), (found, "absent")):
        known = connection.execute(
            "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = ?",
            (table.name,),
        ).get
        if not known:
            return Difference(table.name, 1, (f"the whole table is {text}",))
    return None


def _texts(
    table: Table, expected: Iterator[Row], found: Iterator[Row], progress: Progress
) -> Iterator[str]:
    """A sentence for each row that differs."""
    while True:
        ours = list(islice(expected, _CHUNK_ROWS))
        theirs = list(islice(found, _CHUNK_ROWS))
        if ours != theirs:  # from here on row by row
            rest = chain(ours, expected), chain(theirs, found)
            yield from _merged(table, *rest, progress)
            return
        progress(len(ours))
        if not ours:
            return


def _merged(
    table: Table, expected: Iterator[Row], found: Iterator[Row], progress: Progress
) -> Iterator[str]:
    ours, theirs = next(expected, None), next(found, None)
    while ours is not None or theirs is not None:
        order = _order(ours, theirs, table.keys)
        if order < 0 and ours is not None:
            yield f"{_key(table, ours)} is absent"
        elif order > 0 and theirs is not None:
            yield f"{_key(table, theirs)} is not expected"
        elif ours is not None and theirs is not None and not _same(table, ours, theirs):
            yield f"{_key(table, ours)}: {_changes(table, ours, theirs)}"
        if order <= 0:
            ours = next(expected, None)
            progress(1)
        if order >= 0:
            theirs = next(found, None)


def _order(ours: Row | None, theirs: Row | None, keys: int) -> int:
    """Which row comes first in the engine's order; a row comes before none."""
    if ours is None or theirs is None:
        return (ours is None) - (theirs is None)
    a, b = _sortable(ours[:keys]), _sortable(theirs[:keys])
    return (a > b) - (a < b)


def _sortable(key: Row) -> tuple[tuple[int, Any], ...]:
    """As the engine orders values of different types."""
    return tuple(
        (_NULL_RANK, 0) if value is None else (_RANKS[type(value)], value)
        for value in key
    )


def _same(table: Table, ours: Row, theirs: Row) -> bool:
    if ours == theirs:
        return True
    if table.name == "outbox":  # compressed by other versions it has other bytes
        return ours[:3] == theirs[:3] and unpack(ours[3]) == unpack(theirs[3])
    if table is not _PERSONAL or ours[2] == theirs[2]:
        return False
    same = [ours[at] == theirs[at] for at in (0, 1, 3, 5, 6, 7)]
    return all(same)  # sealed with another key


def _key(table: Table, row: Row) -> str:
    named = zip(table.columns[: table.keys], row, strict=False)
    return ", ".join(f"{name} {_shown(value)}" for name, value in named)


def _changes(table: Table, ours: Row, theirs: Row) -> str:
    return ", ".join(
        f"{name} is {_shown(found)}, not {_shown(expected)}"
        for name, expected, found in zip(table.columns, ours, theirs, strict=True)
        if expected != found
    )


def _shown(value: object) -> str:
    """A value in a line of text; bytes may be personal and are not shown."""
    if isinstance(value, bytes):
        return f"<{len(value)} bytes, {hashlib.sha256(value).hexdigest()[:8]}>"
    text = repr(value)
    return text if len(text) <= _SHOWN_MAX else f"{text[:_SHOWN_MAX]}…"
