"""The disk under all stores of a world: kept through kills, torn by power cuts."""

import random
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

import apsw

from tests.support.powercut import PowerCutVFS

# Files outside SQLite: an orderly end would change them, a kill does not.
_OWN_FILES: Final = ("journal.mark", "session.mark", "run/applied.digest")


class SimulatedDisk:
    """A directory whose SQLite files know what had reached the disk.

    Every connection is noted under who opened it, so that a kill can close it
    without the engine's parting words.
    """

    def __init__(self, directory: Path, opener: Callable[[], str | None]) -> None:
        self.directory = directory
        self._opener = opener
        self._connections: dict[str, list[apsw.Connection]] = {}
        self.full = False
        self.syncs_to_fail = 0
        base = apsw.vfs_names()[0]
        self._vfs = PowerCutVFS("world", self._fail, base=base, is_default=True)
        apsw.connection_hooks.append(self._opened)

    def close(self) -> None:
        apsw.connection_hooks.remove(self._opened)
        self._vfs.unregister()

    def _fail(self, operation: str, name: str) -> None:
        """Say what a full or a dying disk says."""
        if self.full and operation == "write":
            raise apsw.FullError("no space")
        if self.syncs_to_fail and operation == "sync" and name.startswith("journal"):
            self.syncs_to_fail -= 1
            raise apsw.IOError("the sync failed")

    def _opened(self, connection: apsw.Connection) -> None:
        if connection.open_flags & apsw.SQLITE_OPEN_READONLY:
            # The last reader tries to clean up, which a Python VFS tells too loudly.
            connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
        opener = self._opener()
        if opener is not None:
            self._connections.setdefault(opener, []).append(connection)

    def drop_connections(self, opener: str) -> None:
        """The process is dead: what it had not committed is gone."""
        for connection in self._connections.pop(opener, []):
            with suppress(apsw.ConnectionClosedError):
                connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
                connection.close(True)  # noqa: FBT003 -- apsw's signature: by force

    def own_files(self) -> dict[Path, bytes]:
        """What stands in the files outside SQLite."""
        paths = (self.directory / name for name in _OWN_FILES)
        return {path: path.read_bytes() for path in paths if path.exists()}

    def cut_power(self, dice: random.Random) -> None:
        """Keep what a reboot would find; nobody may have a file open."""
        for path in self.directory.glob("*-shm"):
            path.unlink()
        for name, disk in self._vfs.disks.items():
            found = disk.after_cut(dice)
            disk.durable[:] = found
            disk.pending.clear()
            for path in self.directory.rglob(name):
                path.write_bytes(found)
