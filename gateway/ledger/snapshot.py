"""One state of the ledger, held for as long as somebody checks it: read-only."""

from pathlib import Path
from types import TracebackType
from typing import Final, Self

import apsw
import msgspec

from gateway.ledger import checkpoints
from gateway.ledger.books import COUNTERS
from gateway.ledger.checkpoints import Checkpoint
from gateway.ledger.store import BUSY_MS

BESIDE: Final = "beside"
"""The schema of a ledger that is attached to be compared."""


class _Started(msgspec.Struct):
    fold_version: int = 0  # a gateway that did not say it yet
    gateway_id: str = "evalgate"


class Snapshot:
    """The ledger in one read transaction, from entering the block to leaving it.

    The writer goes on meanwhile, but its log grows: leave it soon. Another ledger may
    lie `beside` it, attached under that name.
    """

    def __init__(self, path: Path, beside: Path | None = None) -> None:
        self._path = path
        self._beside = beside

    def __enter__(self) -> Self:
        flags = apsw.SQLITE_OPEN_READONLY
        self.connection = apsw.Connection(str(self._path), flags=flags)
        self.connection.set_busy_timeout(BUSY_MS)
        if self._beside is not None:
            self.connection.execute(f"ATTACH ? AS {BESIDE}", (str(self._beside),))
        self.connection.execute("BEGIN")
        rows = self.connection.execute("SELECT name, value FROM state")
        self.counters: dict[str, int] = dict.fromkeys(COUNTERS, 0) | dict(rows)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.connection.close()

    @property
    def block(self) -> int:
        """The last block folded."""
        return self.counters["block"]

    def checkpoint(self) -> Checkpoint | None:
        """The checkpoint in force."""
        return checkpoints.in_force(self.connection)

    def fold_version(self) -> int | None:
        """Of the gateway that started last; None before the first start."""
        return fold_version(self.setting("gateway"))

    def elements(self, fate: str, rule: str) -> int:
        """How many have this fate by this rule."""
        query = "SELECT elements FROM fate WHERE name = ? AND rule = ?"
        elements: int | None = self.connection.execute(query, (fate, rule)).get
        return elements or 0

    def setting(self, name: str) -> str | None:
        query = "SELECT value FROM setting WHERE name = ?"
        value: str | None = self.connection.execute(query, (name,)).get
        return value


def fold_version(gateway: str | None) -> int | None:
    """From the setting `gateway`, which keeps the last `gateway_started`."""
    if gateway is None:
        return None
    return msgspec.json.decode(gateway, type=_Started).fold_version


def gateway_of(gateway: str | None) -> str:
    """Its id, from the same setting."""
    return msgspec.json.decode(gateway or "{}", type=_Started).gateway_id
