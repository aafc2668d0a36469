"""How a letter stands in the delivery store: one that is dead, or is sent again."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple, Protocol

import msgspec

from gateway.delivery.slots import Position
from gateway.events import describe_unit
from gateway.ports import Unit

_encode: Final = msgspec.msgpack.Encoder().encode


class Execute(Protocol):
    """A statement of the store; whoever calls holds the transaction."""

    def __call__(self, statement: str, values: Sequence[Any], /) -> Any: ...  # noqa: ANN401 -- a cursor


class Letter(NamedTuple):
    """A unit on its own; `again`: it was settled before, and counts no more."""

    position: Position
    unit: Unit
    answer: str
    status: int | None = None
    state: str = "dead"
    again: bool = False


def bury(execute: Execute, sink: str, letter: Letter, wall_ms: int) -> None:
    """A new row of the table `dead_letter`."""
    execute(
        "INSERT INTO dead_letter (sink, type, subject, block, at, refused_ms,"
        " status, answer, unit, state, again) VALUES (?,?,?,?,?,?,?,?,?,?,?)",
        (
            sink,
            *describe_unit(letter.unit),
            *letter.position,
            wall_ms,
            letter.status,
            letter.answer,
            _encode(letter.unit),
            letter.state,
            letter.again,
        ),
    )
