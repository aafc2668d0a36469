"""The journal folded once more, beside the ledger that is in use."""

import shutil
from collections.abc import Callable
from pathlib import Path

import apsw

from gateway.journal.sqlite import SqliteJournalReader
from gateway.ledger.store import Store, connect
from gateway.processing.fold import Fold
from gateway.processing.state import State
from gateway.sealing import Keyring

BLOCKS_A_STEP = 64


class Refold:
    """A ledger in `folder`, from a copy of `base` or from nothing.

    It needs about as much room there as the ledger itself.
    """

    def __init__(
        self, folder: Path, journal: Path, keyring: Keyring, base: Path | None
    ) -> None:
        path = folder / "ledger.db"
        if base is not None:
            shutil.copyfile(base, path)
        self._reader = SqliteJournalReader.open(journal, keyring)
        self._store = Store(connect(path))
        self._fold = Fold(State(self._store, keyring))
        self.folded = 0

    @property
    def block(self) -> int:
        """The last block folded."""
        return self._fold.state.block

    @property
    def connection(self) -> apsw.Connection:
        return self._store.connection

    def up_to(self, block: int, progress: Callable[[int], None]) -> None:
        """Fold on; ends before `block` where the journal does.

        Raises:
            JournalBrokenError: the journal cannot be read.

        """
        while self.block < block:
            blocks = self._reader.blocks(self.block, BLOCKS_A_STEP)
            wanted = [one for one in blocks if one.header.number <= block]
            if not wanted:
                return
            self._fold.blocks(wanted)
            self.folded += len(wanted)
            progress(len(wanted))

    def close(self) -> None:
        self._reader.close()
        self._store.close()
