"""A record of somebody who needs no console: over ingest's socket, or without it."""

from gateway.app.journal import open_own_journal
from gateway.app.paths import Paths
from gateway.clock import SystemClock
from gateway.errors import PermanentError, StoreBusyError
from gateway.ipc.submission import Place, submit_once
from gateway.ports import Record
from gateway.sealing import open_keyring
from gateway.supervisor import directory_lock


def submit_anyhow(paths: Paths, record: Record) -> Place:
    """Its place in the journal; with the gateway stopped it is appended here.

    Raises:
        TransientError: nothing is known; run it again.
        PermanentError: there is no gateway here.

    """
    if not paths.journal.exists():
        raise PermanentError(f"{paths.journal} does not exist: nothing was ever kept")
    try:
        with directory_lock(paths.data_dir):
            return _append(paths, record)
    except StoreBusyError:
        return submit_once(paths.submissions, [record])


def _append(paths: Paths, record: Record) -> Place:
    journal = open_own_journal(
        paths, open_keyring(paths.keyring), SystemClock()
    ).journal
    try:
        header = journal.append([record])
    finally:
        journal.close()
    return header.generation, header.number, 0
