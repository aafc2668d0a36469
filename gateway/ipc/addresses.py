"""Addresses of Unix sockets, whatever the length of the data directory's path."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

ADDRESS_BYTES_MAX: Final = 107  # sockaddr_un.sun_path, without its final zero


@contextmanager
def address(path: Path) -> Iterator[str]:
    """What to bind or connect to for `path`; valid inside the block.

    A path too long for a socket is reached through a descriptor of its directory.

    Raises:
        FileNotFoundError: the directory of a long path does not exist.

    """
    if len(os.fsencode(path)) <= ADDRESS_BYTES_MAX:
        yield str(path)
        return
    directory = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{directory}/{path.name}"
    finally:
        os.close(directory)
