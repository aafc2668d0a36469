"""The lifecycle of a device (fleet health, "Registry")."""

from enum import StrEnum
from typing import Final

from fleet.canary import is_ghost


class Lifecycle(StrEnum):
    PENDING = "pending"
    ACTIVE = "active"
    MAINTENANCE = "maintenance"
    RETIRED = "retired"
    REFUSED = "refused"


ACCEPTING: Final = frozenset({Lifecycle.ACTIVE.value, Lifecycle.MAINTENANCE.value})

_MOVES: Final = {
    Lifecycle.ACTIVE: {
        Lifecycle.PENDING,
        Lifecycle.REFUSED,
        Lifecycle.MAINTENANCE,
        Lifecycle.ACTIVE,
    },
    Lifecycle.MAINTENANCE: {Lifecycle.ACTIVE, Lifecycle.MAINTENANCE},
    Lifecycle.RETIRED: {Lifecycle.ACTIVE, Lifecycle.MAINTENANCE, Lifecycle.RETIRED},
    Lifecycle.REFUSED: {Lifecycle.PENDING, Lifecycle.REFUSED},
    Lifecycle.PENDING: set[Lifecycle](),
}


def may_become(now: Lifecycle, wanted: Lifecycle) -> bool:
    """Whether an operator may move a device from `now` to `wanted`."""
    return now in _MOVES[wanted]


def is_reserved(device_id: str) -> bool:
    """Whether the id is one of elements over HTTP or of a ghost, never a terminal's."""
    return device_id.startswith("http-") or is_ghost(device_id)


def out_of_service(device_id: str, lifecycle: str) -> str | None:
    """Why nothing can be asked of a device, and what to do; None: it can."""
    if is_reserved(device_id):
        return f"{device_id} is no terminal"
    if lifecycle == Lifecycle.RETIRED:
        return f"{device_id} is retired: take the terminal in its place"
    if lifecycle not in ACCEPTING:
        return f"{device_id} is {lifecycle}: approve it first"
    return None
