"""What operators and business systems ask for: lifecycles, quarantine, sinks."""

from collections.abc import Mapping
from typing import Any, Final

from fleet.registry import Lifecycle, may_become
from gateway.acts import (
    Act,
    DeadLettersAct,
    DeviceAct,
    QuarantineAct,
    RangeAct,
    SinkAct,
)
from gateway.ledger.queues import Kept
from gateway.ports import Control
from gateway.processing.acts.acting import (
    ActError,
    Context,
    Handling,
    Outcome,
    handling,
)
from gateway.processing.acts.registering import move
from gateway.processing.fleet.health import move_in

ITEMS_MAX: Final = 100_000
"""Quarantine items that one act replays or purges: it folds in one transaction."""


def _device_moved(wanted: Lifecycle) -> Handling[DeviceAct]:
    def moved(context: Context, act: DeviceAct) -> Outcome:
        device = context.state.by_id.get(act.device_id)
        if device is None:
            raise ActError("not_found", f"no device {act.device_id!r}")
        now = Lifecycle(device.lifecycle)
        if not may_become(now, wanted):
            detail = f"a device that is {now} cannot become {wanted}"
            raise ActError("conflict", detail)
        stood = device.site, device.window
        device.site = device.site if act.site is None else act.site
        device.window = device.window if act.window is None else act.window
        if (device.site, device.window) != stood:
            move_in(context.state, device)
        context.state.place_device(device)
        move(context, device, wanted)
        return {"device_id": device.device_id, "lifecycle": device.lifecycle}

    return handling(DeviceAct, moved)


def _items(context: Context, act: QuarantineAct) -> list[Kept]:
    """The items meant, in the order in which they came, each once."""
    queues = context.state.queues
    if act.ids is None:
        return queues.quarantined(act.reason, ITEMS_MAX)
    return queues.kept(sorted(set(act.ids))[:ITEMS_MAX])


def _quarantine_replayed(context: Context, act: QuarantineAct) -> Outcome:
    items = [item for item in _items(context, act) if item.state == "quarantined"]
    context.readmitting.replay(items)
    return {"replayed": len(items)}


def _quarantine_purged(context: Context, act: QuarantineAct) -> Outcome:
    waiting = {"quarantined", "held"}
    purged = [item.id for item in _items(context, act) if item.state in waiting]
    context.state.queues.purge(purged)
    return {"purged": len(purged)}


def _passed_on(name: str, shape: type[Act]) -> Handling[Act]:
    """An act for the dispatcher, which knows what it means."""

    def pass_on(context: Context, act: Act) -> Outcome:
        context.state.emission.controls.append(Control(name, act.payload()))
        return {"passed_on": True}

    return handling(shape, pass_on)


HANDLERS: Final[Mapping[str, Handling[Any]]] = {
    "device_approved": _device_moved(Lifecycle.ACTIVE),
    "device_refused": _device_moved(Lifecycle.REFUSED),
    "device_retired": _device_moved(Lifecycle.RETIRED),
    "device_maintenance": _device_moved(Lifecycle.MAINTENANCE),
    "quarantine_replayed": handling(QuarantineAct, _quarantine_replayed),
    "quarantine_purged": handling(QuarantineAct, _quarantine_purged),
    "deadletters_replayed": _passed_on("deadletters_replayed", DeadLettersAct),
    "deadletters_purged": _passed_on("deadletters_purged", DeadLettersAct),
    "sink_enabled": _passed_on("sink_enabled", SinkAct),
    "range_replayed": _passed_on("range_replayed", RangeAct),
}
