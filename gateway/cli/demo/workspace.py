"""The directory of a demo: fresh, locked while in use, removed afterwards."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_PREFIX: Final = "evalgate-demo-"
_LOCK: Final = "in-use"


@contextmanager
def workspace(*, keep: bool) -> Iterator[Path]:
    """A directory for everything; with `keep` it stays and belongs to the user."""
    _remove_abandoned()
    directory = Path(tempfile.mkdtemp(prefix=_PREFIX))
    lock = directory / _LOCK
    held = _locked(lock, os.O_CREAT)
    try:
        yield directory
    finally:
        if keep:
            lock.unlink(missing_ok=True)
        else:
            shutil.rmtree(directory, ignore_errors=True)
        if held is not None:
            os.close(held)


def _remove_abandoned() -> None:
    """Those whose demo was killed before it could clear up."""
    for directory in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        held = _locked(directory / _LOCK)
        if held is not None:
            shutil.rmtree(directory, ignore_errors=True)
            os.close(held)


def _locked(path: Path, create: int = 0) -> int | None:
    """The lock's descriptor; None when it is absent, held, or not ours."""
    try:
        fd = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW | create, 0o600)
    except OSError:
        return None
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(fd)
        return None
    return fd
