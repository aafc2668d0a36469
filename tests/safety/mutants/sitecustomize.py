"""Take one mechanism away from the shipped gateway: `EVALGATE_MUTANT` names which.

Python imports this file at its start when its directory is on PYTHONPATH, which
`tests.safety.mutation` sees to. A mutant patches one module as that is imported, and
says so on standard error. What it patches must be there, and be what it was:
otherwise the process ends, and the mutant cannot pass for one that was found.
"""

# ruff: noqa: ANN401, SLF001 -- it reaches into what it may not import

import asyncio
import os
import sys
from collections.abc import Callable, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from inspect import iscoroutinefunction, signature
from types import ModuleType
from typing import Any, Final

VARIABLE: Final = "EVALGATE_MUTANT"
EXIT_NO_SUCH_MUTANT: Final = 64
RECONNECT_S: Final = 0.005

Function = Callable[..., Any]


def shipped(owner: type, name: str, *parameters: str) -> Function:
    """The method `name` of `owner`, which takes exactly these parameters."""
    method: Function = vars(owner)[name]
    assert tuple(signature(method).parameters) == ("self", *parameters), name
    return method


def ack_before_append(module: ModuleType) -> None:
    """Acknowledge a block's messages before the block is written."""
    intake = module.Intake
    append = shipped(intake, "_append", "batch")
    acknowledge = shipped(intake, "_acknowledge", "batch")
    assert iscoroutinefunction(append)

    async def acknowledging(self: Any, batch: Any) -> Any:
        acknowledge(self, batch)
        return await append(self, batch)

    intake._append = acknowledging
    intake._acknowledge = _nothing


def auto_ack(module: ModuleType) -> None:
    """Acknowledge each message when it is received, as MQTT clients do by default."""
    intake = module.Intake
    receive = shipped(intake, "link_received", "epoch", "packets")
    shipped(intake, "_acknowledge", "batch")

    def acknowledging(self: Any, epoch: int, packets: Sequence[Any]) -> None:
        receive(self, epoch, packets)
        received = [p.packet_id for p in packets if p.packet_id is not None]
        self._link.acknowledge(epoch, received)
        if self._backlog is not None:
            self._backlog.acknowledged(len(received))

    intake.link_received = acknowledging
    intake._acknowledge = _nothing


def no_identity(module: ModuleType) -> None:
    """Take what comes again for another event: nobody asks whether it is known.

    It gets an id of its own, for what follows rests on ids that come once.
    """
    judging = module.Judging
    time = shipped(judging, "_time", "elements")

    def timing(self: Any, elements: Sequence[Any]) -> Any:
        find = self._state.store.identities.find
        for place, device, message, _ in elements:
            known = find(message.event_id, device.no)
            if known is not None and known.place != place:
                message.event_id = f"{message.event_id}.{place:x}"
        return time(self, elements)

    judging._time = timing


def ack_after_reconnect(module: ModuleType) -> None:
    """Acknowledge on the next connection what came on one that is over.

    Clients that keep their outgoing packets for after a reconnect do so.
    """
    link = module.MqttLink
    acknowledge = shipped(link, "acknowledge", "epoch", "packet_ids")
    assert isinstance(vars(link)["epoch"], property)

    def acknowledging(self: Any, epoch: int, packet_ids: Sequence[int]) -> Any:
        if self.epoch:
            return acknowledge(self, self.epoch, packet_ids)
        again = asyncio.get_running_loop().call_later
        again(RECONNECT_S, acknowledging, self, epoch, packet_ids)
        return True

    link.acknowledge = acknowledging


def _nothing(_self: Any, _batch: Any) -> None:
    """Stand where an acknowledgement was given."""


MUTANTS: Final[dict[str, tuple[str, Callable[[ModuleType], None]]]] = {
    "ack_before_append": ("gateway.ingress.intake", ack_before_append),
    "auto_ack": ("gateway.ingress.intake", auto_ack),
    "no_identity": ("gateway.processing.judging", no_identity),
    "ack_after_reconnect": ("gateway.mqtt.link", ack_after_reconnect),
}


class Patching(MetaPathFinder, Loader):
    """Finds one module as it would be found anyway, and patches it when loaded."""

    def __init__(self, module: str, patch: Callable[[ModuleType], None]) -> None:
        self._module = module
        self._patch = patch
        self._shipped: Loader | None = None

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        if fullname != self._module:
            return None
        sys.meta_path.remove(self)  # the others find it
        spec = find_spec(fullname)
        assert spec is not None, f"no module {fullname}"
        self._shipped, spec.loader = spec.loader, self
        return spec

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        assert self._shipped is not None
        return self._shipped.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        assert self._shipped is not None
        self._shipped.exec_module(module)
        self._patch(module)
        sys.stderr.write(f"mutant in force: {os.environ[VARIABLE]}\n")


def install(name: str) -> None:
    """Patch as soon as the module is imported; end the process if there is no such."""
    if name not in MUTANTS:
        sys.stderr.write(f"{VARIABLE}={name}: not one of {', '.join(MUTANTS)}\n")
        sys.exit(EXIT_NO_SUCH_MUTANT)  # anything less would not end it: site goes on
    sys.meta_path.insert(0, Patching(*MUTANTS[name]))


if VARIABLE in os.environ:
    install(os.environ[VARIABLE])
