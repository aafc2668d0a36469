"""What the journal says about itself to who checks the other stores against it."""

from pathlib import Path

from gateway.journal.damage import Damage
from gateway.journal.mark import read_mark
from gateway.journal.table import BlockTable, Redaction
from gateway.ports import Header


class Audit:
    """Reads of a journal that may be written meanwhile; short transactions.

    Every method may raise what the engine raises over a damaged file.
    """

    def __init__(self, path: Path) -> None:
        self._mark_path = path.with_suffix(".mark")
        self._table = BlockTable.reading(path)

    def close(self) -> None:
        self._table.close()

    def contradictions(self) -> list[Damage]:
        """What the high-water mark says against the journal: it lags, never leads."""
        try:
            mark = read_mark(self._mark_path)
        except ValueError:
            return [Damage("mark", 0, 0)]
        if mark is None:
            return []
        last = self.last_number()
        if mark.number > last:
            return [Damage("missing", last + 1, mark.number)]
        header = self._table.header(mark.number)
        if header is None or header.chain == mark.chain:
            return []
        return [Damage("replaced", mark.number, mark.number)]

    def last_number(self) -> int:
        """The newest block."""
        return self._table.last_number()

    def first_number(self) -> int:
        """The oldest block that is here or should be: after the pruned ones."""
        anchor = self._table.anchor()
        return anchor.number + 1 if anchor else 1

    def blocks(self) -> int:
        """How many numbers there are to check."""
        return self.last_number() - self.first_number() + 1

    def header(self, number: int) -> Header | None:
        return self._table.header(number)

    def redactions(self) -> list[Redaction]:
        """Blocks whose bodies were replaced."""
        return self._table.redactions()

    def missing(self, header: Header, after: int, received: int) -> int:
        """Messages up to `header` that are in no block above `after`.

        `received` is how many there were up to and with block `after`.
        """
        here = self._table.messages(after, header.number)
        return header.first_message + header.messages - received - here
