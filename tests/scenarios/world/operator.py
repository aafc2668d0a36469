"""An operator who approves, voids and replays, whatever happens meanwhile."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gateway.acts import (
    Act,
    ActName,
    DeadLettersAct,
    DeviceAct,
    QuarantineAct,
    RatingVoidAct,
    SinkAct,
)
from gateway.app.paths import Paths
from gateway.app.signals import Signals
from gateway.errors import TransientError
from gateway.ipc.submission import SubmissionClient
from gateway.ports import Record, RecordKind
from gateway.settings import Settings

if TYPE_CHECKING:
    from tests.scenarios.world.world import World

AUTHOR: Final = "operator"
TRIES_MAX: Final = 6
PAUSE_MS_MAX: Final = 700


class Operator:
    """A process of its own; an act that may have been lost is submitted again."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._acts = 0

    async def run(self, settings: Settings, _config: Path, signals: Signals) -> None:
        client = SubmissionClient(Paths(settings).submissions)
        try:
            while not signals.stop.is_set():
                pause_ms = self._world.dice.randint(1, PAUSE_MS_MAX)
                await asyncio.sleep(pause_ms / 1000)
                wish = self._wish()
                if wish is not None:
                    await self._submit(client, *wish)
        finally:
            await client.close()

    def _wish(self) -> tuple[ActName, Act] | None:
        """What to do next; when trouble has ended, only what others wait for."""
        dice, key = self._world.dice, self._key()
        pending = self._world.audit.pending_devices()
        if pending and (not self._world.troubled or dice.random() < 1 / 3):
            device_id = dice.choice(pending)
            act = DeviceAct(author=AUTHOR, idempotency_key=key, device_id=device_id)
            return ActName.DEVICE_APPROVED, act
        return self._whim(key) if self._world.troubled else None

    def _whim(self, key: str) -> tuple[ActName, Act]:
        dice = self._world.dice
        sink = dice.choice(self._world.servers).name
        presses = [one for it in self._world.terminals for one in it.presses]
        rating_id = dice.choice(presses).rating_id if presses else "d0:none"
        wishes: list[tuple[ActName, Act]] = [
            (
                ActName.RATING_VOIDED,
                RatingVoidAct(
                    author=AUTHOR,
                    idempotency_key=key,
                    rating_id=rating_id,
                    reason="a test of the key",
                ),
            ),
            (
                ActName.DEADLETTERS_REPLAYED,
                DeadLettersAct(author=AUTHOR, idempotency_key=key, sink=sink),
            ),
            (
                ActName.QUARANTINE_REPLAYED,
                QuarantineAct(author=AUTHOR, idempotency_key=key),
            ),
            (
                ActName.SINK_ENABLED,
                SinkAct(author=AUTHOR, idempotency_key=key, sink=sink),
            ),
        ]
        return dice.choice(wishes)

    def _key(self) -> str:
        self._acts += 1
        return f"act-{self._acts}"

    async def _submit(self, client: SubmissionClient, name: ActName, act: Act) -> None:
        now_ms = self._world.clock.wall_ms()
        record = Record(RecordKind.ACT.value, name.value, act.payload(), now_ms)
        for _ in range(TRIES_MAX):
            try:
                await client.submit([record])
            except TransientError:
                continue  # nothing is known: the key makes a repeat harmless
            self._world.facts[f"act {name.value}"] += 1
            return
