"""Opens the journal to write, with all that the other stores know about it."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import apsw

from gateway.app.paths import Paths
from gateway.clock import Clock
from gateway.errors import PermanentError
from gateway.journal.opening import Known, Opened, open_journal
from gateway.ledger.checkpoints import Checkpoint, in_force, is_sound
from gateway.ledger.store import BUSY_MS
from gateway.sealing import Keyring

Answer = TypeVar("Answer")


def open_own_journal(paths: Paths, keyring: Keyring, clock: Clock) -> Opened:
    """Every header is checked, and the bodies since the checkpoint in force.

    Raises:
        PermanentError: a restore was cut short here.

    """
    if paths.restoring.exists() and not paths.journal.exists():
        raise PermanentError(
            f"{paths.data_dir}: a restore was cut short here: `evalgate restore` again"
        )
    checkpoint = checkpoint_in_force(paths.ledger)
    return open_journal(
        paths.journal,
        keyring,
        clock,
        known=known_to_ledger(paths.ledger),
        bodies_after=checkpoint.block if checkpoint else 0,
    )


class Covered:
    """Up to which block a checkpoint stands for the journal: digested once each."""

    def __init__(self, paths: Paths) -> None:
        self._paths = paths
        self._sound: Checkpoint | None = None

    def last_block(self) -> int:
        """0 when there is no checkpoint in force whose file is what was recorded."""
        known = checkpoint_in_force(self._paths.ledger)
        if known is None:
            return 0
        directory = self._paths.checkpoints
        trusted = known == self._sound and (directory / known.file).exists()
        if not trusted and not is_sound(known, directory):
            return 0
        self._sound = known
        return known.block


def known_to_ledger(ledger: Path) -> list[Known]:
    """What the ledger has seen: the journal never goes on below it."""
    state = asked(ledger, _state) or {}
    if "block" not in state:
        return []
    return [Known("ledger", state["block"], state["messages"])]


def checkpoint_in_force(ledger: Path) -> Checkpoint | None:
    """The last checkpoint whose record was folded."""
    return asked(ledger, in_force)


def _state(connection: apsw.Connection) -> dict[str, int]:
    return dict(connection.execute("SELECT name, value FROM state"))


def asked(ledger: Path, question: Callable[[apsw.Connection], Answer]) -> Answer | None:
    """What the ledger answers; None when there is none yet."""
    if not ledger.exists():
        return None
    connection = apsw.Connection(str(ledger), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        connection.set_busy_timeout(BUSY_MS)
        return question(connection)
    except apsw.SQLError:  # no schema yet: it was killed at its first start
        return None
    finally:
        connection.close()
