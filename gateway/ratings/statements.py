"""A closed month, sealed: its figures as they were, and what was adjusted since."""

import hashlib
from collections.abc import Mapping
from typing import NamedTuple, TypeVar

import msgspec

from gateway.ratings.cells import Cell, difference

Cells = Mapping[str, Cell]
"""A statement's rows: the key of a group, as text, to its counts."""

_canonical = msgspec.json.Encoder(order="sorted").encode


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """A month's counts as of a moment; `digest` is SHA-256 of all the rest, in hex.

    `rules` says by which revision of rules, map and satisfied levels it was shown.
    """

    site: str
    period: str
    as_of_ms: int
    rules: str
    cells: dict[str, dict[str, int]]
    digest: str = ""


class MaintenanceStatement(Statement, frozen=True, kw_only=True):
    """A month of maintenance: sums by device, records by `type.result`, parts used."""

    work: dict[str, int]
    parts: dict[str, int]


Sealed = TypeVar("Sealed", bound=Statement)


class Adjustment(NamedTuple):
    """What a later change added to, or took from, a group of a sealed month."""

    key: str
    change: dict[str, int]


def seal(statement: Sealed) -> Sealed:
    """The statement with its digest; groups of nothing are left out."""
    cells = {
        key: {slot: count for slot, count in cell.items() if count}
        for key, cell in statement.cells.items()
    }
    bare = msgspec.structs.replace(
        statement, cells={key: cell for key, cell in cells.items() if cell}, digest=""
    )
    return msgspec.structs.replace(bare, digest=_digest(bare))


def is_intact(statement: Statement) -> bool:
    """Whether a sealed statement is as it was."""
    return statement.digest == _digest(msgspec.structs.replace(statement, digest=""))


def adjustments(statement: Statement, now: Cells) -> list[Adjustment]:
    """What differs from a sealed month by now; the month itself stays."""
    found = []
    for key in sorted({*statement.cells, *now}):
        change = difference(now.get(key, {}), statement.cells.get(key, {}))
        if change:
            found.append(Adjustment(key, change))
    return found


def _digest(bare: Statement) -> str:
    return hashlib.sha256(_canonical(bare)).hexdigest()
