"""The high-water mark: a second file that knows how far the journal reached.

It may lag behind the journal and never leads it, so a journal that ends before its
mark has lost blocks. Two slots are written in turn; a torn write spoils one of them.
"""

import errno
import os
import struct
import zlib
from pathlib import Path
from typing import Final, NamedTuple

from gateway.ports import Header

INTERVAL_MS: Final = 1_000
SLOT_BYTES: Final = 512  # no disk tears a sector
_BODY: Final = struct.Struct(">8sQQQ32s")
_SUM: Final = struct.Struct(">I")
_MAGIC: Final = b"evgmark1"
_NO_SPACE: Final = frozenset({errno.ENOSPC, errno.EDQUOT})


class Mark(NamedTuple):
    """A block that was durable; `received` counts messages up to and with it."""

    number: int
    generation: int
    received: int
    chain: bytes


class HighWaterMark:
    """The mark's file, held open by the journal's one writer."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._slot = 0
        self._written: int | None = None
        self._written_ms: int | None = None

    @classmethod
    def open(cls, path: Path) -> "HighWaterMark":
        return cls(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))

    def read(self) -> Mark | None:
        """The furthest whole slot; None when the file is new or wholly spoilt."""
        content = os.pread(self._descriptor, 2 * SLOT_BYTES, 0)
        best = _furthest(content)
        first = best is not None and best == _parsed(content[:SLOT_BYTES])
        self._slot = 1 if first else 0
        return best

    def is_spoilt(self) -> bool:
        """Whether something stands in the file, but no mark."""
        return os.fstat(self._descriptor).st_size > 0 and self.read() is None

    def advance(self, header: Header, monotonic_ms: int) -> None:
        """Follow the journal, at most once a second."""
        last_ms = self._written_ms
        if last_ms is None or monotonic_ms - last_ms >= INTERVAL_MS:
            self._written_ms = monotonic_ms
            self.write(header)

    def write(self, header: Header) -> None:
        """Write and sync; on a full disk the mark lags, as it may.

        Raises:
            OSError: the disk failed.

        """
        if header.number == self._written:
            return
        received = header.first_message + header.messages
        mark = (header.number, header.generation, received, header.chain)
        body = _BODY.pack(_MAGIC, *mark)
        slot = (body + _SUM.pack(zlib.crc32(body))).ljust(SLOT_BYTES, b"\0")
        try:
            os.pwrite(self._descriptor, slot, self._slot * SLOT_BYTES)
            os.fdatasync(self._descriptor)
        except OSError as error:
            if error.errno not in _NO_SPACE:
                raise
            return
        self._slot = 1 - self._slot
        self._written = header.number

    def close(self) -> None:
        os.close(self._descriptor)


def read_mark(path: Path) -> Mark | None:
    """The mark of a journal that somebody else may be writing; None without a file.

    Raises:
        ValueError: something stands in the file, but no mark.

    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    mark = _furthest(content)
    if content and mark is None:
        raise ValueError("no whole mark")
    return mark


def _furthest(content: bytes) -> Mark | None:
    slots = [_parsed(content[at : at + SLOT_BYTES]) for at in (0, SLOT_BYTES)]
    return max((mark for mark in slots if mark), default=None)


def _parsed(slot: bytes) -> Mark | None:
    body = slot[: _BODY.size]
    checksum = slot[_BODY.size : _BODY.size + _SUM.size]
    if len(checksum) < _SUM.size or _SUM.pack(zlib.crc32(body)) != checksum:
        return None
    magic, *mark = _BODY.unpack(body)
    return Mark(*mark) if magic == _MAGIC else None
