"""Power cuts for SQLite: a VFS that knows which bytes had reached the disk.

Writes pass through to real files, and are remembered until the file is synced. After
a cut each write that was not synced is lost, whole, or torn at a sector, at random
and in no order: what a disk that honours flush may do.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import apsw

SECTOR_BYTES = 512

Fault = Callable[[str, str], None]


@dataclass
class Disk:
    """One file as the disk has it, and the changes that wait for a sync."""

    durable: bytearray = field(default_factory=bytearray)
    pending: list[tuple[int, bytes | None]] = field(default_factory=list)

    def write(self, offset: int, data: bytes) -> None:
        self.pending.append((offset, data))

    def truncate(self, size: int) -> None:
        self.pending.append((size, None))

    def sync(self) -> None:
        for offset, data in self.pending:
            _apply(self.durable, offset, data)
        self.pending.clear()

    def after_cut(self, dice: random.Random) -> bytes:
        """What a reboot finds."""
        found = bytearray(self.durable)
        for offset, data in self.pending:
            fate = dice.random()
            if fate < 1 / 3:
                continue
            if data is None or fate < 2 / 3:
                _apply(found, offset, data)
                continue
            for at in range(0, len(data), SECTOR_BYTES):
                if dice.random() < 1 / 2:
                    _apply(found, offset + at, data[at : at + SECTOR_BYTES])
        return bytes(found)


class PowerCutVFS(apsw.VFS):
    """Files of another VFS on a disk of which the power can be cut.

    That other one is `base`, or the default one. `fault` is called as
    fault(operation, file name) before each write, truncate and sync and may raise
    what the disk would say.
    """

    def __init__(
        self,
        name: str,
        fault: Fault | None = None,
        *,
        base: str = "",
        is_default: bool = False,
    ) -> None:
        self.name = name
        self.base = base
        self.disks: dict[str, Disk] = {}
        self.operations = 0
        self.cut_at: int | None = None
        self.fault = fault
        super().__init__(name, base, is_default)

    def xOpen(  # noqa: N802 - SQLite's name
        self, name: str | apsw.URIFilename | None, flags: list[int]
    ) -> apsw.VFSFile:
        filename = name.filename() if isinstance(name, apsw.URIFilename) else name
        key = Path(filename or "temporary").name
        disk = self.disks.setdefault(key, Disk())
        return _File(self, key, disk, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: FBT001, N802 - SQLite's
        self.disks.pop(Path(filename).name, None)
        super().xDelete(filename, syncdir)

    def reach(self, operation: str, name: str) -> None:
        """Count an operation; after the cut there are none."""
        self.operations += 1
        if self.cut_at is not None and self.operations >= self.cut_at:
            raise apsw.IOError("the power is cut")
        if self.fault:
            self.fault(operation, name)

    def after_cut(self, directory: Path, dice: random.Random) -> None:
        """Write into `directory` what a reboot would find."""
        for name, disk in self.disks.items():
            (directory / name).write_bytes(disk.after_cut(dice))


class _File(apsw.VFSFile):
    def __init__(
        self,
        vfs: PowerCutVFS,
        key: str,
        disk: Disk,
        name: str | apsw.URIFilename | None,
        flags: list[int],
    ) -> None:
        self._vfs = vfs
        self._key = key
        self._disk = disk
        super().__init__(vfs.base, name, flags)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802 - SQLite's name
        self._vfs.reach("write", self._key)
        self._disk.write(offset, bytes(data))
        super().xWrite(data, offset)

    def xTruncate(self, newsize: int) -> None:  # noqa: N802 - SQLite's name
        self._vfs.reach("truncate", self._key)
        self._disk.truncate(newsize)
        super().xTruncate(newsize)

    def xSync(self, flags: int) -> None:  # noqa: N802 - SQLite's name
        self._vfs.reach("sync", self._key)
        self._disk.sync()  # the real file need not be: it is thrown away


def _apply(content: bytearray, offset: int, data: bytes | None) -> None:
    if data is None:
        del content[offset:]
        return
    if len(content) < offset:
        content.extend(bytes(offset - len(content)))
    content[offset : offset + len(data)] = data
