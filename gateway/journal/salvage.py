"""When the engine cannot read its own file: keep it aside, go on with what is legible.

A new file takes the place of the damaged one, whole, by a rename; the damaged one
stays beside it as `NAME.damaged-N` for people to look at.
"""

from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path

import apsw

from gateway.durable import sync_directory
from gateway.journal.table import BlockTable, DisorderError
from gateway.ports import Header

ILLEGIBLE = (apsw.CorruptError, apsw.NotADBError, DisorderError, TypeError)


def salvage(path: Path, synchronous: str) -> Path:
    """Replace the journal by its legible blocks; answers where the old file is."""
    rebuilt = path.with_name(f"{path.name}.rebuilt")
    _remove(rebuilt)
    new = BlockTable.writing(rebuilt, synchronous)
    with suppress(*ILLEGIBLE):
        old = BlockTable.salvaging(path)
        with suppress(*ILLEGIBLE):
            new.set_generation(old.generation())
            if anchor := old.anchor():
                new.set_anchor(anchor)
        with suppress(apsw.SQLError, *ILLEGIBLE):  # a file of an older schema
            for redaction in old.redactions():
                new.note_redaction(redaction)
        for header, body in _legible(old):
            with suppress(apsw.ConstraintError, TypeError):
                new.insert(header, body)
        old.close()
    new.close()
    return _exchange(path, rebuilt)


def _legible(old: BlockTable) -> Iterator[tuple[Header, bytes]]:
    """From the start up to the damage, then from the end back to it."""
    last = 0
    with suppress(*ILLEGIBLE):
        for header, body in old.scan():
            last = max(last, header.number)
            yield header, body
        return
    with suppress(*ILLEGIBLE):
        for header, body in old.scan(backwards=True):
            if header.number <= last:
                return
            yield header, body


def _exchange(path: Path, rebuilt: Path) -> Path:
    names = (path.with_name(f"{path.name}.damaged-{n}") for n in count(1))
    aside = next(name for name in names if not name.exists())
    log = _log(path)
    aside.hardlink_to(path)
    if log.exists():
        _log(aside).hardlink_to(log)
    sync_directory(path.parent)
    log.unlink(missing_ok=True)  # first: it would be replayed over the new file
    path.with_name(f"{path.name}-shm").unlink(missing_ok=True)
    rebuilt.replace(path)
    sync_directory(path.parent)
    return aside


def _remove(path: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def _log(path: Path) -> Path:
    return path.with_name(f"{path.name}-wal")
