"""The API's OpenAPI document, without a gateway that runs."""

from pathlib import Path
from typing import Any, Final

from gateway.clock import SystemClock
from gateway.console.app import Secrets, Stores, create_app
from gateway.console.upkeep import Checks, Configuration, Upkeep
from gateway.delivery.queries import SqliteDeliveryQueries
from gateway.ipc.submission import SubmissionClient
from gateway.journal.queries import SqliteJournalQueries, SqliteJournalRecords
from gateway.ledger.queries import SqliteLedgerQueries
from gateway.processing.ratings.explaining import LedgerExplanations
from gateway.reading import Reader
from gateway.sealing import Keyring
from gateway.tokens import Tokens
from gateway.users import Users

_NOWHERE: Final = Path("nowhere")
_NO_KEY: Final = bytes(32)


def openapi() -> dict[str, Any]:
    """The document of this version; no file is opened, nothing is asked."""
    reader = Reader(_NOWHERE)
    keyring = Keyring({0: _NO_KEY})
    stores = Stores(
        SqliteLedgerQueries(reader),
        SqliteDeliveryQueries(reader),
        SqliteJournalQueries(reader, _NOWHERE),
        SqliteJournalRecords(reader, keyring),
        LedgerExplanations(reader),
    )
    secrets = Secrets(Tokens(_NOWHERE), Users(_NOWHERE), keyring)
    submitter = SubmissionClient(_NOWHERE)
    clock = SystemClock()
    upkeep = Upkeep(lambda: Configuration(0, {}), Checks((), clock))
    app = create_app(
        stores, submitter, clock, list, _NOWHERE, secrets=secrets, upkeep=upkeep
    )
    return app.openapi()
