"""Who owns a data directory: locks that end with their process, and pid files.

The supervisor holds `lock` alone. A role started by hand shares it with its like, so
that nobody takes the directory for idle, and every role holds `run/ROLE.lock`.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from gateway.errors import StoreBusyError
from gateway.supervisor.roles import Role

_POLL_S = 0.01


def run_dir(data_dir: Path) -> Path:
    return data_dir / "run"


def ready_file(data_dir: Path) -> Path:
    """Made by ingest when the journal is open to the other roles."""
    return run_dir(data_dir) / "ingest.ready"


def wait_for_ingest(data_dir: Path) -> None:
    """Until the journal is open to other roles; ends before only with the process.

    A supervised role may wait so: a signal or its supervisor's death ends it.
    """
    ready = ready_file(data_dir)
    while not ready.exists():
        time.sleep(_POLL_S)


def prepare(data_dir: Path) -> None:
    """Create the directory for our eyes only."""
    run_dir(data_dir).mkdir(parents=True, exist_ok=True, mode=0o700)
    data_dir.chmod(0o700)


@contextmanager
def directory_lock(data_dir: Path, *, shared: bool = False) -> Iterator[None]:
    """Own the data directory. Raises StoreBusyError when somebody else does."""
    mode = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
    with _locked(data_dir / "lock", mode, wait_s=0):
        yield


@contextmanager
def role_lock(data_dir: Path, role: Role, wait_s: float = 2.0) -> Iterator[None]:
    """Be the only `role` of the directory.

    Waits `wait_s` for one that is just dying with its supervisor, then raises
    StoreBusyError.
    """
    path = run_dir(data_dir) / f"{role}.lock"
    with _locked(path, fcntl.LOCK_EX, wait_s):
        yield


@contextmanager
def _locked(path: Path, mode: int, wait_s: float) -> Iterator[None]:
    give_up = time.monotonic() + wait_s
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        while not _try_lock(fd, mode):
            if time.monotonic() >= give_up:
                raise StoreBusyError(_busy(path, fd))
            time.sleep(_POLL_S)
        os.ftruncate(fd, 0)
        os.pwrite(fd, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(fd)


def _try_lock(fd: int, mode: int) -> bool:
    try:
        fcntl.flock(fd, mode | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _busy(path: Path, fd: int) -> str:
    holder = os.pread(fd, 32, 0).decode("ascii", "replace").strip() or "unknown"
    return f"{path} is held by process {holder}: one gateway a directory; stop it first"


def write_pid(data_dir: Path, name: str, pid: int) -> None:
    """Say in `run/NAME.pid` who runs, whole or not at all."""
    path = run_dir(data_dir) / f"{name}.pid"
    fresh = path.with_suffix(".pid.new")
    fresh.write_text(f"{pid}\n", "ascii")
    fresh.replace(path)


def remove_pid(data_dir: Path, name: str) -> None:
    with suppress(FileNotFoundError):
        (run_dir(data_dir) / f"{name}.pid").unlink()


@contextmanager
def pid_file(data_dir: Path, name: str) -> Iterator[None]:
    write_pid(data_dir, name, os.getpid())
    try:
        yield
    finally:
        remove_pid(data_dir, name)
