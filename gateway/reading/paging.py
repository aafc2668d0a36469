"""Lists by pages: conditions that were asked for, and cursors on integer keys."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final, Generic, NamedTuple, TypeVar

import apsw

from gateway.queries.asking import CursorError, Page, Slice

Row = TypeVar("Row")
Columns = tuple[Any, ...]

_KEY_MAX: Final = (1 << 63) - 1
Span = tuple[int, int]
"""The first and the last key of some."""

EVERYWHERE: Final[Span] = (-_KEY_MAX - 1, _KEY_MAX)
LOOKED_AT_MAX: Final = 500_000
"""So many rows one page looks at where few of them are wanted: some 80 ms."""
LOOKED_AT_FIRST: Final = 2_000
_PIECE_MAX: Final = 32_000  # the engine's cache holds so many, and they are read once
_GROWTH: Final = 4


class Conditions:
    """A WHERE clause of the conditions whose value is given.

    `sought`: an index leads to the rows, so that there is nothing to walk through;
    `vain`: there can be none.
    """

    def __init__(self) -> None:
        self._terms = ["1"]
        self._values: list[object] = []
        self.sought = self.vain = False

    def where(self, term: str, value: object) -> None:
        """Add `term`, which holds one `?`; None asks for nothing."""
        if value is not None:
            self._terms.append(term)
            self._values.append(value)

    def seek(self, term: str, value: object) -> None:
        """As `where`, of a term that leads to few rows by an index."""
        self.where(term, value)
        self.sought = self.sought or value is not None

    def among(self, column: str, numbers: Sequence[int] | None) -> None:
        """Add that a column holds one of these numbers; None asks for nothing."""
        if numbers is not None and len(numbers) == 1:
            self.where(f"{column} = ?", numbers[0])
        elif numbers is not None:
            listed = json.dumps(numbers)
            term = f"{column} IN (SELECT value FROM json_each(?))"  # noqa: S608 -- ours
            self.where(term, listed)
            self.vain = self.vain or not numbers

    @property
    def clause(self) -> str:
        return " AND ".join(self._terms)

    @property
    def values(self) -> Sequence[object]:
        return self._values


class Listing(NamedTuple, Generic[Row]):
    """What is listed: `select`, whose first column is the integer `key` of `table`.

    Both are named as in `select`, with the same alias. A row costs `weight` times as
    much to look at as one of a table that is read by itself.
    """

    select: str
    table: str
    key: str
    build: Callable[[Columns], Row]
    weight: int = 1


def key_after(part: Slice) -> int:
    """The key below which the page begins.

    Raises CursorError for what is no key.
    """
    if part.cursor is None:
        return _KEY_MAX
    digits = part.cursor.removeprefix("-")
    if not (digits.isascii() and digits.isdecimal()):
        raise CursorError(part.cursor)
    key = min(int(digits[:19]), _KEY_MAX)
    return key if digits == part.cursor else -key


def page(
    connection: apsw.Connection,
    listing: Listing[Row],
    conditions: Conditions,
    part: Slice,
    spans: Sequence[Span] = (EVERYWHERE,),
) -> Page[Row]:
    """One page, the greatest key first, of keys in `spans`, the greatest one first.

    It holds fewer rows than asked for, even none, and has a cursor, where so many were
    looked at as a page may: the next one goes on below them.
    """
    text = (
        f"{listing.select} WHERE {conditions.clause}"
        f" AND {listing.key} >= ? AND {listing.key} <= ?"
        f" ORDER BY {listing.key} DESC LIMIT ?"
    )
    look = _Look(connection, listing, walks=not conditions.sought)
    rows: list[Columns] = []
    last = key_after(part) - 1
    for low, high in look.pieces(() if conditions.vain else spans, last):
        lacking = part.limit + 1 - len(rows)
        rows += connection.execute(text, (*conditions.values, low, high, lacking))
        if len(rows) > part.limit:
            return cut(rows, part, listing.build)
    return Page([listing.build(row) for row in rows], look.cursor)


class _Look:
    """Cuts spans of keys into pieces that hold ever more rows, to a bound."""

    def __init__(
        self, connection: apsw.Connection, listing: Listing[Row], *, walks: bool
    ) -> None:
        self._connection = connection
        self._floor = (
            f"SELECT {listing.key} FROM {listing.table}"  # noqa: S608 -- our own names
            f" WHERE {listing.key} >= ? AND {listing.key} <= ?"
            f" ORDER BY {listing.key} DESC LIMIT 1 OFFSET ?"
        )
        self._rows_max = max(LOOKED_AT_MAX // listing.weight, 1)
        self._walks = walks
        self.cursor: str | None = None
        """Where it stopped at the bound; None: it came to the end."""

    def pieces(self, spans: Iterable[Span], last: int) -> Iterator[Span]:
        """Pieces of `spans` up to the key `last`, the greatest keys first."""
        left, size = self._rows_max, LOOKED_AT_FIRST
        for low, top in spans:
            high = min(top, last)
            while low <= high:
                if not left:
                    self.cursor = str(high + 1)
                    return
                size = min(size, left)
                floor = self._below(low, high, size) if self._walks else None
                yield (low if floor is None else floor), high
                if floor is None:
                    break
                high, left = floor - 1, left - size
                size = min(size * _GROWTH, _PIECE_MAX)

    def _below(self, low: int, high: int, rows: int) -> int | None:
        """The key of the last of so many rows; None: there are fewer."""
        for (key,) in self._connection.execute(self._floor, (low, high, rows - 1)):
            return int(key)
        return None


def cut(
    rows: Iterable[Columns], part: Slice, build: Callable[[Columns], Row]
) -> Page[Row]:
    """One page of rows asked for with one more; their first column is the cursor."""
    found = list(rows)
    last = str(found[part.limit - 1][0]) if len(found) > part.limit else None
    return Page([build(row) for row in found[: part.limit]], last)
