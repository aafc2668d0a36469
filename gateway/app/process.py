"""The role `process`, put together."""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import structlog

from gateway.app.aims import refuse_strangers
from gateway.app.paths import Paths
from gateway.app.signals import Signals
from gateway.app.wanted import calendar_days, wanted
from gateway.clock import Clock, SystemClock
from gateway.delivery.queries import SqliteDeliveryQueries
from gateway.errors import PermanentError
from gateway.ipc.submission import SubmissionClient
from gateway.journal.sqlite import SqliteJournalReader
from gateway.ledger.checkpoints import Checkpoints
from gateway.ledger.owed import Owed
from gateway.ledger.store import Store, connect
from gateway.ports import Submitter
from gateway.processing.fold import Fold
from gateway.processing.role import ProcessOptions, ProcessRole
from gateway.processing.state import State
from gateway.processing.upkeep.backups import Backups
from gateway.processing.upkeep.checkpointing import Checkpointing
from gateway.processing.upkeep.pruning import OutboxRetention, Settled
from gateway.processing.upkeep.publishing import Publishing
from gateway.processing.upkeep.standings import Standing, Standings
from gateway.queries import DeliveryQueries
from gateway.queries.rows import OwedEvents, SinkCursor
from gateway.reading import Reader
from gateway.sealing import open_keyring
from gateway.settings import Settings, SettingsError, load_settings

_log = structlog.get_logger(__name__)


async def run(settings: Settings, config: Path, signals: Signals) -> None:
    paths, clock = Paths(settings), SystemClock()
    keyring = open_keyring(paths.keyring)
    store = Store(connect(paths.ledger))
    reader = SqliteJournalReader.open(paths.journal, keyring)
    submitter = SubmissionClient(paths.submissions)
    state = State(store, keyring)
    checkpoints = Checkpoints(paths.ledger, paths.checkpoints)
    checkpointing = Checkpointing(checkpoints, state, reader, submitter, clock)
    deliveries, ledger = Reader(paths.delivery), Reader(paths.ledger)
    owed = Owed()
    backups = _backups(settings, state, submitter, clock)
    role = ProcessRole(
        ProcessOptions(paths.run_dir),
        reader,
        Fold(state),
        submitter,
        clock,
        checkpointing,
        OutboxRetention(
            state, partial(_settled, deliveries), settings.retention.journal_days
        ),
        Publishing(state, submitter, clock, partial(calendar_days, settings)),
        backups,
        Standings(
            partial(
                standings,
                SqliteDeliveryQueries(deliveries),
                lambda cursors: ledger.read(lambda c: owed.count(c, cursors)),
                clock,
            ),
            submitter,
            clock,
        ),
    )
    try:
        role.want(wanted(settings))
    except PermanentError as error:
        _log.error("settings_kept", detail=str(error))
    try:
        async with asyncio.TaskGroup() as group:
            reloading = group.create_task(_reloading(config, signals, role))
            await role.run(signals.stop)
            reloading.cancel()
    finally:
        checkpointing.close()
        if backups:
            backups.close()
        deliveries.close()
        ledger.close()
        await submitter.close()
        reader.close()
        store.close()


def _backups(
    settings: Settings, state: State, submitter: Submitter, clock: Clock
) -> Backups | None:
    wanted = settings.backup
    if wanted.directory is None:
        return None
    from gateway.app.backup import Backup  # noqa: PLC0415 -- 4 MB for who backs up

    making = Backup(settings, wanted.directory)
    every = wanted.every_hours
    return Backups(making.take, making.interrupt, every, state, submitter, clock)


def standings(
    deliveries: DeliveryQueries,
    owed_beyond: Callable[[Sequence[SinkCursor]], list[OwedEvents]],
    clock: Clock,
) -> list[Standing]:
    """Delivery is read before the ledger, so that owed is never less than zero."""
    sinks = deliveries.sinks()
    owed = owed_beyond([sink.cursor for sink in sinks])
    return [
        Standing(
            sink.name,
            sink.delivered,
            sink.dead + sink.expired,
            events.owed,
            max(0, clock.wall_ms() - events.oldest_ms) if events.oldest_ms else 0,
        )
        for sink, events in zip(sinks, owed, strict=True)
    ]


def _settled(deliveries: Reader) -> Settled:
    queries = SqliteDeliveryQueries(deliveries)
    # The controls first: the cursors, read later, can only be further on.
    controls_read = queries.controls_read()
    return Settled(controls_read, [sink.cursor for sink in queries.sinks()])


async def _reloading(config: Path, signals: Signals, role: ProcessRole) -> None:
    """SIGHUP: validate first, keep the old on error."""
    while True:
        await signals.reload.wait()
        signals.reload.clear()
        try:
            settings = load_settings(config)
            changed = wanted(settings)
            refuse_strangers(settings, changed.tables)
            role.want(changed)
        except (SettingsError, PermanentError) as error:
            _log.error("reload_refused", detail=str(error))
