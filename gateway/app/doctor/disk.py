"""The data directory: ours, writable, on a file system that keeps its word, room."""

import errno
import fcntl
import os
import shutil
import stat
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

from gateway.app.doctor.findings import Area, Finding
from gateway.app.paths import Paths

AREA: Final = Area("disk")

MOUNTS: Final = Path("/proc/self/mountinfo")
LOCKS: Final = Path("/proc/locks")
_GIB: Final = 1 << 30
_FREE_BYTES_MIN: Final = 256 << 20
_FREE_BYTES_LOW: Final = 2 * _GIB
_FREE_INODES_MIN: Final = 1000
_FSYNCS: Final = 15
_FSYNC_MS_SLOW: Final = 25.0
_FSYNC_MS_MAX: Final = 500.0
_SOCKET_PATH_BYTES_MAX: Final = 107
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO
_NETWORK: Final = ("nfs", "cifs", "smb", "9p", "afs", "ceph", "glusterfs", "fuse.sshfs")
_FLEETING: Final = {
    "tmpfs": "memory: everything is gone after a restart of the machine",
    "ramfs": "memory: everything is gone after a restart of the machine",
    "overlay": "a container's layer: everything is gone with the container",
}


class Room(NamedTuple):
    """What is free, and of how much, on the file system of the data directory."""

    free_bytes: int
    total_bytes: int
    free_inodes: int | None  # None: this file system does not count them


def examine(paths: Paths) -> Iterator[Finding]:
    """Findings about the nearest directory that exists, if there is no data yet."""
    yield from _place(paths)
    directory = paths.data_dir
    if directory.exists():
        yield from owned(directory)
        yield holder(directory / "lock", LOCKS.read_text("utf-8"))
    while not directory.exists():
        directory = directory.parent
    yield file_system(directory, MOUNTS.read_text("utf-8", "surrogateescape"))
    yield room(_room(directory))
    yield from writable(directory)


def _place(paths: Paths) -> Iterator[Finding]:
    if not paths.data_dir.exists():
        yield AREA.ok("place", f"{paths.data_dir} is made at the first start")
    size = len(os.fsencode(paths.submissions.absolute()))
    if size > _SOCKET_PATH_BYTES_MAX:
        detail = f"{paths.submissions} has {size} bytes, a socket's name has at most "
        advice = "take a shorter data_dir"
        yield AREA.fail("place", f"{detail}{_SOCKET_PATH_BYTES_MAX}", advice)


def owned(directory: Path) -> Iterator[Finding]:
    """Whose directory it is, and who else may look into it."""
    if not directory.is_dir():
        advice = "move it away, or name another data_dir"
        yield AREA.fail("permissions", f"{directory} is not a directory", advice)
        return
    status = directory.stat()
    if status.st_uid != os.geteuid():
        detail = f"{directory} belongs to uid {status.st_uid}, we are {os.geteuid()}"
        advice = "run as that user (and doctor, too), or chown -R the directory"
        yield AREA.warn("permissions", detail, advice)
    elif status.st_mode & _OTHERS:
        advice = f"chmod 700 {directory} (the next start does it, too)"
        yield AREA.warn("permissions", "other users may look into it", advice)
    else:
        yield AREA.ok("permissions", f"{directory} is for our user alone")


def holder(lock: Path, locks: str) -> Finding:
    """Whose directory it is just now, by the lines of /proc/locks; takes no lock.

    The holder's pid stands in the file, too; its device is told differently by some
    file systems.
    """
    if lock.exists():
        pid, inode = lock.read_text("ascii").strip(), f":{lock.stat().st_ino}"
        for words in map(str.split, locks.splitlines()):
            if (
                "FLOCK" in words
                and pid in words
                and any(word.endswith(inode) for word in words)
            ):
                return AREA.ok("holder", f"the gateway of process {pid} has it")
    return AREA.ok("holder", "no gateway has it now")


