"""Reads of a SQLite store by those who do not own it: short, bounded, read-only."""

import queue
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, Protocol, TypeVar

import apsw

from gateway.queries.asking import QueryDeadlineError, StoreAbsentError

Answer = TypeVar("Answer")
Question = Callable[[apsw.Connection], Answer]

DEADLINE_MS: Final = 2000
CONNECTIONS: Final = 2
_STEPS_BETWEEN_LOOKS: Final = 2000
_CACHE_KIB: Final = 8 * 1024


class Reading(Protocol):
    """Where questions are answered."""

    def read(self, question: Question[Answer]) -> Answer:
        """The answer of `question`, which is given a connection."""


class Held:
    """Answers within the transaction that a connection is in, without a deadline."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection

    def read(self, question: Question[Answer]) -> Answer:
        return question(self._connection)


class Reader:
    """Answers questions, each in one read transaction, `connections` at a time.

    A question that takes longer than `deadline_ms`, its wait included, is broken off:
    a long read would keep the owner's write-ahead log from being reused.
    """

    def __init__(
        self,
        path: Path,
        deadline_ms: int = DEADLINE_MS,
        connections: int = CONNECTIONS,
    ) -> None:
        self._path = path
        self._deadline_s = deadline_ms / 1000
        self._slots: queue.Queue[_Slot] = queue.Queue(connections)
        for _ in range(connections):
            self._slots.put_nowait(_Slot(path))

    def read(self, question: Question[Answer]) -> Answer:
        """The answer of `question`, which is given a connection of its own.

        Raises QueryDeadlineError, or StoreAbsentError before the store was made.
        """
        deadline_s = time.monotonic() + self._deadline_s
        try:
            slot = self._slots.get(timeout=self._deadline_s)
        except queue.Empty:
            raise QueryDeadlineError("too many questions at once: ask later") from None
        try:
            return slot.answer(question, deadline_s)
        finally:
            self._slots.put_nowait(slot)

    def close(self) -> None:
        """Close the connections that are not in use."""
        while not self._slots.empty():
            self._slots.get_nowait().close()


class _Slot:
    """One connection, opened when first needed and when the file was replaced."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: apsw.Connection | None = None
        self._inode = 0

    def answer(self, question: Question[Answer], deadline_s: float) -> Answer:
        connection = self._current()
        connection.set_progress_handler(
            lambda: time.monotonic() > deadline_s, _STEPS_BETWEEN_LOOKS
        )
        try:
            connection.execute("BEGIN")
            return question(connection)
        except (apsw.InterruptError, apsw.BusyError):
            raise QueryDeadlineError("this takes too long: ask for less") from None
        finally:
            connection.set_progress_handler(None)
            if connection.in_transaction:
                connection.execute("ROLLBACK")

    def _current(self) -> apsw.Connection:
        try:
            inode = self._path.stat().st_ino
        except FileNotFoundError:
            raise StoreAbsentError(f"{self._path.name} does not exist yet") from None
        if self._connection is None or inode != self._inode:
            self.close()
            self._connection = _open(self._path)
            self._inode = inode
        return self._connection

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _open(path: Path) -> apsw.Connection:
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    connection.set_busy_timeout(DEADLINE_MS)
    connection.pragma("query_only", True)  # noqa: FBT003 -- the value of a pragma
    connection.pragma("cache_size", -_CACHE_KIB)
    if connection.pragma("user_version") == 0:
        connection.close()
        raise StoreAbsentError(f"{path.name} has no schema yet")
    return connection
