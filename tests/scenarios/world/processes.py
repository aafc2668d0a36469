"""The shipped roles as processes of the world, put together as `app` does it."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Final

from device_protocol.mqtt_session import ConnectOptions
from gateway.app.journal import known_to_ledger
from gateway.delivery.lane import LaneLimits
from gateway.delivery.pace import PaceLimits
from gateway.delivery.role import run_deliver
from gateway.delivery.runner import Outlet
from gateway.delivery.store import DeliveryStore
from gateway.ingress.role import IngestOptions, run_ingest
from gateway.ipc.submission import SubmissionClient
from gateway.journal.opening import open_journal
from gateway.journal.sqlite import SqliteJournalReader
from gateway.ledger.outbox import SqliteOutbox
from gateway.ledger.store import Store, connect
from gateway.mqtt import link
from gateway.mqtt.options import LinkOptions, uplink_filters
from gateway.ports import Link, LinkListener, SinkSpec
from gateway.processing.applying import Wanted
from gateway.processing.fold import Fold
from gateway.processing.role import ProcessOptions, ProcessRole
from gateway.processing.state import State
from gateway.rules import Rules
from gateway.sealing import Keyring
from tests.scenarios.world.sinks import SimulatedSink

if TYPE_CHECKING:
    from tests.scenarios.world.world import World

KEYRING: Final = Keyring({1: bytes(32)})
ROOT: Final = "evaluators"
IDENTITY_PERIOD_MS: Final = 30 * 86_400_000
RECEIVE_MAX: Final = 20
WANTED: Final = Wanted(
    version="1",
    rules=Rules(unknown_devices="approve"),
    sinks=(
        SinkSpec("influx", "influxdb", ("rating.*",)),
        SinkSpec("backend", "backend", ("*",)),
        SinkSpec("receipts", "receipts", ("*",)),
    ),
)
_PACE: Final = PaceLimits(
    retry_ms_base=50, retry_ms_max=2_000, open_ms_min=200, slow_retry_ms=2_000
)

Stop = asyncio.Event
Role = Callable[["World", Stop], Coroutine[None, None, None]]


async def ingest(world: "World", stop: Stop) -> None:
    directory, clock = world.directory, world.clock
    known = list(known_to_ledger(directory / "ledger.db"))
    journal = open_journal(
        directory / "journal.db",
        KEYRING,
        clock,
        known=known,
        synchronised=lambda: True,
        reserve_bytes=4096,
    ).journal
    options = IngestOptions(
        run_dir=directory / "run",
        session_mark=directory / "session.mark",
        session_name="gateway",
        settings_digest=WANTED.digest(),
        receive_max=RECEIVE_MAX,
        buffered_bytes_max=20_000,
        block_records_max=world.dice.choice([3, 12, 100]),
        block_delay_ms_max=world.dice.choice([5, 20, 100]),
    )
    link_options = LinkOptions(
        host="broker",
        port=1883,
        connect=ConnectOptions(
            "gateway", session_expiry_s=604_800, receive_max=RECEIVE_MAX
        ),
        filters=uplink_filters(ROOT),
        retry_delay_ms_max=1_000,
        taken_over_delay_ms=1_500,
    )

    def make_link(listener: LinkListener) -> Link:
        return link.MqttLink(link_options, listener, clock, world.dice.random)

    try:
        await run_ingest(options, journal, make_link, stop, clock=clock)
    finally:
        journal.close()


async def process(world: "World", stop: Stop) -> None:
    directory = world.directory
    store = Store(connect(directory / "ledger.db"), IDENTITY_PERIOD_MS)
    reader = SqliteJournalReader.open(directory / "journal.db", KEYRING)
    submitter = SubmissionClient(directory / "run" / "ingest.sock")
    fold = Fold(State(store, KEYRING))
    options = ProcessOptions(directory / "run")
    role = ProcessRole(options, reader, fold, submitter, world.clock)
    role.want(WANTED)
    try:
        await role.run(stop)
    finally:
        await submitter.close()
        reader.close()
        store.close()


async def deliver(world: "World", stop: Stop) -> None:
    directory = world.directory
    store = DeliveryStore(directory / "delivery.db")
    outbox = SqliteOutbox(directory / "ledger.db", KEYRING)
    submitter = SubmissionClient(directory / "run" / "ingest.sock")
    limits = LaneLimits(
        units_max=world.dice.choice([1, 8, 100]), doubt_ms=500, pace=_PACE
    )
    outlets = [
        Outlet(server.name, SimulatedSink(server), limits) for server in world.servers
    ]
    try:
        await run_deliver(
            directory / "run",
            store,
            outbox,
            outlets,
            submitter=submitter,
            clock=world.clock,
            dice=world.dice.random,
            stop=stop,
        )
    finally:
        await submitter.close()
        outbox.close()
        store.close()


ROLES: Final[dict[str, Role]] = {
    "ingest": ingest,
    "process": process,
    "deliver": deliver,
}


def journal_reader(directory: Path) -> SqliteJournalReader:
    return SqliteJournalReader.open(directory / "journal.db", KEYRING)
