"""Lists by pages: conditions that were asked for, and cursors on integer keys."""

from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import Any, Final, Generic, NamedTuple, TypeVar

import apsw

from gateway.queries.asking import CursorError, Page, Slice

Row = TypeVar("Row")
Columns = tuple[Any, ...]

_KEY_MAX: Final = (1 << 63) - 1
Span = tuple[int, int]
"""The first and the last key of some."""

_EVERYWHERE: Final[Span] = (-_KEY_MAX - 1, _KEY_MAX)


class Conditions:
    """A WHERE clause of the conditions whose value is given."""

    def __init__(self) -> None:
        self._terms = ["1"]
        self._values: list[object] = []

    def where(self, term: str, value: object) -> None:
        """Add `term`, which holds one `?`; None asks for nothing."""
        if value is not None:
            self._terms.append(term)
            self._values.append(value)

    @property
    def clause(self) -> str:
        return " AND ".join(self._terms)

    @property
    def values(self) -> Sequence[object]:
        return self._values


class Listing(NamedTuple, Generic[Row]):
    """What is listed: `select`, whose first column is the integer `key`."""

    select: str
    key: str
    build: Callable[[Columns], Row]


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
    spans: Sequence[Span] = (_EVERYWHERE,),
) -> Page[Row]:
    """One page, the greatest key first, of keys in `spans`, the greatest one first."""
    select, key, build = listing
    text = (
        f"{select} WHERE {conditions.clause} AND {key} >= ? AND {key} <= ?"
        f" ORDER BY {key} DESC LIMIT ?"
    )
    last, limit = key_after(part) - 1, part.limit + 1
    rows: Iterable[Columns] = (
        row
        for low, high in spans
        for row in connection.execute(
            text, (*conditions.values, low, min(high, last), limit)
        )
    )
    return cut(islice(rows, limit), part, build)


def cut(
    rows: Iterable[Columns], part: Slice, build: Callable[[Columns], Row]
) -> Page[Row]:
    """One page of rows asked for with one more; their first column is the cursor."""
    found = list(rows)
    last = str(found[part.limit - 1][0]) if len(found) > part.limit else None
    return Page([build(row) for row in found[: part.limit]], last)
