"""The files of a gateway, all below its data directory but the keyring."""

from pathlib import Path

from gateway.settings import Settings
from gateway.tokens import FILE_NAME as TOKENS


class Paths:
    def __init__(self, settings: Settings) -> None:
        data_dir = settings.gateway.data_dir
        self.data_dir: Path = data_dir
        self.run_dir = data_dir / "run"
        self.journal = data_dir / "journal.db"
        self.ledger = data_dir / "ledger.db"
        self.delivery = data_dir / "delivery.db"
        self.session_mark = data_dir / "session.mark"
        self.tokens = data_dir / TOKENS
        self.checkpoints = data_dir / "checkpoints"
        self.keyring: Path = settings.gateway.keyring_file

    @property
    def submissions(self) -> Path:
        """The socket on which ingest takes records."""
        return self.run_dir / "ingest.sock"
