"""The shipped roles, started as the program does it, in the world's surroundings."""

import random
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final
from unittest.mock import patch

from gateway import crashpoints
from gateway.app import deliver, ingest, links, process
from gateway.app.signals import Signals
from gateway.clock import Clock
from gateway.delivery import role as delivery_role
from gateway.delivery.lane import LaneLimits
from gateway.delivery.pace import PaceLimits
from gateway.delivery.runner import Outlet
from gateway.downlink.receipts import ReceiptsSink
from gateway.ingress import role as ingress_role
from gateway.ingress.writing import JournalWriter
from gateway.mqtt.options import LinkOptions
from gateway.ports import Answer, Receipt, Unit
from gateway.processing import role as processing_role
from gateway.processing.upkeep import checkpointing
from gateway.settings import Settings
from tests.scenarios.world.sinks import SimulatedSink

if TYPE_CHECKING:
    from tests.scenarios.world.world import World

CHECKPOINT_EVERY_MS: Final = 1_500
_PACE: Final = PaceLimits(
    retry_ms_base=50, retry_ms_max=2_000, open_ms_min=200, slow_retry_ms=2_000
)

Role = Callable[[Settings, Path, Signals], Coroutine[None, None, None]]

ROLES: Final[dict[str, Role]] = {
    "ingest": ingest.run,
    "process": process.run,
    "deliver": deliver.run,
}


def keyring_of(directory: Path) -> Path:
    """Beside the data, never in it."""
    return directory.parent / "keyring"


def settings(directory: Path, dice: random.Random) -> Settings:
    """As in a file; what bounds and delays there are, the dice choose anew."""
    tables = {
        "gateway": {
            "id": "world",
            "data_dir": str(directory),
            "keyring_file": str(keyring_of(directory)),
        },
        "broker": {
            "url": "mqtt://broker:1883",
            "client_id": "gateway",
            "reconnect_delay_s_max": 1,
        },
        "intake": {
            "receive_max": 20,
            "buffered_bytes_max": 1_048_576,
            "block_records_max": dice.choice([3, 12, 100]),
            "block_delay_ms_max": dice.choice([5, 20, 100]),
        },
        "fleet": {"unknown_devices": dice.choice(["approve", "hold"])},
        "influxdb": [
            {
                "name": "influx",
                "url": "http://influx:8086",
                "api": "v2",
                "org": "o",
                "bucket": "b",
                "token": "t",
            }
        ],
        "backend": [
            {
                "name": "backend",
                "url": "http://backend:9000/events",
                "secret": "whsec_" + "c2VjcmV0" * 4,
                "allow_private_addresses": True,
            }
        ],
        "console": {"listen": ""},
    }
    return Settings.model_validate(tables, context={"base": directory})


class _AuditedReceipts(ReceiptsSink):
    """The shipped sink; what it sends is looked at first."""

    def __init__(
        self, sent: Callable[[Receipt], None], root: str, clock: Clock
    ) -> None:
        super().__init__(root, clock)
        self._sent = sent

    async def send(self, units: Sequence[Unit]) -> Answer:
        for unit in units:
            assert isinstance(unit, Receipt)
            self._sent(unit)
        return await super().send(units)


def _outlets(world: "World") -> Iterator[Outlet]:
    limits = LaneLimits(
        units_max=world.dice.choice([1, 8, 100]), doubt_ms=500, pace=_PACE
    )
    for server in world.servers:
        yield Outlet(server.name, SimulatedSink(server), limits)


@contextmanager
def surroundings(world: "World") -> Iterator[None]:
    """Clock, dice, transport, disk and death of the roles are the world's."""
    dice, patched = world.dice, patch.object
    with ExitStack() as stack:
        enter = stack.enter_context
        for module in (ingest, process, deliver):
            enter(patched(module, "SystemClock", lambda: world.clock))
        enter(patched(random, "random", dice.random))
        enter(patched(deliver, "_outlets", lambda *_: _outlets(world)))
        receipts = partial(_AuditedReceipts, world.audit.receipt_sent)
        enter(patched(deliver, "ReceiptsSink", receipts))
        options = partial(LinkOptions, taken_over_delay_ms=1_500)
        enter(patched(links, "LinkOptions", options))
        writer = partial(JournalWriter, exit_process=world.die_here)
        enter(patched(ingress_role, "JournalWriter", writer))
        enter(patched(checkpointing, "DAY_MS", CHECKPOINT_EVERY_MS))
        enter(patched(checkpointing, "_LOOK_EVERY_S", 0.5))
        enter(patched(crashpoints, "_remaining", world.armed))
        enter(patched(crashpoints, "_die", world.die_here))
        for role in (ingress_role, processing_role, delivery_role):
            enter(patched(role, "write_figures"))
        yield
