"""The role `ingest`, put together."""

import random
from pathlib import Path

import structlog

from gateway.app.journal import Covered, open_own_journal
from gateway.app.links import link_options
from gateway.app.paths import Paths
from gateway.app.redacting import Redactor
from gateway.app.signals import Signals
from gateway.app.wanted import wanted
from gateway.clock import SystemClock
from gateway.errors import PermanentError
from gateway.ingress.role import IngestOptions, run_ingest
from gateway.ingress.upkeep import Upkeep
from gateway.journal.rechecking import EndlessCheck
from gateway.mqtt.link import MqttLink
from gateway.ports import Link, LinkListener
from gateway.sealing import open_keyring
from gateway.settings import Settings

_log = structlog.get_logger(__name__)


def _digest(settings: Settings) -> str:
    """Of the settings; of nothing that was ever applied when a table is broken."""
    try:
        return wanted(settings).digest()
    except PermanentError as error:
        _log.error("settings_kept", detail=str(error))
        return "none"


async def run(settings: Settings, _config: Path, signals: Signals) -> None:
    paths, clock = Paths(settings), SystemClock()
    keyring = open_keyring(paths.keyring)
    opened = open_own_journal(paths, keyring, clock)
    options = IngestOptions(
        run_dir=paths.run_dir,
        session_mark=paths.session_mark,
        session_name=f"{settings.broker.client_id}@{settings.broker.url}",
        settings_digest=_digest(settings),
        receive_max=settings.intake.receive_max,
        buffered_bytes_max=settings.intake.buffered_bytes_max,
        block_records_max=settings.intake.block_records_max,
        block_delay_ms_max=settings.intake.block_delay_ms_max,
    )
    broker = settings.broker
    link = link_options(broker, broker.uplink, settings.intake.receive_max, uplink=True)

    def make_link(listener: LinkListener) -> Link:
        return MqttLink(link, listener, clock, random.random)

    check = EndlessCheck(paths.journal)
    redactor = Redactor(paths, opened.journal)
    try:
        await run_ingest(
            options,
            opened.journal,
            make_link,
            signals.stop,
            clock=clock,
            free_reserve=opened.journal.free_reserve,
            upkeep=Upkeep(
                Covered(paths).last_block,
                opened.journal.prune,
                check,
                settings.retention.journal_days,
                redactor.step,
                lambda: redactor.done,
            ),
        )
    finally:
        check.close()
        opened.journal.close()
