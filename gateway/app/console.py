"""The role `console`, put together."""

import asyncio
from pathlib import Path

from gateway.app.exposure import refuse_exposure
from gateway.app.paths import Paths
from gateway.app.signals import Signals
from gateway.clock import SystemClock
from gateway.console.app import Secrets, Stores, create_app
from gateway.console.front import Front
from gateway.console.role import run_console
from gateway.delivery.queries import SqliteDeliveryQueries
from gateway.ipc.submission import SubmissionClient
from gateway.journal.queries import SqliteJournalQueries, SqliteJournalRecords
from gateway.ledger.queries import SqliteLedgerQueries
from gateway.observability.health import Finding, readiness
from gateway.processing.explaining import LedgerExplanations
from gateway.reading import Reader
from gateway.sealing import open_keyring
from gateway.settings import Settings
from gateway.supervisor import Role
from gateway.tokens import Tokens
from gateway.users import Users


async def run(settings: Settings, _config: Path, signals: Signals) -> None:
    address = settings.console.address
    assert address is not None, "without an address there is no console to run"
    refuse_exposure(settings)
    paths, clock = Paths(settings), SystemClock()
    readers = [Reader(path) for path in (paths.journal, paths.ledger, paths.delivery)]
    journal, ledger, deliveries = readers
    secrets = Secrets(
        Tokens(paths.tokens), Users(paths.users), open_keyring(paths.keyring)
    )
    stores = Stores(
        SqliteLedgerQueries(ledger),
        SqliteDeliveryQueries(deliveries),
        SqliteJournalQueries(journal, paths.journal),
        SqliteJournalRecords(journal, secrets.keyring),
        LedgerExplanations(ledger),
    )
    submitter = SubmissionClient(paths.submissions)

    def ready() -> list[Finding]:
        return readiness(paths.run_dir, tuple(Role), clock.wall_ms())

    app = create_app(stores, submitter, clock, ready, paths.run_dir, secrets=secrets)
    front = Front(app, clock, settings.gateway.id)
    try:
        async with asyncio.TaskGroup() as group:
            beside = [
                group.create_task(front.run()),
                group.create_task(app.state.live.run(signals.stop)),
                group.create_task(app.state.token_log.run()),
            ]
            await run_console(front, address.host, address.port, signals.stop)
            for task in beside:
                task.cancel()
    finally:
        await submitter.close()
        for reader in readers:
            reader.close()
