"""The journal folded once more, beside the ledger that is in use."""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import apsw

from gateway.journal.auditing import Audit
from gateway.journal.sqlite import SqliteJournalReader
from gateway.ledger.checkpoints import is_sound
from gateway.ledger.snapshot import Snapshot
from gateway.ledger.store import Store, connect
from gateway.ports import Block, Header
from gateway.processing.applying import FOLD_VERSION
from gateway.processing.fold import CHAIN_MASK, Fold
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
        self.fold = Fold(State(self._store, keyring))
        self.base = self.block
        self.base_received = self.fold.state.messages
        self.base_missing = self.fold.state.fates[MISSING]
        self.folded = 0

    @property
    def block(self) -> int:
        """The last block folded."""
        return self.fold.state.block

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
            self.take(wanted)
            self.folded += len(wanted)
            progress(self.folded)

    def take(self, blocks: Sequence[Block]) -> None:
        """Fold these."""
        self.fold.blocks(blocks)

    def close(self) -> None:
        self._reader.close()
        self._store.close()


def doubt_of_end(ledger: Snapshot, audit: Audit, again: Refold) -> str | None:
    """Whether the ledger leads the journal, follows another, or saw what is gone."""
    text = None
    if ledger.block == 0:
        return None
    header = audit.header(ledger.block)
    if header is None:
        last = audit.last_number()
        text = f"the ledger has folded block {ledger.block}, the journal ends at {last}"
    elif ledger.counters["chain_low"] != chain_low(header):
        text = f"block {ledger.block} is not the one that the ledger has folded"
    else:
        gone = audit.missing(header, again.base, again.base_received)
        gone -= ledger.elements(*MISSING) - again.base_missing
        if gone > 0:
            text = (
                f"{gone} messages were in blocks that are gone since they were folded"
            )
    return text


def chain_low(header: Header) -> int:
    """What the ledger keeps of the chain at the block that it folded last."""
    return int.from_bytes(header.chain[-8:], "big") & CHAIN_MASK
