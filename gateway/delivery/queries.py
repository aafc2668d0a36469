"""The delivery store as readers see it: `gateway.queries.DeliveryQueries` on SQLite."""

from typing import Final

import apsw

from gateway.delivery.store import content_of, unpack_unit
from gateway.queries.asking import DeadLetterFilter, Page, Slice
from gateway.queries.rows import DeadLetterDetail, DeadLetterRow, SinkCursor, SinkRow
from gateway.reading import Reader
from gateway.reading.paging import Columns, Conditions, Listing, page

_SELECT_SINKS: Final = """
SELECT name, kind, block, at, delivered, dead, state, error, expired FROM sink
 ORDER BY name
"""
_SELECT_LETTERS: Final = """
SELECT id, sink, type, subject, refused_ms, status, answer, state FROM dead_letter
"""


class SqliteDeliveryQueries:
    """One question, one read transaction of `reader`."""

    def __init__(self, reader: Reader) -> None:
        self._read = reader.read

    def sinks(self) -> list[SinkRow]:
        return self._read(_sinks)

    def controls_read(self) -> int:
        """Controls of the outbox before this block have been carried out."""
        return self._read(_controls_read)

    def dead_letters(
        self, wanted: DeadLetterFilter, part: Slice
    ) -> Page[DeadLetterRow]:
        return self._read(lambda c: _letters(c, wanted, part))

    def dead_letter(self, number: int) -> DeadLetterDetail | None:
        return self._read(lambda c: _detail(c, number))


def _sinks(connection: apsw.Connection) -> list[SinkRow]:
    return [_sink(row) for row in connection.execute(_SELECT_SINKS)]


def _sink(row: Columns) -> SinkRow:
    name, kind, block, index, delivered, dead, state, error, expired = row
    return SinkRow(
        name=name,
        kind=kind,
        delivered=delivered,
        dead=dead,
        state=state,
        last_error=error,
        cursor=SinkCursor(name, block, index),
        expired=expired,
    )


def _controls_read(connection: apsw.Connection) -> int:
    ((block,),) = connection.execute("SELECT block FROM control")
    assert isinstance(block, int)
    return block


def _letters(
    connection: apsw.Connection, wanted: DeadLetterFilter, part: Slice
) -> Page[DeadLetterRow]:
    conditions = Conditions()
    conditions.where("sink = ?", wanted.sink)
    conditions.where("subject = ?", wanted.subject)
    conditions.where("state = ?", wanted.state)
    return page(connection, _LETTERS, conditions, part)


def _letter(row: Columns) -> DeadLetterRow:
    number, sink, kind, subject, refused_ms, status, answer, state = row
    return DeadLetterRow(
        id=number,
        sink=sink,
        type=kind,
        subject=subject,
        refused_ms=refused_ms,
        status=status,
        answer=answer,
        state=state,
    )


def _detail(connection: apsw.Connection, number: int) -> DeadLetterDetail | None:
    found = connection.execute(f"{_SELECT_LETTERS} WHERE id = ?", (number,))
    for row in found.fetchall():
        packed = connection.execute(
            "SELECT type, unit FROM dead_letter WHERE id = ?", (number,)
        )
        ((kind, unit),) = packed.fetchall()
        content = (
            content_of(unpack_unit(str(kind), unit))
            if isinstance(unit, bytes)
            else None
        )
        return DeadLetterDetail(letter=_letter(row), content=content)
    return None


_LETTERS: Final = Listing(_SELECT_LETTERS, "dead_letter", "id", _letter)
