"""The files of a gateway, all below its data directory but the keyring."""

from copy import copy
from pathlib import Path
from typing import Self

from gateway.settings import Settings
from gateway.tokens import FILE_NAME as TOKENS
from gateway.users import FILE_NAME as USERS


class Paths:
    def __init__(self, settings: Settings) -> None:
        self.keyring: Path = settings.gateway.keyring_file
        self._lie_below(settings.gateway.data_dir)

    def below(self, directory: Path) -> Self:
        """The same files in another directory; the keyring stays where it is."""
        other = copy(self)
        other._lie_below(directory)  # noqa: SLF001 -- of its own class
        return other

    def _lie_below(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.run_dir = data_dir / "run"
        self.journal = data_dir / "journal.db"
        self.ledger = data_dir / "ledger.db"
        self.delivery = data_dir / "delivery.db"
        self.session_mark = data_dir / "session.mark"
        self.tokens = data_dir / TOKENS
        self.users = data_dir / USERS
        self.checkpoints = data_dir / "checkpoints"
        self.restoring = data_dir / "restoring"

    @property
    def submissions(self) -> Path:
        """The socket on which ingest takes records."""
        return self.run_dir / "ingest.sock"
