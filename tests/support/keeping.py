"""A process that takes a checkpoint, or prunes, until a crash point kills it."""

import sys
from pathlib import Path

from gateway.clock import SystemClock
from gateway.journal.opening import open_journal
from gateway.ledger.checkpoints import Checkpoints
from gateway.processing.applying import FOLD_VERSION
from gateway.sealing import open_keyring


def main(root: Path, what: str) -> None:
    data = root / "data"
    if what == "checkpoint":
        Checkpoints(data / "ledger.db", data / "checkpoints").take(FOLD_VERSION)
        return
    keyring = open_keyring(root / "keyring")
    journal = open_journal(data / "journal.db", keyring, SystemClock()).journal
    journal.prune(before=int(what), limit=100)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
