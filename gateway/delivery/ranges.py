"""Ranges of time that an operator wants sent to a sink once more.

The units of a range become letters that are sent again, a few at a time: so a crash
loses none, one that is refused stays a dead letter with its answer, and the lane's own
units go on beside them. They count neither as delivered nor as dead: they did already.
"""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from gateway.delivery.letters import Execute, Letter, bury
from gateway.delivery.slots import Position
from gateway.ports import Unit

OPEN_MAX: Final = 16
"""Ranges of one sink that wait; a further one is refused."""

ANSWER: Final = "sent once more"

SCHEMA: Final = """
ALTER TABLE dead_letter ADD COLUMN again INTEGER NOT NULL DEFAULT 0;
CREATE TABLE range (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    sink TEXT NOT NULL,
    from_ms INTEGER NOT NULL,
    to_ms INTEGER NOT NULL,
    block INTEGER NOT NULL,      -- everything before (block, at) has become letters
    at INTEGER NOT NULL,
    until_block INTEGER NOT NULL -- what is in later blocks is delivered anyway
) STRICT;
"""


class RangeAsked(NamedTuple):
    """What an operator asked for: half-open, by the time of the events."""

    sink: str
    from_ms: int
    to_ms: int


class Range(NamedTuple):
    """A range, and how far it has become letters."""

    id: int
    from_ms: int
    to_ms: int
    position: Position
    until_block: int


class Ranges:
    """The table `range`."""

    def __init__(self, execute: Execute) -> None:
        self._execute = execute

    def ask(self, asked: RangeAsked, until_block: int) -> None:
        """Begin a range; beyond `OPEN_MAX` of a sink it is passed over."""
        self._execute(
            "INSERT INTO range (sink, from_ms, to_ms, block, at, until_block)"
            " SELECT ?1, ?2, ?3, 0, 0, ?4"
            " WHERE (SELECT count(*) FROM range WHERE sink = ?1) < ?5",
            (*asked, until_block, OPEN_MAX),
        )

    def first(self, sink: str) -> Range | None:
        """The oldest open range of a sink."""
        rows: list[tuple[Any, ...]] = self._execute(
            "SELECT id, from_ms, to_ms, block, at, until_block FROM range"
            " WHERE sink = ? ORDER BY id LIMIT 1",
            (sink,),
        ).fetchall()
        for number, from_ms, to_ms, block, at, until_block in rows:
            return Range(number, from_ms, to_ms, (block, at), until_block)
        return None

    def advance(
        self,
        wanted: Range,
        sink: str,
        position: Position,
        units: Sequence[tuple[Position, Unit]],
        wall_ms: int,
    ) -> None:
        """`units` become letters, and the range goes on at `position`."""
        execute = self._execute
        for at, unit in units:
            letter = Letter(at, unit, ANSWER, state="replaying", again=True)
            bury(execute, sink, letter, wall_ms)
        if position[0] >= wanted.until_block:
            execute("DELETE FROM range WHERE id = ?", (wanted.id,))
        else:
            execute(
                "UPDATE range SET block = ?, at = ? WHERE id = ?",
                (*position, wanted.id),
            )
