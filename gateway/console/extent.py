"""How much there is of the journal."""

from collections.abc import Sequence
from pathlib import Path

from gateway.ports import JournalReader
from gateway.queries import JournalExtent


class JournalFiles:
    """Asks the journal's reader for its end, and the disk for its size."""

    def __init__(self, reader: JournalReader, paths: Sequence[Path]) -> None:
        self._reader = reader
        self._paths = paths

    def extent(self) -> JournalExtent:
        return JournalExtent(
            self._reader.last_number(), sum(_size(path) for path in self._paths)
        )


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
