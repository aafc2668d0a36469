"""Disk space set aside, so that a full disk still allows an orderly stop."""

import os
from pathlib import Path
from typing import Final

RESERVE_BYTES: Final = 16 << 20


class Reserve:
    """A file of allocated, unused blocks beside the journal."""

    def __init__(self, path: Path, size_bytes: int) -> None:
        self._path = path
        self._size_bytes = size_bytes

    def hold(self) -> bool:
        """Set the space aside; False when there is none to spare."""
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
        try:
            descriptor = os.open(self._path, flags, 0o600)
            try:
                os.posix_fallocate(descriptor, 0, self._size_bytes)
            finally:
                os.close(descriptor)
        except OSError:
            self.free()
            return False
        return True

    def free(self) -> None:
        """Give the space back to whoever needs it now."""
        self._path.unlink(missing_ok=True)

    @property
    def held(self) -> bool:
        return self._path.exists()
