"""Checkpoints: copies of the ledger as it was after a block, with their digests.

`BLOCK.db` appears under its name when all of it is on disk; what a crash leaves behind
is called `unfinished` and goes with the next one. A checkpoint counts once the record
that names its digest has been folded.
"""

import hashlib
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

import apsw
import msgspec

from gateway.crashpoints import reach
from gateway.durable import sync_directory, sync_file
from gateway.errors import DiskFullError, PermanentError
from gateway.ledger.store import BUSY_MS

KEPT: Final = 2
SETTING: Final = "checkpoint"
_UNFINISHED: Final = "unfinished"
_CHUNK_BYTES: Final = 1 << 20
_ROOM: Final = 2
"""A copy is not begun unless the disk has room for so many: the intake comes first."""


class Checkpoint(msgspec.Struct, frozen=True):
    """A copy of the ledger after `block`, when the journal's time was `at_ms`."""

    block: int
    file: str
    digest: str
    at_ms: int
    fold_version: int


class InterruptedCheckpointError(Exception):
    """Somebody asked to stop; nothing counts, nothing is left that matters."""


class Checkpoints:
    """Takes copies of a ledger that another connection may be writing."""

    def __init__(self, ledger: Path, directory: Path, kept: int = KEPT) -> None:
        self._ledger = ledger
        self._directory = directory
        self._kept = kept
        self._connection: apsw.Connection | None = None
        self._interrupted = False

    def take(self, fold_version: int) -> Checkpoint:
        """Copy the ledger as it is now; for a thread of its own.

        Raises:
            DiskFullError: there is not room enough, nothing was kept.
            PermanentError: the ledger or the directory cannot be used.
            InterruptedCheckpointError: `interrupt` was called meanwhile.

        """
        try:
            self._directory.mkdir(mode=0o700, exist_ok=True)
            self._need_room()
            return self._taken(fold_version)
        except apsw.InterruptError as error:
            raise InterruptedCheckpointError from error
        except apsw.FullError as error:
            raise DiskFullError("no space for a checkpoint") from error
        except (apsw.Error, OSError) as error:
            raise PermanentError(f"cannot take a checkpoint: {error}") from error

    def interrupt(self) -> None:
        """Let a `take` in another thread end soon, and every later one at once."""
        self._interrupted = True
        if self._connection is not None:
            with suppress(apsw.ConnectionClosedError):
                self._connection.interrupt()

    def older_than(self, block: int) -> list[Path]:
        """Copies of the ledger as it was before this block, finished or not."""
        paths = self._directory.glob("*.db")
        numbered = [path for path in paths if path.stem.isdecimal()]
        older = [path for path in numbered if int(path.stem) < block]
        unfinished = self._directory / _UNFINISHED
        return [*older, *([unfinished] if block and unfinished.exists() else [])]

    def drop_older_than(self, block: int) -> None:
        """Delete them; the unfinished one may be in the making, and is left."""
        older = [path for path in self.older_than(block) if path.suffix]
        for path in older:
            _remove(path)
        if older:
            sync_directory(self._directory)

    def _taken(self, fold_version: int) -> Checkpoint:
        unfinished = self._directory / _UNFINISHED
        _remove(unfinished)
        self._copy(unfinished)
        block, at_ms, in_force_file = _position(unfinished)
        sync_file(unfinished)
        summed = file_digest(unfinished, self._go_on)
        reach("checkpoint.before_name")
        path = self._directory / f"{block}.db"
        unfinished.replace(path)
        sync_directory(self._directory)
        self._drop_old(in_force_file)
        return Checkpoint(block, path.name, summed, at_ms, fold_version)

    def _copy(self, target: Path) -> None:
        self._go_on()
        self._connection = connection = _reading(self._ledger)
        try:
            connection.execute("VACUUM INTO ?", (str(target),))
        finally:
            self._connection = None
            connection.close()

    def _go_on(self) -> None:
        if self._interrupted:
            raise InterruptedCheckpointError

    def _need_room(self) -> None:
        size_bytes = self._ledger.stat().st_size
        if shutil.disk_usage(self._directory).free < _ROOM * size_bytes:
            raise DiskFullError("the disk has no room for a checkpoint")

    def _drop_old(self, in_force_file: str | None) -> None:
        blocks = sorted(
            int(path.stem)
            for path in self._directory.glob("*.db")
            if path.stem.isdecimal()
        )
        for block in blocks[: -self._kept]:
            name = f"{block}.db"
            if name != in_force_file:
                _remove(self._directory / name)


def in_force(connection: apsw.Connection) -> Checkpoint | None:
    """The last checkpoint whose record this ledger has folded."""
    for (text,) in connection.execute(
        "SELECT value FROM setting WHERE name = ?", (SETTING,)
    ):
        return msgspec.json.decode(text, type=Checkpoint)
    return None


def file_digest(path: Path, go_on: Callable[[], None] = lambda: None) -> str:
    """SHA-256 in hex; `go_on` is called now and then, to raise if it must."""
    summed = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            go_on()
            summed.update(chunk)
    return summed.hexdigest()


def is_sound(checkpoint: Checkpoint, directory: Path) -> bool:
    """Whether its file is there and what was recorded."""
    try:
        return file_digest(directory / checkpoint.file) == checkpoint.digest
    except OSError:
        return False


def _reading(path: Path) -> apsw.Connection:
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    connection.set_busy_timeout(BUSY_MS)
    return connection


def _position(path: Path) -> tuple[int, int, str | None]:
    """The copy's last block, the journal's time at it, the checkpoint in force."""
    connection = _reading(path)
    try:
        state = dict(connection.execute("SELECT name, value FROM state"))
        known = in_force(connection)
    finally:
        connection.close()
    file = None if known is None else known.file
    return state.get("block", 0), state.get("now_ms", 0), file


def _remove(path: Path) -> None:
    for suffix in ("", "-wal", "-shm", "-journal"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
