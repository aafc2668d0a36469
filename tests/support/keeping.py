"""A process that takes a checkpoint or a backup, restores, or prunes, until a crash
point kills it."""

import sys
from pathlib import Path

from gateway.app.backup import Backup, backups_in
from gateway.app.paths import Paths
from gateway.app.restoring import restore
from gateway.clock import SystemClock
from gateway.journal.opening import open_journal
from gateway.ledger.checkpoints import Checkpoints
from gateway.processing.applying import FOLD_VERSION
from gateway.sealing import open_keyring
from gateway.settings import load_settings


def main(root: Path, what: str) -> None:
    settings = load_settings(root / "gateway.toml")
    paths, backups = Paths(settings), root / "backups"
    match what:
        case "checkpoint":
            Checkpoints(paths.ledger, paths.checkpoints).take(FOLD_VERSION)
        case "backup":
            Backup(settings, backups, rest=lambda _: None).take()
        case "restore":
            restore(backups_in(backups, settings.gateway.id)[-1], paths)
        case _:
            keyring = open_keyring(paths.keyring)
            journal = open_journal(paths.journal, keyring, SystemClock()).journal
            journal.prune(before=int(what), limit=100)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
