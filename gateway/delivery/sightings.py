"""Canaries on their way to one sink: noted as they are read, seen as they are taken."""

from collections import deque
from collections.abc import Collection, Sequence

from gateway.delivery.slots import Position
from gateway.events.canaries import Pressed, pressed_of
from gateway.ports import OutboxRow


class Sightings:
    """Holds as many canaries as a lane has read and not settled."""

    def __init__(self) -> None:
        self._awaited: deque[tuple[Position, Pressed]] = deque()

    def await_in(self, row: OutboxRow, indexes: Sequence[int], read: Position) -> None:
        """Note those from `read` on among the units of a row that are for this sink."""
        for at in indexes:
            pressed = pressed_of(row.events[at])
            if pressed is not None and (row.block, at) >= read:
                self._awaited.append(((row.block, at), pressed))

    def passed(self, cursor: Position, dead: Collection[Position]) -> list[Pressed]:
        """Those that the cursor has passed and the sink did not refuse."""
        seen: list[Pressed] = []
        while self._awaited and self._awaited[0][0] < cursor:
            position, pressed = self._awaited.popleft()
            if position not in dead:
                seen.append(pressed)
        return seen
