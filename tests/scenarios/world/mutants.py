"""The gateway with one safeguard taken away: a world must notice each."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Final
from unittest.mock import patch

from gateway.app import ingest
from gateway.delivery import dispatcher
from gateway.delivery.lane import Request
from gateway.delivery.runner import Runner
from gateway.ingress import role
from gateway.ingress.intake import Intake
from gateway.ingress.receiver import Batch
from gateway.journal import sqlite
from gateway.ledger import store
from gateway.ledger.identities import Claim, Holder, Identities
from gateway.mqtt.link import MqttLink
from gateway.ports import Answer, Receipt, Verdict
from gateway.processing.memory.emission import Emission
from tests.scenarios.world.world import World

Mutant = Callable[[World], AbstractContextManager[object]]


class _HastyIntake(Intake):
    """Acknowledges before it appends."""

    async def _append(self, batch: Batch) -> bool:
        self._acknowledge(batch)
        batch.acknowledgements.clear()
        return await super()._append(batch)


class _ForgetfulLink(MqttLink):
    """Acknowledges packet ids of an earlier connection on the present one."""

    def acknowledge(self, epoch: int, packet_ids: Sequence[int]) -> bool:
        return super().acknowledge(self.epoch, packet_ids)


class _HopefulRunner(Runner):
    """Moves the cursor before the sink has answered."""

    async def _send(self, request: Request) -> None:
        hoped = Answer(Verdict.DELIVERED, len(request.units))
        units = list(request.units)
        self._lane.answered(request, hoped, self._around.clock.monotonic_ms())
        self.pump()
        await self._sink.send(units)


class _NoIdentities(Identities):
    """Takes every event for a new one."""

    def claim(self, claims: Sequence[Claim]) -> dict[int, Holder]:
        super().claim(claims)
        return {}


def _receipts_before_commit(world: World) -> AbstractContextManager[object]:
    """Tell terminals while the block is being folded."""
    keep = Emission.keep

    def hasten(self: Emission, device_id: str, event_id: str) -> None:
        keep(self, device_id, event_id)
        world.audit.receipt_sent(Receipt(device_id, [event_id], []))

    return patch.object(Emission, "keep", hasten)


def unchanged(_world: World) -> AbstractContextManager[object]:
    """The gateway as it is shipped."""
    return nullcontext()


MUTANTS: Final[dict[str, Mutant]] = {
    "acknowledge_before_append": lambda _: patch.object(role, "Intake", _HastyIntake),
    "acknowledge_old_packet_ids": lambda _: patch.object(
        ingest, "MqttLink", _ForgetfulLink
    ),
    "cursor_before_answer": lambda _: patch.object(
        dispatcher, "Runner", _HopefulRunner
    ),
    "no_identity": lambda _: patch.object(store, "Identities", _NoIdentities),
    "receipts_before_commit": _receipts_before_commit,
    "synchronous_normal": lambda _: patch.object(sqlite, "SYNCHRONOUS", "NORMAL"),
}
