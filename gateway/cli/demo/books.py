"""What the pretend backend writes down, read along: what arrived, and when."""

from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

_KEPT_MAX: Final = 20_000
"""Arrivals remembered; one that is repeated later than that is counted twice."""
_RECORDED: Final = "evalgate.rating.recorded.v1"
_REFUSED: Final = 300


class _Request(msgspec.Struct):
    at_ms: int
    status: int
    body: str


class _Data(msgspec.Struct):
    level: int | None = None


class _Event(msgspec.Struct):
    type: str
    subject: str
    data: _Data = msgspec.field(default_factory=_Data)


class Growing:
    """A file that others append lines to; each whole line is read once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read = 0

    def lines(self) -> list[bytes]:
        """Those that have come since the last call."""
        try:
            with self._path.open("rb") as file:
                file.seek(self._read)
                whole, newline, _ = file.read().rpartition(b"\n")
        except FileNotFoundError:
            return []
        self._read += len(whole) + len(newline)
        return whole.split(b"\n") if newline else []


class Books:
    """What the backend knows: ratings by level, and when each one came."""

    def __init__(self, events: Path) -> None:
        self._events = Growing(events)
        self._decode_request = msgspec.json.Decoder(_Request).decode
        self._decode_events = msgspec.json.Decoder(list[_Event] | _Event).decode
        self.levels: Counter[int] = Counter()
        self.arrived_ms: dict[str, int] = {}

    def read(self) -> None:
        """Take what was written since the last call."""
        for line in self._events.lines():
            # Whoever looks around may send it something of their own.
            with suppress(msgspec.DecodeError):
                self._take(self._decode_request(line))

    def _take(self, request: _Request) -> None:
        if request.status >= _REFUSED:
            return
        body = self._decode_events(request.body)
        for event in body if isinstance(body, list) else [body]:
            if event.type != _RECORDED or event.subject in self.arrived_ms:
                continue
            self.arrived_ms[event.subject] = request.at_ms
            if event.data.level is not None:
                self.levels[event.data.level] += 1
        while len(self.arrived_ms) > _KEPT_MAX:
            del self.arrived_ms[next(iter(self.arrived_ms))]
