"""The journal folded once more, beside the ledger that is in use."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

import apsw

from gateway.journal.auditing import Audit
from gateway.journal.sqlite import SqliteJournalReader
from gateway.ledger.checkpoints import is_sound
from gateway.ledger.snapshot import Snapshot
from gateway.ledger.store import Store, connect
from gateway.processing.applying import FOLD_VERSION
from gateway.processing.fold import Fold
from gateway.processing.state import State
from gateway.sealing import Keyring

BLOCKS_A_STEP: Final = 16
MISSING: Final = ("quarantined", "block_missing")


class Base(NamedTuple):
    """What to fold from: a checkpoint's file, or nothing for an empty ledger."""

    file: Path | None


def base_of(
    ledger: Snapshot, audit: Audit, directory: Path
) -> tuple[Base | None, list[str]]:
    """What this ledger can be folded from, and what is wrong with its checkpoint.

    None: nothing is left from which this version would come to the same ledger.
    """
    checkpoint = ledger.checkpoint()
    version = checkpoint.fold_version if checkpoint else ledger.fold_version()
    doubts = []
    if version not in {None, FOLD_VERSION}:
        text = f"folded by fold version {version}, this is {FOLD_VERSION}"
        return None, [f"{text}: verify with the version that runs"]
    if checkpoint is not None:
        if is_sound(checkpoint, directory):
            return Base(directory / checkpoint.file), []
        doubts = [f"{checkpoint.file} is gone, or not what was recorded"]
    if audit.first_number() == 1:
        return Base(None), doubts
    return None, [*doubts, "nothing is left to fold from: the journal was pruned"]


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
        self.base = self.block
        self.base_received = self._fold.state.messages
        self.base_missing = self._fold.state.fates[MISSING]
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
            progress(self.folded)

    def close(self) -> None:
        self._reader.close()
        self._store.close()
