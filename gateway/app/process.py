"""The role `process`, put together."""

import asyncio
from pathlib import Path

import structlog

from gateway.app.paths import Paths
from gateway.app.signals import Signals
from gateway.app.wanted import wanted
from gateway.clock import SystemClock
from gateway.errors import PermanentError
from gateway.ipc.submission import SubmissionClient
from gateway.journal.sqlite import SqliteJournalReader
from gateway.ledger.store import Store, connect
from gateway.processing.fold import Fold
from gateway.processing.role import ProcessOptions, ProcessRole
from gateway.processing.state import State
from gateway.sealing import open_keyring
from gateway.settings import Settings, SettingsError, load_settings

_log = structlog.get_logger(__name__)


async def run(settings: Settings, config: Path, signals: Signals) -> None:
    paths, clock = Paths(settings), SystemClock()
    keyring = open_keyring(paths.keyring)
    store = Store(connect(paths.ledger))
    reader = SqliteJournalReader.open(paths.journal, keyring)
    submitter = SubmissionClient(paths.submissions)
    role = ProcessRole(
        ProcessOptions(paths.run_dir),
        reader,
        Fold(State(store, keyring)),
        submitter,
        clock,
    )
    role.want(wanted(settings))
    try:
        async with asyncio.TaskGroup() as group:
            reloading = group.create_task(_reloading(config, signals, role))
            await role.run(signals.stop)
            reloading.cancel()
    finally:
        await submitter.close()
        reader.close()
        store.close()


async def _reloading(config: Path, signals: Signals, role: ProcessRole) -> None:
    """SIGHUP: validate first, keep the old on error."""
    while True:
        await signals.reload.wait()
        signals.reload.clear()
        try:
            role.want(wanted(load_settings(config)))
        except (SettingsError, PermanentError) as error:
            _log.error("reload_refused", detail=str(error))
