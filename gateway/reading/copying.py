"""A copy of a SQLite store that somebody else may be writing, in small steps."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

import apsw

from gateway.durable import sync_file

Pause = Callable[[], None]
"""Called between two steps: it waits as long as it likes, or raises to break off."""

PAGES_A_STEP: Final = 256
_STEPS_A_SYNC: Final = 16
"""So that the end does not flush all at once, and others' flushes wait behind it."""
_BUSY_MS: Final = 5_000
_STEPS_BETWEEN_LOOKS: Final = 100_000


def copy_store(source: Path, target: Path, pause: Pause) -> None:
    """Copy one state of `source` to `target`, which is one plain, synced file.

    The state is held by a read transaction from the beginning to the end: the writer
    goes on, its log is not reused meanwhile.

    Raises:
        apsw.Error, OSError: `target` is not whole.

    """
    reading = apsw.Connection(str(source), flags=apsw.SQLITE_OPEN_READONLY)
    writing = apsw.Connection(str(target))
    try:
        reading.set_busy_timeout(_BUSY_MS)
        reading.execute("BEGIN")
        reading.execute("SELECT count(*) FROM sqlite_schema").fetchall()
        writing.pragma("synchronous", "off")
        _step_through(reading, writing, target, pause)
    finally:
        writing.close()
        reading.close()
    settle(target)


def _step_through(
    reading: apsw.Connection, writing: apsw.Connection, target: Path, pause: Pause
) -> None:
    with writing.backup("main", reading, "main") as copying:
        steps = 0
        while not copying.done:
            copying.step(PAGES_A_STEP)
            steps += 1
            if steps % _STEPS_A_SYNC == 0:
                sync_file(target)
            pause()


def settle(path: Path) -> None:
    """Let a copy need no log beside it, and make it durable."""
    connection = apsw.Connection(str(path))
    try:
        connection.pragma("journal_mode", "delete")
    finally:
        connection.close()
    sync_file(path)


def flaws(path: Path, pause: Pause) -> list[str]:
    """What is wrong with a store's file, some lines at most; reads all of it."""

    def look() -> bool:
        pause()
        return False

    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        connection.set_progress_handler(look, _STEPS_BETWEEN_LOOKS)
        found = [str(line) for (line,) in connection.execute("PRAGMA quick_check(5)")]
    finally:
        connection.close()
    return [] if found == ["ok"] else found
