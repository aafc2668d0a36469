"""The role `console`, put together."""

import asyncio
import sys
from pathlib import Path

import structlog

from gateway.app.exposure import refuse_exposure
from gateway.app.paths import Paths
from gateway.app.signals import Signals
from gateway.clock import Clock, SystemClock
from gateway.console.app import Secrets, Stores, create_app
from gateway.console.front import Front
from gateway.console.role import run_console
from gateway.console.upkeep import Checks, Configuration, Upkeep
from gateway.delivery.queries import SqliteDeliveryQueries
from gateway.ipc.submission import SubmissionClient
from gateway.journal.queries import SqliteJournalQueries, SqliteJournalRecords
from gateway.ledger.queries import SqliteLedgerQueries
from gateway.observability.health import Finding, readiness
from gateway.processing.ratings.explaining import LedgerExplanations
from gateway.reading import Reader
from gateway.sealing import open_keyring
from gateway.settings import Settings, SettingsError, load_settings
from gateway.settings.shown import shown
from gateway.supervisor import Role
from gateway.tokens import Tokens
from gateway.users import Users

_log = structlog.get_logger("console")


async def run(settings: Settings, config: Path, signals: Signals) -> None:
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

    known = _Known(settings, config, clock)
    upkeep = Upkeep(lambda: known.configuration, Checks(_verifying(config), clock))
    app = create_app(
        stores, submitter, clock, ready, paths.run_dir, secrets=secrets, upkeep=upkeep
    )
    front = Front(app, clock, settings.gateway.id)
    try:
        async with asyncio.TaskGroup() as group:
            beside = [
                group.create_task(front.run()),
                group.create_task(app.state.live.run(signals.stop)),
                group.create_task(app.state.token_log.run()),
                group.create_task(upkeep.checks.run()),
                group.create_task(known.follow(signals.reload)),
            ]
            if settings.canary.every_s:
                beside.append(group.create_task(_pressing(settings, stores, clock)))
            await run_console(front, address.host, address.port, signals.stop)
            for task in beside:
                task.cancel()
    finally:
        await submitter.close()
        for reader in readers:
            reader.close()


def _verifying(config: Path) -> list[str]:
    """What checks the data, and tells of it line by line."""
    command = [sys.executable, "-m", "gateway.cli", "verify", "--lines"]
    return [*command, "--config", str(config)]


class _Known:
    """The settings that were read last and can be used."""

    def __init__(self, settings: Settings, config: Path, clock: Clock) -> None:
        self._config = config
        self._clock = clock
        self.configuration = Configuration(clock.wall_ms(), shown(settings))

    async def follow(self, reload: asyncio.Event) -> None:
        """Read them again at SIGHUP, until cancelled; broken ones are left alone."""
        while True:
            await reload.wait()
            reload.clear()
            try:
                settings = await asyncio.to_thread(load_settings, self._config)
            except SettingsError as error:
                _log.error("reload_refused", detail=str(error))
                continue
            self.configuration = Configuration(self._clock.wall_ms(), shown(settings))


async def _pressing(settings: Settings, stores: Stores, clock: SystemClock) -> None:
    """Ghosts press here: what goes wrong with them costs pages, never the intake."""
    from gateway.app.canary import presser  # noqa: PLC0415 -- 3 MB for who needs it

    await presser(settings, stores.ledger, clock).run()
