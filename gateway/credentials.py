"""A file of credentials that only we may read: digests, never what they are made of.

Console and command line both use it: one writes at a time, and a reader sees a change
at its next look.
"""

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

from gateway.durable import sync_directory
from gateway.errors import PermanentError

T = TypeVar("T")


class CredentialsFile(Generic[T]):
    """The JSON file at `path`, which holds one `kind`; `what` names its content."""

    def __init__(self, path: Path, kind: type[T], what: str) -> None:
        self._path = path
        self._kind = kind
        self._what = what
        self._seen: tuple[int, int, int] | None = None
        self._content: T | None = None

    def read(self) -> T | None:
        """Its content; None while there is no file.

        The same object as long as the file is the same. Raises PermanentError when it
        is broken, or others may read it.
        """
        try:
            stat = self._path.stat()
        except FileNotFoundError:
            self._seen, self._content = None, None
            return None
        mark = (stat.st_ino, stat.st_mtime_ns, stat.st_size)
        if mark != self._seen:
            self._content = self._load(stat.st_mode)
            self._seen = mark
        return self._content

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Write alone; who waits does so for one small file."""
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
        descriptor = os.open(self._path.with_suffix(".lock"), flags, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def write(self, content: T) -> None:
        """Put it in the place of the old one, whole and durable; only while locked."""
        text = msgspec.json.format(msgspec.json.encode(content), indent=1)
        directory = self._path.parent
        prefix = f".{self._path.stem}."
        descriptor, name = tempfile.mkstemp(prefix=prefix, dir=directory)
        with os.fdopen(descriptor, "wb") as file:  # mkstemp: for our eyes only
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(self._path)
        sync_directory(directory)

    def _load(self, mode: int) -> T:
        path = self._path
        if mode & 0o077:
            raise PermanentError(
                f"{path}: others may read the {self._what}: chmod 600 it"
            )
        try:
            return msgspec.json.decode(path.read_bytes(), type=self._kind)
        except OSError as error:
            raise PermanentError(f"{path}: cannot be read: {error.strerror}") from error
        except msgspec.MsgspecError as error:
            raise PermanentError(f"{path}: no {self._what}: {error}") from error