def file_system(directory: Path, mounts: str) -> Finding:
    """The kind of file system, by the lines of /proc/self/mountinfo."""
    kind = kind_of(directory, mounts)
    if kind.startswith(_NETWORK):
        advice = "take a local disk: locks and shared memory do not hold over a network"
        return AREA.fail("file_system", f"{kind}, a network file system", advice)
    if why := _FLEETING.get(kind):
        advice = "put data_dir on a disk, or a volume"
        return AREA.warn("file_system", f"{kind}: {why}", advice)
    return AREA.ok("file_system", kind)


def kind_of(directory: Path, mounts: str) -> str:
    """The file system's type of the deepest mount point above `directory`."""
    best, kind = -1, "unknown"
    resolved = directory.resolve()
    for line in mounts.splitlines():
        before, _, after = line.partition(" - ")
        point = Path(before.split()[4].replace("\\040", " "))
        depth = len(point.parts)
        if resolved.is_relative_to(point) and depth >= best:
            best, kind = depth, after.split()[0]
    return kind


def room(it: Room) -> Finding:
    detail = f"{it.free_bytes / _GIB:.1f} GiB of {it.total_bytes / _GIB:.1f} GiB free"
    if it.free_bytes < _FREE_BYTES_MIN:
        advice = "make room: the gateway takes nothing in when the disk is full"
        return AREA.fail("room", detail, advice)
    if it.free_inodes is not None and it.free_inodes < _FREE_INODES_MIN:
        advice = "delete small files: no more can be made"
        return AREA.fail("room", f"{it.free_inodes} inodes left", advice)
    if it.free_bytes < _FREE_BYTES_LOW:
        return AREA.warn("room", detail, "make room, or lower journal_days")
    return AREA.ok("room", detail)


def writable(
    directory: Path, fsync: Callable[[int], None] = os.fsync
) -> Iterator[Finding]:
    """Write, flush and lock a file of our own there; it is gone afterwards."""
    try:
        with tempfile.TemporaryFile(prefix=".doctor.", dir=directory) as file:
            times_ms = [_write_ms(file.fileno(), fsync) for _ in range(_FSYNCS)]
            yield flushed(statistics.median(times_ms), max(times_ms))
            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield AREA.ok("lock", "files can be locked there")
    except OSError as error:
        yield _unwritable(directory, error)


def flushed(median_ms: float, worst_ms: float) -> Finding:
    """How long a block waits for the disk before it is acknowledged."""
    detail = f"a flush takes {median_ms:.1f} ms (at worst {worst_ms:.1f} ms)"
    if median_ms > _FSYNC_MS_MAX:
        advice = "take another disk: each block waits so long for its acknowledgement"
        return AREA.fail("flush", detail, advice)
    if median_ms > _FSYNC_MS_SLOW:
        advice = "receipts wait for it: an SSD takes a few ms; is the disk busy?"
        return AREA.warn("flush", detail, advice)
    return AREA.ok("flush", detail)


def _write_ms(descriptor: int, fsync: Callable[[int], None]) -> float:
    started_ns = time.perf_counter_ns()
    os.write(descriptor, bytes(4096))
    fsync(descriptor)
    return (time.perf_counter_ns() - started_ns) / 1e6


def _unwritable(directory: Path, error: OSError) -> Finding:
    detail = f"{directory}: {error.strerror}"
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT:
            return AREA.fail("room", detail, "make room")
        case errno.EROFS:
            return AREA.fail("writable", detail, "mount it for writing")
        case errno.EACCES | errno.EPERM:
            return AREA.fail("writable", detail, "give our user the directory")
        case errno.ENOLCK | errno.EOPNOTSUPP:
            advice = "take a local disk: without locks two gateways could share it"
            return AREA.fail("lock", detail, advice)
        case _:
            return AREA.fail("writable", detail, "look at the disk: dmesg, smartctl")


def _room(directory: Path) -> Room:
    usage = shutil.disk_usage(directory)
    inodes = os.statvfs(directory)
    return Room(usage.free, usage.total, inodes.f_favail if inodes.f_files else None)
